#include "supervisor/notify.h"

#include <stdlib.h>
#include <systemd/sd-daemon.h>

int notify_ready(unsigned workers, unsigned slots, size_t resources)
{
	return sd_notifyf(0, "READY=1\nSTATUS=%u workers, %u slots, %zu resources",
			  workers, slots, resources);
}

int notify_stopping(void)
{
	return sd_notify(0, "STOPPING=1\nSTATUS=answering the last requests");
}

void notify_forget(void)
{
	unsetenv("NOTIFY_SOCKET");
}
