#include "exchange/stored.h"

static bool blob_room(const struct engine *e)
{
	return e->space.ctl->live[SLAB_BLOB] < e->conf.limits.messages &&
	       slab_room(&e->space, &e->space.slab[SLAB_BLOB]);
}

bool stored_room(struct engine *e, size_t n, size_t cap)
{
	if (n <= cap || blob_room(e))
		return true;
	engine_count(e, COUNT_FULL_MESSAGES);
	return false;
}

bool stored_room_to_stay(struct engine *e, size_t n, size_t cap)
{
	if (n <= cap || (blob_room(e) &&
			 e->space.ctl->live[SLAB_BLOB] < e->conf.limits.messages / 2))
		return true;
	engine_count(e, COUNT_FULL_MESSAGES);
	return false;
}

/* instead: of another, which is about to be dropped and counts no more. */
static struct blob *blob_new(struct engine *e, struct span m, ref_t owner, bool instead)
{
	struct slab *b = engine_slab(e, SLAB_BLOB);
	struct blob *blob = instead || blob_room(e) ? slab_take(&e->space, b) : NULL;

	if (!blob) {
		engine_count(e, COUNT_FULL_MESSAGES);
		return NULL;
	}
	assert(m.n <= sizeof blob->data);
	blob->owner = owner;
	blob->len = (uint32_t)m.n;
	memcpy(blob->data, m.p, m.n);
	slab_publish(&e->space, b, blob);
	return blob;
}

static void store_inside(struct engine *e, uint8_t *in, struct span m, bool fresh)
{
	uint32_t word[64];
	size_t n = (m.n + 3) & ~(size_t)3;

	if (fresh) {
		memcpy(in, m.p, m.n);
		return;
	}
	assert(n <= sizeof word);
	word[n / 4 - (n != 0)] = 0;
	memcpy(word, m.p, m.n);
	undo_copy(&e->space, in, word, n);
}

bool stored_put(struct engine *e, struct stored *s, uint8_t *in, size_t cap,
		struct span m, ref_t owner, bool fresh)
{
	uint32_t blob = SLAB_NIL;

	if (m.n > cap) {
		struct blob *b = blob_new(e, m, owner, !fresh && s->blob != SLAB_NIL);

		if (!b)
			return false;
		blob = slab_index(engine_slab(e, SLAB_BLOB), b);
	}
	if (!fresh)
		stored_drop(e, s);
	if (blob == SLAB_NIL && m.n)
		store_inside(e, in, m, fresh);
	if (fresh) {
		s->len = (uint32_t)m.n;
		s->blob = blob;
	} else {
		undo_set(&e->space, &s->len, (uint32_t)m.n);
		undo_set(&e->space, &s->blob, blob);
	}
	return true;
}

struct span stored_get(const struct engine *e, const struct stored *s, const uint8_t *in)
{
	const struct blob *b;

	if (s->blob == SLAB_NIL)
		return span_of(in, s->len);
	b = slab_at(&e->space.slab[SLAB_BLOB], s->blob);
	return span_of(b->data, s->len);
}

void stored_drop(struct engine *e, struct stored *s)
{
	struct slab *b = engine_slab(e, SLAB_BLOB);

	if (s->blob != SLAB_NIL)
		slab_kill(&e->space, b, slab_at(b, s->blob));
}

bool stored_valid(struct engine *e, const struct stored *s, size_t cap, ref_t owner)
{
	struct slab *b = engine_slab(e, SLAB_BLOB);
	const struct blob *blob;

	if (s->blob == SLAB_NIL)
		return s->len <= cap;
	if (s->blob >= e->space.ctl->hwm[SLAB_BLOB] || !slab_live(b, s->blob))
		return false;
	blob = slab_at(b, s->blob);
	return blob->owner == owner && blob->len == s->len && s->len <= sizeof blob->data;
}
