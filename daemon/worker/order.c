#include "worker/order.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union ancillary {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

int order_send(int control, const struct order *o, int fd)
{
	union ancillary a;
	struct iovec iov = { (void *)(uintptr_t)o, sizeof *o };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		memset(&a, 0, sizeof a);
		m.msg_control = &a;
		m.msg_controllen = sizeof a;
		a.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof fd),
					   .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&a.head), &fd, sizeof fd);
	}
	return sendmsg(control, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void take_fd(struct msghdr *m, int *fd)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len >= CMSG_LEN(sizeof *fd))
		memcpy(fd, CMSG_DATA(c), sizeof *fd);
}

int order_take(int control, struct order *o, int *fd)
{
	union ancillary a;
	struct iovec iov = { o, sizeof *o };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &a,
			    .msg_controllen = sizeof a };
	ssize_t n;

	memset(o, 0, sizeof *o);
	*fd = -1;
	n = recvmsg(control, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n == 0)
		return -ECONNRESET;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	take_fd(&m, fd);
	if (n == 1)
		o->what = *(const uint8_t *)o;
	return 1;
}

bool order_is_about(const struct order *o, const struct addr *peer)
{
	struct addr any = *peer;

	if (o->all)
		return true;
	if (!o->peer.port)
		any.port = 0;
	if (!o->peer.scope)
		any.scope = 0;
	return addr_eq(&any, &o->peer);
}
