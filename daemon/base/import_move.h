/* import_move.h - how objects of one kind go over to the kind of the same name: a list of
 * moves from offset to offset, made once and followed for each object.
 *
 * Integers may have become wider, or narrower if their value fits; of arrays and bytes as
 * many as both have go over.  Pure, but for the memory of the list. */
#ifndef BASE_IMPORT_MOVE_H
#define BASE_IMPORT_MOVE_H

#include "base/import.h"

struct move {
	uint32_t from, to;
	uint32_t n;             /* elements */
	uint16_t from_each, to_each;    /* bytes; both the same for what is no integer */
	uint32_t type;          /* enum field_type */
};

struct moves {
	struct move *move;      /* owned */
	uint32_t n, cap;
};

/* 0, -ENOMEM.  moves_free() gives it back. */
int moves_init(struct moves *m);
void moves_free(struct moves *m);

/* Fills it for the old kind and the new one; bytes (LEGEND_NONE both) go over whole if
 * there are n of them in both.  0; -EINVAL with err: a field is something else. */
int moves_plan(struct moves *m, const struct import *i, uint32_t old, uint32_t new, uint32_t n,
	       struct err *err);

/* Follows it.  False: a value does not fit. */
bool moves_run(const struct moves *m, const struct import *i, const uint8_t *from, uint8_t *to);

#endif
