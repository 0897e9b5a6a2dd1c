#include "supervisor/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <time.h>

int notify_ready(const char *status)
{
	return sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

/* The time is for Type=notify-reload, which compares it. */
int notify_reloading(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=reading the site file",
			  (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000);
}

int notify_status(const char *status)
{
	return sd_notifyf(0, "STATUS=%s", status);
}

int notify_stopping(void)
{
	return sd_notify(0, "STOPPING=1\nSTATUS=answering the last requests");
}

uint64_t notify_watchdog_ms(void)
{
	uint64_t us;

	return sd_watchdog_enabled(0, &us) > 0 ? us / 1000 : 0;
}

int notify_alive(void)
{
	return sd_notify(0, "WATCHDOG=1");
}

/* It is to be kept even if nobody is at the other end. */
int notify_keep(const char *name, int fd)
{
	char text[120];

	snprintf(text, sizeof text, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	return sd_pid_notify_with_fds(0, 0, text, &fd, 1);
}

int notify_drop(const char *name)
{
	return sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}

void notify_forget(void)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}
