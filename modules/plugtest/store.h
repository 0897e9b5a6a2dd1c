/* store.h - what requests have changed, in files of a directory: the same for every
 * worker that has it open, and still there after all of them.
 *
 * An item is a body and its content format, in a file of its own that is replaced
 * in one step, so whoever reads sees an old or a new one.  Who reads in order to
 * write holds the lock meanwhile; the kernel takes it back from the dead.  Owned by
 * the mount, used by its worker.  Of the functions that return int, 0 is fine and
 * others are a negative errno. */
#ifndef PLUGTEST_STORE_H
#define PLUGTEST_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ITEM_MAX 65536u         /* bytes of a body */
#define ITEM_NO_FORMAT 0x10000u

struct item {
	bool exists;
	uint32_t format;                /* content format, or ITEM_NO_FORMAT */
	int64_t written;                /* ms, CLOCK_REALTIME */
	size_t n;
	uint8_t data[ITEM_MAX];
};

struct store {
	int dir, lock;                  /* descriptors */
};

/* Opens a directory, and makes it if its parent is there. */
int store_open(struct store *s, const char *directory);
void store_close(struct store *s);

/* Keeps other workers from writing; waits until no other one does. */
void store_lock(struct store *s);
void store_unlock(struct store *s);

/* What is there under a name (letters, digits, "-", "."); one that is not there, or
 * that nobody here wrote, does not exist. */
int store_read(const struct store *s, const char *name, struct item *out);

/* Puts n bytes there, in one step; the lock is held. */
int store_write(const struct store *s, const char *name, uint32_t format, const uint8_t *data,
		size_t n);

/* Removes it; one that is not there is fine. */
int store_remove(const struct store *s, const char *name);

bool store_has(const struct store *s, const char *name);

#endif
