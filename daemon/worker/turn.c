#include "worker/turn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int turn_wait(int control, enum worker_exit *exit, struct err *err)
{
	static const char prepared = WORKER_PREPARED;
	struct pollfd p = { .fd = control, .events = POLLIN };
	char byte = 0;
	ssize_t n;

	if (send(control, &prepared, 1, MSG_NOSIGNAL) != 1)
		return err_set(err, -errno, "cannot tell the supervisor: %s", strerror(errno));
	do {
		(void)poll(&p, 1, -1);
		n = recv(control, &byte, 1, MSG_DONTWAIT);
	} while (n < 0 && (errno == EAGAIN || errno == EINTR));
	if (n == 1 && byte == WORKER_GO)
		return 0;
	*exit = n == 1 ? WORKER_EXIT_OK : WORKER_EXIT_ORPHAN;
	return -ECANCELED;
}

void turn_failed(int control, const char *stage, const struct err *err)
{
	char text[sizeof err->text + 40];
	int n = snprintf(text, sizeof text, "%c%s: %s", WORKER_FAILED, stage, err->text);

	(void)!send(control, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
}
