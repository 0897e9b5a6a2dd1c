/* Workers that wake each other. */
#include "base/wake.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

static bool is_woken(const struct wakes *w, unsigned i)
{
	struct pollfd p = { .fd = w->fd[i], .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

Test(wake, those_who_listen_are_woken_until_they_take_it)
{
	struct hash_key key = { { 1, 2 } };
	struct wakes w;
	struct err err;

	cr_assert_eq(wakes_make(&w, 3, &key, &err), 0);
	cr_assert_eq(w.changes->key.k[1], 2);
	changes_listen(w.changes, 1, 4095, true);
	wakes_send(&w, 4095);
	wakes_send(&w, 4095);
	cr_assert(!is_woken(&w, 0));
	cr_assert(is_woken(&w, 1));
	wakes_take(&w, 1);
	cr_assert(!is_woken(&w, 1));
	wakes_take(&w, 1);
	wakes_send_all(&w);
	for (unsigned i = 0; i < 3; i++)
		cr_assert(is_woken(&w, i));
	wakes_free(&w);
	cr_assert_null(w.changes);
}

Test(wake, who_listens_for_another_word_sleeps_on)
{
	struct hash_key key = { { 1, 2 } };
	struct wakes w;
	struct err err;

	cr_assert_eq(wakes_make(&w, 130, &key, &err), 0);
	changes_listen(w.changes, 0, 5, true);
	changes_listen(w.changes, 64, 5, true);
	changes_listen(w.changes, 129, 5, true);
	changes_listen(w.changes, 131, 5, true);        /* there is no such worker */
	changes_listen(w.changes, 1, 6, true);
	wakes_send(&w, 5);
	for (unsigned i = 0; i < 130; i++)
		cr_assert_eq(is_woken(&w, i), i == 0 || i == 64 || i == 129, "%u", i);
	wakes_free(&w);
}

Test(wake, another_program_takes_them_over)
{
	struct hash_key key = { { 1, 2 } };
	struct wakes w, next;
	struct err err;
	int fd[2];

	cr_assert_eq(wakes_make(&w, 2, &key, &err), 0);
	changes_listen(w.changes, 1, 7, true);
	fd[0] = dup(w.fd[0]);
	fd[1] = dup(w.fd[1]);
	cr_assert_eq(wakes_take_over(&next, dup(w.memory.fd), fd, 2, &err), 0);
	wakes_send(&next, 7);
	cr_assert(is_woken(&w, 1) && !is_woken(&w, 0));
	wakes_all_changed(&next);
	cr_assert_eq(changes_value(w.changes, 0), 1);
	cr_assert_eq(changes_value(w.changes, CHANGES_WORDS - 1), 1);
	wakes_free(&next);
	cr_assert_eq(wakes_take_over(&next, dup(w.memory.fd), NULL, 3, &err), 0);
	cr_assert_eq(next.n, 3);
	wakes_free(&next);
	cr_assert_eq(wakes_take_over(&next, memfd_create("other", 0), NULL, 3, &err), -EINVAL);
	wakes_free(&w);
}
