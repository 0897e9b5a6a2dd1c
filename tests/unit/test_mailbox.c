/* Mailboxes as workers have them. */
#include <criterion/criterion.h>

#include "worker/mailbox.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct mailbox box;
static int in[2], out[2];
static struct worker_slot slot;
static struct worker_boot boot;

static void setup(void)
{
	for (int i = 0; i < 2; i++) {
		int pair[2];

		cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
		in[i] = pair[0];
		out[i] = pair[1];
	}
	slot = (struct worker_slot){ .slot = 1, .mail = out[1] };
	boot = (struct worker_boot){ .slots = &slot, .nslots = 1, .nmemfds = 2, .mail = in };
	mailbox_init(&box, &boot);
}

TestSuite(mailbox, .init = setup);

static int put(unsigned to, uint8_t tag, uint16_t n)
{
	struct letter l = { .task = 77, .once = 88, .tag = tag, .n = n, .data = { 1, 2, 3 } };

	return box.post.send(box.post.arg, to, &l);
}

static bool peek(struct letter *l)
{
	memset(l, 0xff, sizeof *l);
	return box.post.peek(box.post.arg, 1, l);
}

Test(mailbox, a_message_stays_until_it_is_taken)
{
	struct letter l;

	cr_assert(!peek(&l));
	cr_assert_eq(put(1, 5, 3), 0);
	cr_assert_eq(put(1, 6, 0), 0);
	for (unsigned i = 0; i < 2; i++) {
		cr_assert(peek(&l));
		cr_assert_eq(l.task, 77);
		cr_assert_eq(l.once, 88);
		cr_assert_eq(l.tag, 5);
		cr_assert_eq(l.n, 3);
		cr_assert_eq(l.data[2], 3);
	}
	box.post.take(box.post.arg, 1);
	cr_assert(peek(&l));
	cr_assert_eq(l.tag, 6);
	cr_assert_eq(l.n, 0);
	box.post.take(box.post.arg, 1);
	cr_assert(!peek(&l));
}

Test(mailbox, those_of_others_are_written_and_not_read)
{
	struct letter l;
	char bytes[512];

	cr_assert_eq(put(0, 5, 3), 0);
	cr_assert(!box.post.peek(box.post.arg, 0, &l));
	cr_assert(recv(out[0], bytes, sizeof bytes, 0) > 0);
	cr_assert_eq(put(2, 5, 3), -ENOENT);
	cr_assert_eq(put(255, 5, 3), -ENOENT);
}

Test(mailbox, a_full_one_says_so)
{
	unsigned n = 0;

	while (n < 10000 && put(1, 0, COAPD_WAKE_BYTES) == 0)
		n++;
	cr_assert_lt(n, 10000);
	cr_assert_eq(put(1, 0, COAPD_WAKE_BYTES), -EAGAIN);
	box.post.take(box.post.arg, 1);
	cr_assert_eq(put(1, 0, COAPD_WAKE_BYTES), 0);
}

/* Each byte of it the same. */
static void write_for_ever(void)
{
	for (uint8_t i = 0;; i++) {
		struct letter l = { .task = 77, .tag = i, .n = COAPD_WAKE_BYTES };

		memset(l.data, i, sizeof l.data);
		(void)box.post.send(box.post.arg, 1, &l);
	}
}

/* Killed anywhere, within the system call too. */
Test(mailbox, a_sender_that_dies_leaves_whole_messages)
{
	struct letter l;

	for (unsigned round = 0; round < 100; round++) {
		pid_t pid = fork();
		unsigned n = 0;

		if (pid == 0)
			write_for_ever();
		for (bool dead = false; ; n++) {
			while (!peek(&l) && !dead)
				;
			if (!dead && n == round)
				kill(pid, SIGKILL);
			if (n == round)
				dead = waitpid(pid, NULL, 0) == pid;
			if (dead && !peek(&l))
				break;
			cr_assert_eq(l.n, COAPD_WAKE_BYTES);
			for (unsigned k = 0; k < COAPD_WAKE_BYTES; k++)
				cr_assert_eq(l.data[k], l.tag);
			box.post.take(box.post.arg, 1);
		}
	}
	cr_assert_eq(put(1, 5, 3), 0);
	cr_assert(peek(&l));
	cr_assert_eq(l.n, 3);
}

Test(mailbox, what_is_no_message_is_passed_over)
{
	struct letter l = { .n = 9 };
	char much[1024] = { 0 };

	send(in[1], "x", 1, 0);
	send(in[1], &l, offsetof(struct letter, data) + 8, 0);
	send(in[1], much, sizeof much, 0);
	l.n = 60000;
	send(in[1], &l, sizeof l, 0);
	cr_assert(!peek(&l));
	put(1, 5, 3);
	cr_assert(peek(&l));
	cr_assert_eq(l.tag, 5);
}

Test(mailbox, who_has_none_reaches_nobody)
{
	struct letter l;

	boot.mail = NULL;
	slot.mail = 0;
	cr_assert_eq(put(1, 0, 0), -ENOENT);
	cr_assert(!peek(&l));
	box.post.take(box.post.arg, 1);
}
