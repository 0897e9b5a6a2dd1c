/* windows.h - room for what has no size known before: windows of address space over
 * memory that exists only where something was written.
 *
 * A body of a request may have a kilobyte or a hundred mebibytes, and its parts come
 * in any order.  Each gets a window, as long as the longest may become; pages of it
 * come into being when they are written and are given back one by one.  So a body
 * is one span, whatever its length, and finding a byte of it takes no map but the
 * processor's own.  Windows are of several classes, small ones in plenty.
 *
 * The memory is shared with the worker's successor (a memfd of the slot's) or private
 * (anonymous); it is sparse, so it must not be reserved as a whole.  Owned by the
 * worker that runs the slot. */
#ifndef BASE_WINDOWS_H
#define BASE_WINDOWS_H

#include <stddef.h>
#include <stdint.h>

#define WINDOWS_CLASSES 2
#define WINDOWS_PAGE 4096u

struct windows_def {
	struct {
		uint32_t n;
		uint64_t size;          /* bytes of one, a multiple of WINDOWS_PAGE */
		uint64_t tail;          /* where its second part begins, so as well; who takes
					 * a longer one over finds each at its start */
	} class[WINDOWS_CLASSES];
};

struct windows {
	uint8_t *at;
	const struct windows_def *def;  /* borrowed */
};

/* Bytes of address space that they take. */
uint64_t windows_size(const struct windows_def *def);

/* Window number i of a class; not past its end. */
uint8_t *windows_at(const struct windows *w, unsigned class, uint32_t i);

/* Gives the memory of bytes from to to of a window back; whole pages only, those
 * that are cut stay.  What is read there afterwards is zero. */
void windows_release(const struct windows *w, unsigned class, uint32_t i, uint64_t from,
		     uint64_t to);

#endif
