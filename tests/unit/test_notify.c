#include "supervisor/notify.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A service manager that listens on an abstract address of its own. */
static int listen_as_manager(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int n = snprintf(a.sun_path + 1, sizeof a.sun_path - 1, "coapd-test-notify-%d",
			 (int)getpid());
	char name[sizeof a.sun_path];

	cr_assert(fd >= 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&a,
			  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)), 0);
	snprintf(name, sizeof name, "@%s", a.sun_path + 1);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void expect(int fd, const char *text)
{
	char got[256];
	ssize_t n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);

	cr_assert(n > 0);
	got[n] = '\0';
	cr_assert_str_eq(got, text);
}

Test(notify, ready_and_stopping_are_told)
{
	int fd = listen_as_manager();

	cr_assert_eq(notify_ready("2 workers"), 1);
	expect(fd, "READY=1\nSTATUS=2 workers");
	cr_assert_eq(notify_status("3 workers"), 1);
	expect(fd, "STATUS=3 workers");
	cr_assert_eq(notify_stopping(), 1);
	expect(fd, "STOPPING=1\nSTATUS=answering the last requests");
	close(fd);
}

/* Type=notify-reload wants to know since when. */
Test(notify, a_reload_is_told_with_its_time)
{
	int fd = listen_as_manager();
	unsigned long long us;
	char got[256];
	ssize_t n;

	cr_assert_eq(notify_reloading(), 1);
	n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
	cr_assert_gt(n, 0);
	got[n] = '\0';
	cr_assert_eq(sscanf(got, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=", &us), 1, "%s", got);
	cr_assert_gt(us, 0);
	close(fd);
}

Test(notify, a_watchdog_is_fed_if_it_is_ours)
{
	int fd = listen_as_manager();
	char pid[16];

	unsetenv("WATCHDOG_PID");
	setenv("WATCHDOG_USEC", "3000000", 1);
	cr_assert_eq(notify_watchdog_ms(), 3000);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	cr_assert_eq(notify_watchdog_ms(), 3000);
	cr_assert_eq(notify_alive(), 1);
	expect(fd, "WATCHDOG=1");
	setenv("WATCHDOG_PID", "1", 1);
	cr_assert_eq(notify_watchdog_ms(), 0);
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	cr_assert_eq(notify_watchdog_ms(), 0);
	close(fd);
}

Test(notify, nobody_listening_is_fine)
{
	unsetenv("NOTIFY_SOCKET");
	cr_assert_eq(notify_ready(""), 0);
}

Test(notify, a_dead_manager_is_an_error)
{
	close(listen_as_manager());
	cr_assert_lt(notify_stopping(), 0);
}

Test(notify, children_have_nothing_to_tell)
{
	int fd = listen_as_manager();

	notify_forget();
	cr_assert_eq(notify_ready(""), 0);
	close(fd);
}

/* However much it has been told: a status is not worth waiting for. */
Test(notify, nobody_waits_for_one_that_does_not_listen)
{
	int fd = listen_as_manager(), rc;
	unsigned n = 0;

	while ((rc = notify_status("all is well")) == 1)
		n++;
	cr_expect_eq(rc, -EAGAIN);
	cr_expect_gt(n, 0);
	cr_expect_eq(notify_ready("late"), -EAGAIN, "it has waited for long enough");
	close(fd);
}

Test(notify, places_that_are_none)
{
	setenv("NOTIFY_SOCKET", "relative", 1);
	cr_expect_eq(notify_ready("x"), -EAFNOSUPPORT);
	setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
	cr_expect_eq(notify_ready("x"), -ENOENT);
	unsetenv("NOTIFY_SOCKET");
	cr_expect_eq(notify_ready("x"), 0);
}

Test(notify, a_descriptor_is_kept_and_dropped)
{
	int fd = listen_as_manager(), ends[2];
	char got[256], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { got, sizeof got - 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof control };
	struct cmsghdr *c;
	ssize_t n;

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(notify_keep("kept/7", ends[1]), 1);
	n = recvmsg(fd, &m, MSG_DONTWAIT);
	cr_assert_gt(n, 0);
	got[n] = '\0';
	cr_expect_str_eq(got, "FDSTORE=1\nFDPOLL=0\nFDNAME=kept/7");
	c = CMSG_FIRSTHDR(&m);
	cr_assert(c && c->cmsg_type == SCM_RIGHTS);
	cr_assert_eq(write(*(int *)(void *)CMSG_DATA(c), "x", 1), 1);
	cr_expect_eq(read(ends[0], got, 1), 1, "it is that one");
	cr_assert_eq(notify_drop("kept/7"), 1);
	expect(fd, "FDSTOREREMOVE=1\nFDNAME=kept/7");
}
