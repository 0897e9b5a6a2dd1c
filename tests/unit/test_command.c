#include "client/command.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the commands of a test say, and what they are told. */
static struct {
	struct ev_loop *loop;
	struct commands *c;
	int out[2], in[2];
	unsigned failures;
	char failed[200];
	const void *failed_owner;
} t;

static void child(void)
{
	setenv("CHILD", "yes", 1);
}

static void failed(void *arg, const void *owner, const char *what)
{
	cr_assert_eq(arg, &t);
	t.failures++;
	t.failed_owner = owner;
	snprintf(t.failed, sizeof t.failed, "%s", what);
}

static void idle(void *arg)
{
	(void)arg;
	ev_break(t.loop, EVBREAK_ALL);
}

static const struct command_hooks hooks = { child, failed, idle, &t };

/* $OUT and $IN of the command are our pipes. */
static void open_with(const char *text)
{
	char name[40];

	t.loop = ev_loop_new(0);
	cr_assert_eq(pipe(t.out) | pipe(t.in), 0);
	snprintf(name, sizeof name, "/dev/fd/%d", t.out[1]);
	setenv("OUT", name, 1);
	snprintf(name, sizeof name, "/dev/fd/%d", t.in[0]);
	setenv("IN", name, 1);
	cr_assert_eq(commands_open(&t.c, t.loop, text, &hooks), 0);
}

static void add(const void *owner, const char *body, const char *variable)
{
	int fd = memfd_create("body", MFD_CLOEXEC);
	struct err err;

	cr_assert_eq(write(fd, body, strlen(body)), (ssize_t)strlen(body));
	cr_assert_eq(commands_add(t.c, owner, fd, &variable, 1, &err), 0, "%s", err.text);
}

static void late(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
	cr_assert_fail("the commands do not end");
}

static void run(void)
{
	struct ev_timer bound;

	ev_timer_init(&bound, late, 60, 0);
	ev_timer_start(t.loop, &bound);
	while (!commands_idle(t.c))
		ev_run(t.loop, 0);
	ev_timer_stop(t.loop, &bound);
}

/* The next bytes that the commands said are these. */
static void expect(const char *wanted)
{
	char text[200];
	size_t n = strlen(wanted);

	for (size_t at = 0; at < n;) {
		ssize_t got = read(t.out[0], text + at, n - at);

		cr_assert_gt(got, 0);
		at += (size_t)got;
	}
	cr_assert_arr_eq(text, wanted, n, "%.*s, not %s", (int)n, text, wanted);
}

static void expect_nothing(void)
{
	char byte;

	fcntl(t.out[0], F_SETFL, O_NONBLOCK);
	cr_assert_eq(read(t.out[0], &byte, 1), -1);
}

static void finish(void)
{
	commands_close(t.c);
	ev_loop_destroy(t.loop);
}

Test(command, gets_the_body_and_its_environment)
{
	open_with("{ cat; echo \" $A $CHILD\"; } >$OUT");
	cr_assert(commands_idle(t.c));
	add(&t, "hello", "A=a b");
	cr_assert(!commands_idle(t.c));
	run();
	expect("hello a b yes\n");
	cr_assert_eq(t.failures, 0);
	finish();
}

Test(command, what_does_not_end_well_is_told)
{
	int owner;

	open_with("eval \"$A\"");
	add(&owner, "", "A=exit 3");
	run();
	cr_assert_str_eq(t.failed, "exited with status 3");
	cr_assert_eq(t.failed_owner, &owner);
	add(&owner, "", "A=kill -9 $$");
	run();
	cr_assert_str_eq(t.failed, "was ended by signal 9 (Killed)");
	add(&owner, "", "A=exit 0");
	run();
	cr_assert_eq(t.failures, 2);
	finish();
}

Test(command, states_of_one_owner_are_in_order)
{
	open_with("cat >$OUT");
	for (unsigned i = 0; i < 9; i++)
		add(&t, (char[]){ (char)('1' + i), '\0' }, "A=");
	run();
	expect("123456789");
	finish();
}

Test(command, owners_do_not_wait_for_each_other)
{
	int a, b;

	open_with("if [ $A = 1 ]; then head -c 1 <$IN >$OUT; else echo x >/dev/fd/$A; fi");
	add(&a, "", "A=1");
	{
		char other[20];

		snprintf(other, sizeof other, "A=%d", t.in[1]);
		add(&b, "", other);
	}
	run();
	expect("x");
	finish();
}

Test(command, no_more_than_so_many_run)
{
	char owners[COMMANDS_AT_ONCE + 1];

	open_with("printf s >$OUT; head -c 1 <$IN >/dev/null; printf e >$OUT");
	for (unsigned i = 0; i <= COMMANDS_AT_ONCE; i++)
		add(&owners[i], "", "A=");
	expect("ssssssss");
	cr_assert_eq(write(t.in[1], "x", 1), 1);
	expect("e");
	ev_run(t.loop, EVRUN_ONCE);
	expect("s");
	cr_assert_eq(write(t.in[1], "xxxxxxxx", 8), 8);
	run();
	expect("eeeeeeee");
	expect_nothing();
	finish();
}

Test(command, too_slow_for_its_states)
{
	char bytes[COMMANDS_WAITING + 1];

	open_with("head -c 1 <$IN >/dev/null; cat >$OUT");
	add(&t, "first", "A=");
	for (unsigned i = 0; i < COMMANDS_WAITING; i++)
		add(&t, i ? "" : "left out", "A=");
	cr_assert_eq(commands_left_out(t.c), 0);
	add(&t, "last", "A=");
	cr_assert_eq(commands_left_out(t.c), 1);
	memset(bytes, 'x', sizeof bytes);
	cr_assert_eq(write(t.in[1], bytes, sizeof bytes), sizeof bytes);
	run();
	expect("firstlast");
	expect_nothing();
	finish();
}

Test(command, what_waits_is_closed)
{
	open_with("head -c 1 <$IN >/dev/null");
	add(&t, "", "A=");
	add(&t, "", "A=");
	finish();
	cr_assert_eq(write(t.in[1], "x", 1), 1);
	commands_close(NULL);
}
