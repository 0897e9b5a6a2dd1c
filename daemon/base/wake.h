/* wake.h - workers wake each other to look at what changed (base/changes.h).
 *
 * The supervisor makes the table and an eventfd for each worker before it forks, and
 * keeps them: a wake-up for a worker that is dead is read by its successor.  A worker
 * that starts wakes all others once, as its predecessor may have died between telling
 * and waking. */
#ifndef BASE_WAKE_H
#define BASE_WAKE_H

#include "base/changes.h"
#include "base/err.h"
#include "base/shared.h"

struct wakes {
	struct changes *changes;        /* in memory, which is all of it */
	struct shared memory;
	int *fd;                        /* one for each worker */
	unsigned n;
};

/* In the supervisor: for n workers; 0, or a negative errno with err. */
int wakes_make(struct wakes *w, unsigned n, const struct hash_key *key, struct err *err);

/* The same with what another program made: a descriptor of the memory and n of those that wake
 * (NULL: they are made), all ours from now on, whatever comes of it.  -EINVAL: it is not as we would have made it. */
int wakes_take_over(struct wakes *w, int memory, const int *fd, unsigned n, struct err *err);
void wakes_free(struct wakes *w);

/* Whatever there is counts as changed, for each who reads it. */
void wakes_all_changed(const struct wakes *w);

/* Wakes the workers that listen for the word, the caller's own process among them. */
void wakes_send(const struct wakes *w, uint32_t word);

/* Wakes all of them, whether they listen or not. */
void wakes_send_all(const struct wakes *w);

/* Takes the wake-ups of worker number i. */
void wakes_take(const struct wakes *w, unsigned i);

#endif
