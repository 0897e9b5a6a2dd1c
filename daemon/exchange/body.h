/* body.h - a body that does not fit one message, while it is put together or taken
 * apart: bytes written at any offset, and which of them are there.
 *
 * An object in the slot stands for a window of address space (base/windows.h) that
 * has the bytes, and at its end a map of one bit for each 16 of them, the least
 * block (RFC 7959 2.2).  Bytes and map are no part of transactions: writing them
 * twice does no harm, and what the object says of them is what counts.  Memory is
 * charged to a budget that all slots share.  Owned by the slot, run by its worker. */
#ifndef EXCHANGE_BODY_H
#define EXCHANGE_BODY_H

#include "base/windows.h"
#include "exchange/engine.h"

#define BODY_GRAIN 16u
#define BODY_SMALL 65536u       /* bytes of a small one; it moves if it grows longer */

struct body {
	struct object o;
	ref_t owner;            /* what it is for; its end is the owner's business */
	uint64_t length;        /* bytes from the start without a gap */
	uint64_t end;           /* one past the last byte there is; more than length: gaps */
	uint32_t pages;         /* charged */
	uint32_t touched;       /* pages that may exist; stays when all else is undone */
};

/* What all slots together may keep.  Each slot's own sum is in its root record; the
 * others' are read where they are. */
struct body_budget {
	uint64_t pages;
	unsigned n;
	const uint64_t *const *used;    /* of every slot, ours included; borrowed */
};

/* A worker's hold on the bodies of a slot; set up by its owner (engine_conf.bodies). */
struct bodies {
	struct windows windows;
	const struct body_budget *budget;       /* borrowed */
	struct {                /* killed by the event under way: engine.ndead_bodies */
		uint32_t slab, index, touched;
	} dead[SPACE_FREES];
};

/* Windows for n bodies of at most cap bytes, and for small ones in plenty. */
struct windows_def body_windows(uint32_t small, uint32_t large, uint64_t cap);

/* A new one for an owner, expected to become n bytes; NULL when there are no more,
 * or the budget is spent (counted). */
struct body *body_new(struct engine *e, ref_t owner, uint64_t n);

/* The same with its first bytes there at once: two spans, each starting at a multiple
 * of BODY_GRAIN. */
struct body *body_of(struct engine *e, ref_t owner, struct span a, struct span b);

/* Writes data at offset, of which only the end of the body may be no multiple of
 * BODY_GRAIN.  It may move: *b is replaced then, and references to the old one are
 * stale.  0; -EFBIG: longer than a window; -ENOMEM: the budget is spent (counted),
 * or there is no larger window; nothing is changed then. */
int body_write(struct engine *e, struct body **b, uint64_t offset, struct span data);

/* Bytes that are there from offset on without a gap, at most n. */
struct span body_read(const struct engine *e, const struct body *b, uint64_t offset, size_t n);

/* Ends it; its memory is given back after the commit (engine_commit). */
void body_kill(struct engine *e, struct body *b);

struct body *body_get(struct engine *e, ref_t ref);
ref_t body_ref(struct engine *e, const struct body *b);

/* Adopt: whether a live one is plausible.  body_adopted() then counts what they
 * hold and gives back what the dead ones left. */
bool body_adopt(struct engine *e, struct body *b);
void body_adopted(struct engine *e);
/* The same after the space was wiped. */
void body_wiped(struct engine *e);

#endif
