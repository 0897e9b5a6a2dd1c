#include "base/wake.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
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

int wakes_make(struct wakes *w, unsigned n, const struct hash_key *key, struct err *err)
{
	int r;

	*w = (struct wakes){ .changes = mmap(NULL, sizeof *w->changes, PROT_READ | PROT_WRITE,
					     MAP_SHARED | MAP_ANONYMOUS, -1, 0) };
	if (w->changes == MAP_FAILED) {
		w->changes = NULL;
		return err_set(err, -errno, "no memory to tell of changes");
	}
	w->changes->key = *key;
	r = make_all(w, n);
	if (!r)
		return 0;
	wakes_free(w);
	return err_set(err, r, "cannot make %u descriptors to wake workers", n);
}

void wakes_free(struct wakes *w)
{
	while (w->n)
		close(w->fd[--w->n]);
	free(w->fd);
	if (w->changes)
		munmap(w->changes, sizeof *w->changes);
	*w = (struct wakes){ .n = 0 };
}

/* It cannot fail but when 2^64 wake-ups are waiting: then one more is no news. */
static void send_one(int fd)
{
	static const uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof one);

	(void)n;
}

void wakes_send(const struct wakes *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (changes_listens(w->changes, i))
			send_one(w->fd[i]);
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
