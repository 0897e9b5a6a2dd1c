/* import.h - takes over what is in the memory of a space that is laid out otherwise: with
 * other capacities, or by another binary that has other structs.
 *
 * Both memories say how they are laid out (legend.h).  What has the same name goes over,
 * slab by slab, object by object, field by field; an object keeps its index and its
 * generation, so references to it stay good.  The old memory is only read: a copy of it
 * that belongs to us (mapped MAP_PRIVATE) has the half-done transaction rolled back.  It
 * is not believed; what it says is checked.
 *
 * The new memory has no state until import_end() makes its last store.  A worker that
 * dies before that is followed by one that begins the import again, with the same old
 * memory; one that dies behind it, by one that adopts.  Either way an adoption follows,
 * which judges every object.  Run by the worker that is to have the slot. */
#ifndef BASE_IMPORT_H
#define BASE_IMPORT_H

#include "base/legend.h"

#define IMPORT_SOCKS 16u
#define IMPORT_TRIES 2u         /* deaths within it, until it is given up */

#define IMPORT_NO_SOCK 0xffffu  /* in place of a socket's number: it is gone */

/* Which number a socket of the old slot has now; -1: it is gone, and with it the objects
 * that name it. */
struct import_socks {
	int now[IMPORT_SOCKS];
};

struct import {
	struct space_ctl *to;
	const struct space_def *def;
	uint8_t *from;          /* ours to change */
	uint64_t dropped;       /* objects that did not fit */
	uint32_t tries;         /* of the old memory */
	const struct import_socks *socks;       /* borrowed; NULL: all as they were */
	uint32_t slab_now[SPACE_SLABS];         /* number of each old slab; LEGEND_NONE */
	struct legend old, new;
};

/* Whether memory can be adopted as it is: it has a state, laid out like def.  size is all
 * of it. */
bool import_needless(const void *mem, size_t size, const struct space_def *def);

/* Whether the memory of that definition has had a state: then nothing is imported into
 * it any more. */
bool import_is_late(const void *to, const struct space_def *def);

/* Takes all over but windows: to is the new memory (space_size() of def), zeroed or left
 * by a worker that died in this; from is a private copy of the first n bytes of the old one,
 * all but its windows, and size is that of all of it.  0; -ENODATA: there is nothing in it;
 * -EINVAL: it is damaged, -ENOSPC: there is no room for it, -ECANCELED: workers keep dying of
 * it, -ENOMEM: err says what is wrong, and the new memory still has no state. */
int import_begin(struct import *i, void *to, const struct space_def *def, void *from, size_t n,
		 uint64_t size, const struct import_socks *socks, struct err *err);

/* The new memory has a state from here on. */
void import_end(struct import *i);

#endif
