/* Workers that wake each other. */
#include "base/wake.h"

#include <criterion/criterion.h>
#include <poll.h>

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
	changes_listen(w.changes, 1, true);
	wakes_send(&w);
	wakes_send(&w);
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
