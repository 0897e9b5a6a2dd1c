/* stored.h - a message kept in the slot: in its owner if it is short, in a blob
 * of its own if not.
 *
 * The owner has a struct stored and, behind it, room for short messages.  A blob
 * names its owner, so that an adopter can tell a lost one. */
#ifndef EXCHANGE_STORED_H
#define EXCHANGE_STORED_H

#include "exchange/engine.h"

struct stored {
	uint32_t len;
	uint32_t blob;          /* index, SLAB_NIL: inside the owner */
};

struct blob {
	struct object o;
	ref_t owner;
	uint32_t len;
	uint32_t zero;
	uint8_t data[DGRAM_RX_MAX];
};

/* Keeps message m for the live object owner, whose inside room is in, cap bytes.
 * fresh: nobody reads *s or in before this transaction commits something that says
 * so, hence they need no log.  False if a blob was needed and none is left
 * (counted); nothing is changed then. */
bool stored_put(struct engine *e, struct stored *s, uint8_t *in, size_t cap,
		struct span m, ref_t owner, bool fresh);

/* Whether stored_put() would find room for n bytes. */
bool stored_room(struct engine *e, size_t n, size_t cap);

/* The same for what peers have kept as long as they like: it leaves half of the blobs to
 * messages on their way. */
bool stored_room_to_stay(struct engine *e, size_t n, size_t cap);

/* The message; good until it is dropped or replaced. */
struct span stored_get(const struct engine *e, const struct stored *s, const uint8_t *in);

/* Frees the blob, if there is one. */
void stored_drop(struct engine *e, struct stored *s);

/* Adopt: whether s, read from live object owner, is plausible. */
bool stored_valid(struct engine *e, const struct stored *s, size_t cap, ref_t owner);

#endif
