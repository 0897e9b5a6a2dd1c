/* Mailboxes as the supervisor makes them. */
#include <criterion/criterion.h>

#include "supervisor/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

static struct mail m;
static struct err err;

Test(mail, what_is_written_is_read)
{
	char text[8];

	cr_assert_eq(mail_open(&m, 3, &err), 0);
	for (unsigned i = 0; i < 3; i++) {
		cr_assert_eq(send(m.in[i], "ab", 2, 0), 2);
		cr_assert_eq(recv(m.out[i], text, sizeof text, 0), 2);
		cr_assert_eq(recv(m.out[i], text, sizeof text, 0), -1);
		cr_assert_eq(errno, EAGAIN);
	}
	mail_close(&m);
	cr_assert_eq(m.n, 0);
	mail_close(&m);
}

Test(mail, is_bounded)
{
	char letter[280] = { 0 };
	unsigned n = 0;

	cr_assert_eq(mail_open(&m, 1, &err), 0);
	while (n < 10000 && send(m.in[0], letter, sizeof letter, MSG_DONTWAIT) > 0)
		n++;
	cr_assert(n >= 100 && n < 1000, "%u messages", n);
	cr_assert_eq(errno, EAGAIN);
	mail_close(&m);
}

Test(mail, what_cannot_be_opened_is_said_and_undone)
{
	struct rlimit few = { 12, 12 };

	setrlimit(RLIMIT_NOFILE, &few);
	cr_assert_eq(mail_open(&m, 20, &err), -EMFILE);
	cr_assert(strstr(err.text, "mailboxes"));
	cr_assert_eq(m.n, 0);
	cr_assert_neq(fcntl(2, F_GETFD), -1);
}
