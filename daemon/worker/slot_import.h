/* slot_import.h - takes what is in the memory of a slot over into new memory of another
 * layout (base/import.h), the bytes of bodies too.
 *
 * Run by the worker that is to have the slot, before it opens an engine over the new
 * memory, and again by its successor if it dies in it. */
#ifndef WORKER_SLOT_IMPORT_H
#define WORKER_SLOT_IMPORT_H

#include "base/err.h"
#include "base/import.h"

/* to: the new memory, all of it, laid out by def; old: the descriptor of the old one, of
 * which nothing is changed.  0: an adoption follows; -EALREADY: it happened before, so it
 * does as well; -ENODATA: there is nothing to take over; -ENOMEM: not now; else the slot
 * begins anew.  err says what is wrong. */
int slot_import(void *to, const struct space_def *def, int old, const struct import_socks *socks,
		struct err *err);

#endif
