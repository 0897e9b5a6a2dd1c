#include "supervisor/notify.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* --- sending ------------------------------------------------------------------------------ */

/* sd_notify(3) waits for whoever does not listen, which a supervisor must not: others wait for
 * it. */
#define PATIENCE_MS 1000

static int open_socket(const char *to)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(to);
	int fd, rc;

	if ((*to != '/' && *to != '@') || n >= sizeof a.sun_path)
		return -EAFNOSUPPORT;
	memcpy(a.sun_path, to, n);
	if (*to == '@')
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	rc = connect(fd, (struct sockaddr *)&a,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (*to == '/'))) < 0 ?
	     -errno : 0;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

static ssize_t send_one(int to, const char *text, const int *with)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof *with)] = { 0 };
	struct iovec iov = { (char *)text, strlen(text) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (with) {
		m.msg_control = control;
		m.msg_controllen = sizeof control;
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof *with);
		memcpy(CMSG_DATA(c), with, sizeof *with);
	}
	return sendmsg(to, &m, MSG_NOSIGNAL);
}

/* with: a descriptor that goes along, or NULL. */
static int tell(const char *text, const int *with, uint64_t patience_ms)
{
	const char *to = getenv("NOTIFY_SOCKET");
	uint64_t end = clock_ms() + patience_ms, now;
	int fd = to ? open_socket(to) : 0, rc = 1;
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (fd <= 0)
		return fd;
	while (send_one(fd, text, with) < 0) {
		now = clock_ms();
		if ((errno == EAGAIN || errno == EINTR) && now < end) {
			(void)poll(&p, 1, (int)(end - now));
			continue;
		}
		rc = -errno;
		break;
	}
	close(fd);
	return rc;
}

static int tellf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int tellf(const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return tell(text, NULL, PATIENCE_MS);
}

/* --- what there is to tell ------------------------------------------------------------------ */

int notify_ready(const char *status)
{
	return tellf("READY=1\nSTATUS=%s", status);
}

/* The time is for Type=notify-reload, which compares it. */
int notify_reloading(void)
{
	return tellf("RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=reading the site file",
		     clock_ns() / 1000);
}

int notify_status(const char *status)
{
	char text[256];

	snprintf(text, sizeof text, "STATUS=%s", status);
	return tell(text, NULL, 0);
}

int notify_stopping(void)
{
	return tellf("STOPPING=1\nSTATUS=answering the last requests");
}

uint64_t notify_watchdog_ms(void)
{
	uint64_t us;

	return sd_watchdog_enabled(0, &us) > 0 ? us / 1000 : 0;
}

int notify_alive(void)
{
	return tell("WATCHDOG=1", NULL, 0);
}

/* It is to be kept even if nobody is at the other end. */
int notify_keep(const char *name, int fd)
{
	char text[120];

	snprintf(text, sizeof text, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	return tell(text, &fd, PATIENCE_MS);
}

int notify_drop(const char *name)
{
	return tellf("FDSTOREREMOVE=1\nFDNAME=%s", name);
}

void notify_forget(void)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}
