#include "client/readable.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

#define N 3

struct pairs {
	int set;
	int ours[N], theirs[N];
};

static struct pairs open_pairs(void)
{
	struct pairs p;
	struct err err;

	p.set = readable_open(&err);
	cr_assert_geq(p.set, 0);
	for (unsigned i = 0; i < N; i++) {
		int fd[2];

		cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd), 0);
		p.ours[i] = fd[0];
		p.theirs[i] = fd[1];
		cr_assert_eq(readable_add(p.set, fd[0], 100 + i, &err), 0);
	}
	return p;
}

static void close_pairs(const struct pairs *p)
{
	for (unsigned i = 0; i < N; i++) {
		close(p->ours[i]);
		close(p->theirs[i]);
	}
	close(p->set);
}

static void say(const struct pairs *p, unsigned i)
{
	cr_assert_eq(write(p->theirs[i], "x", 1), 1);
}

Test(readable, those_with_something_are_told_in_the_order_it_came)
{
	struct pairs p = open_pairs();
	unsigned number[READABLE_MOST];

	cr_assert_eq(readable_next(p.set, number), 0);
	say(&p, 2);
	say(&p, 0);
	cr_assert_eq(readable_next(p.set, number), 2);
	cr_assert_eq(number[0], 102);
	cr_assert_eq(number[1], 100);
	close_pairs(&p);
}

Test(readable, one_that_is_closed_is_no_longer_told)
{
	struct pairs p = open_pairs();
	unsigned number[READABLE_MOST];

	say(&p, 1);
	close(p.ours[1]);
	p.ours[1] = dup(p.set);
	cr_assert_eq(readable_next(p.set, number), 0);
	close_pairs(&p);
}

Test(readable, what_is_no_socket_is_an_error)
{
	struct err err;
	int set = readable_open(&err);

	cr_assert_lt(readable_add(set, -1, 0, &err), 0);
	cr_assert_str_eq(err.text, "cannot watch a socket: Bad file descriptor");
	close(set);
}
