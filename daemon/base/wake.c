#include "base/wake.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int make_all(struct wakes *w, unsigned n)
{
	w->fd = calloc(n, sizeof *w->fd);
	if (!w->fd)
		return -ENOMEM;
	while (w->n < n) {
		int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

		if (fd < 0)
			return -errno;
		w->fd[w->n++] = fd;
	}
	return 0;
}

static bool take_all(struct wakes *w, const int *fd, unsigned n)
{
	w->fd = calloc(n, sizeof *w->fd);
	for (unsigned i = 0; i < n; i++) {
		if (w->fd)
			w->fd[w->n++] = fd[i];
		else
			close(fd[i]);
	}
	return w->fd;
}

int wakes_make(struct wakes *w, unsigned n, const struct hash_key *key, struct err *err)
{
	int r;

	*w = (struct wakes){ .n = 0 };
	r = shared_make(&w->memory, "coapd-changes", sizeof *w->changes);
	if (r)
		return err_set(err, r, "no memory to tell of changes");
	w->changes = w->memory.at;
	w->changes->key = *key;
	r = make_all(w, n);
	if (!r)
		return 0;
	wakes_free(w);
	return err_set(err, r, "cannot make %u descriptors to wake workers", n);
}

int wakes_take_over(struct wakes *w, int memory, const int *fd, unsigned n, struct err *err)
{
	int r;

	*w = (struct wakes){ .n = 0 };
	r = shared_take(&w->memory, memory, sizeof *w->changes);
	w->changes = w->memory.at;
	if (fd)
		r = take_all(w, fd, n) ? r : -ENOMEM;
	else if (r == 0)
		r = make_all(w, n);
	if (r == 0)
		return 0;
	wakes_free(w);
	return err_set(err, r, "changes are not told as this program tells them");
}

void wakes_free(struct wakes *w)
{
	while (w->n)
		close(w->fd[--w->n]);
	free(w->fd);
	shared_free(&w->memory);
	*w = (struct wakes){ .n = 0 };
}

void wakes_all_changed(const struct wakes *w)
{
	for (uint32_t word = 0; word < CHANGES_WORDS; word++)
		changes_tell(w->changes, word);
}

/* It cannot fail but when 2^64 wake-ups are waiting: then one more is no news. */
static void send_one(int fd)
{
	static const uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof one);

	(void)n;
}

void wakes_send(const struct wakes *w, uint32_t word)
{
	for (unsigned from = 0; from < w->n; from += 64) {
		uint64_t left = changes_listeners(w->changes, word, from);

		for (; left; left &= left - 1) {
			unsigned i = from + (unsigned)__builtin_ctzll(left);

			if (i < w->n)
				send_one(w->fd[i]);
		}
	}
}

void wakes_send_all(const struct wakes *w)
{
	for (unsigned i = 0; i < w->n; i++)
		send_one(w->fd[i]);
}

void wakes_take(const struct wakes *w, unsigned i)
{
	uint64_t waiting;
	ssize_t n = read(w->fd[i], &waiting, sizeof waiting);

	(void)n;
}
