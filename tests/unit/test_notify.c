#include "supervisor/notify.h"

#include <criterion/criterion.h>
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

	cr_assert_eq(notify_ready(2, 4, 3), 1);
	expect(fd, "READY=1\nSTATUS=2 workers, 4 slots, 3 resources");
	cr_assert_eq(notify_stopping(), 1);
	expect(fd, "STOPPING=1\nSTATUS=answering the last requests");
	close(fd);
}

Test(notify, nobody_listening_is_fine)
{
	unsetenv("NOTIFY_SOCKET");
	cr_assert_eq(notify_ready(2, 2, 1), 0);
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
	cr_assert_eq(notify_ready(2, 2, 1), 0);
	close(fd);
}
