#include "client/readable.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

int readable_open(struct err *err)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	return fd < 0 ? err_set(err, -errno, "cannot watch sockets: %s", strerror(errno)) : fd;
}

int readable_add(int set, int fd, unsigned number, struct err *err)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = number };

	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev) == 0)
		return 0;
	return err_set(err, -errno, "cannot watch a socket: %s", strerror(errno));
}

unsigned readable_next(int set, unsigned number[READABLE_MOST])
{
	struct epoll_event ev[READABLE_MOST];
	int n = epoll_wait(set, ev, READABLE_MOST, 0);

	for (int i = 0; i < n; i++)
		number[i] = ev[i].data.u32;
	return n > 0 ? (unsigned)n : 0;
}
