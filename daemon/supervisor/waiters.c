#include "supervisor/waiters.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

void waiters_init(struct waiters *w)
{
	for (unsigned i = 0; i < WAITERS; i++)
		w->fd[i] = -1;
}

int waiters_add(struct waiters *w)
{
	unsigned i = 0;
	int pair[2];

	while (i < WAITERS && w->fd[i] >= 0)
		i++;
	if (i == WAITERS)
		return -EBUSY;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	w->fd[i] = pair[1];
	return pair[0];
}

void waiters_tell(struct waiters *w, bool fine, const char *text)
{
	char message[WAITERS_TEXT + 1];
	int n = snprintf(message, sizeof message, "%c%s", fine ? '1' : '0', text);

	for (unsigned i = 0; i < WAITERS; i++) {
		if (w->fd[i] < 0)
			continue;
		(void)!send(w->fd[i], message, (size_t)n < sizeof message ? (size_t)n :
			    sizeof message - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(w->fd[i]);
		w->fd[i] = -1;
	}
}

void waiters_move(struct waiters *to, struct waiters *from)
{
	*to = *from;
	waiters_init(from);
}
