#include "exchange/endpoint.h"

#define PROBES 16       /* endpoints looked at before the limit is called reached */

static inline uint64_t key_hash(const struct engine *e, const struct addr *remote,
			 const struct local *local)
{
	const struct hash_key *key = &e->space.ctl->key;
	const uint8_t *r = (const uint8_t *)remote, *l = (const uint8_t *)local;
	uint64_t h;

	_Static_assert(sizeof *remote == 24 && sizeof *local == 24, "no more words");
	h = hash_fold(bytes_8(r) ^ key->k[0], bytes_8(r + 8) ^ key->k[1]);
	h = hash_fold(bytes_8(r + 16) ^ key->k[0], bytes_8(l) ^ h);
	h = hash_fold(bytes_8(l + 8) ^ key->k[0], bytes_8(l + 16) ^ h);
	return hash_fold(h ^ key->k[0], key->k[1] | 1);
}

struct endpoint *endpoint_find(struct engine *e, const struct addr *remote,
			       const struct local *local)
{
	struct slab *b = engine_slab(e, SLAB_ENDPOINT);
	uint32_t i = table_first(&e->endpoints, key_hash(e, remote, local));

	while (i != SLAB_NIL) {
		struct endpoint *p = slab_at(b, i);

		if (addr_eq(&p->remote, remote) && local_eq(&p->local, local))
			return p;
		i = p->o.link;
	}
	return NULL;
}

/* Of one that is forgetful the window is all that tells duplicates. */
static bool evictable(const struct engine *e, const struct endpoint *p)
{
	return p->nexchanges == 0 && p->nassemblies == 0 && p->nobservers == 0 &&
	       p->ndedup == 0 && !endpoint_forgetful(e, p);
}

/* The clock hand: the first of a few endpoints that has nothing attached, one
 * that has been silent for long if there is such. */
static struct endpoint *victim(struct engine *e)
{
	struct slab *b = engine_slab(e, SLAB_ENDPOINT);
	struct engine_root *root = engine_root(e);
	uint32_t hwm = e->space.ctl->hwm[SLAB_ENDPOINT];
	struct endpoint *found = NULL;

	for (unsigned n = 0; n < PROBES && n < hwm; n++) {
		struct endpoint *p = slab_at(b, (root->hand_endpoint + n) % hwm);

		if (!(p->o.word & 1) || !evictable(e, p))
			continue;
		if (!found)
			found = p;
		if (engine_seconds(e) - p->seen_s > e->lifetime_s)
			return p;
	}
	return found;
}

bool endpoint_room(struct engine *e)
{
	if (slab_room(&e->space, engine_slab(e, SLAB_ENDPOINT)))
		return true;
	if (victim(e))
		return true;
	/* Others are looked at the next time. */
	space_set(&engine_root(e)->hand_endpoint, engine_root(e)->hand_endpoint + PROBES);
	return false;
}

static void fill(struct engine *e, struct endpoint *p, const struct addr *remote,
		 const struct local *local)
{
	memset((uint8_t *)p + sizeof p->o, 0, sizeof *p - sizeof p->o);
	p->remote = *remote;
	p->local = *local;
	p->seen_s = engine_seconds(e);
	p->queue = p->sent = CHAIN_EMPTY;
	p->observers = SLAB_NIL;
	p->dedup_head = p->dedup_tail = SLAB_NIL;
}

struct endpoint *endpoint_add(struct engine *e, const struct addr *remote,
			      const struct local *local)
{
	struct slab *b = engine_slab(e, SLAB_ENDPOINT);
	struct endpoint *p = slab_take(&e->space, b);

	if (!p) {
		/* A victim's memory is free only after the commit, so a full slab
		 * gives the same object again: dead, then born anew.  What it
		 * held is logged, as every change of a live object. */
		struct endpoint fresh, *old = victim(e);

		if (!old) {
			engine_count(e, COUNT_FULL_ENDPOINTS);
			return NULL;
		}
		fresh.o = old->o;
		fill(e, &fresh, remote, local);
		table_remove(&e->endpoints, b, key_hash(e, &old->remote, &old->local), old);
		fresh.o.word = slab_word(b->magic, slab_gen(old->o.word) % 0x7fff + 1, 1);
		space_set(&engine_root(e)->hand_endpoint, slab_index(b, old) + 1);
		undo_copy(&e->space, old, &fresh, sizeof fresh);
		p = old;
	} else {
		fill(e, p, remote, local);
		slab_publish(&e->space, b, p);
	}
	table_insert(&e->endpoints, b, key_hash(e, remote, local), p);
	return p;
}

bool endpoint_mid(struct engine *e, struct endpoint *p, uint16_t *mid)
{
	uint32_t now = engine_seconds(e), left;

	if (!(p->next_mid & MID_VALID))
		undo_set(&e->space, &p->next_mid, MID_VALID | (engine_random(e) & 0xffff));
	*mid = (uint16_t)p->next_mid;
	left = p->quarter_s[*mid >> 14];
	return left == 0 || now - left > e->lifetime_s;
}

void endpoint_mid_used(struct engine *e, struct endpoint *p)
{
	uint16_t next = (uint16_t)(p->next_mid + 1);

	if ((next & 0x3fff) == 0)
		undo_set(&e->space, &p->quarter_s[(uint16_t)p->next_mid >> 14],
			 engine_seconds(e));
	undo_set(&e->space, &p->next_mid, MID_VALID | next);
}

/* --- the window of message IDs seen from the peer -------------------------- */

#define WORDS (WINDOW_BITS / 32)

/* How many lifetimes ago the present half of the marks began: 0, 1 or more. */
static uint32_t window_age(const struct engine *e, const struct endpoint *p)
{
	uint32_t since = engine_seconds(e) - p->window_s;

	/* Most often it is 0, and division takes long. */
	return since <= e->lifetime_s ? 0 : since / (e->lifetime_s + 1);
}

static bool window_valid(const struct engine *e, const struct endpoint *p)
{
	return (p->window_hi & MID_VALID) && window_age(e, p) < 2;
}

static bool window_bit(const struct engine *e, const struct endpoint *p, uint16_t mid)
{
	uint32_t word = p->window[0][mid % WINDOW_BITS / 32];

	if (window_age(e, p) == 0)
		word |= p->window[1][mid % WINDOW_BITS / 32];
	return word >> mid % 32 & 1;
}

enum window_state window_state(const struct engine *e, const struct endpoint *p, uint16_t mid)
{
	int ahead;

	if (!window_valid(e, p))
		return WINDOW_FRESH;
	ahead = (int16_t)(mid - p->window_hi);
	if (ahead > 0)
		return WINDOW_FRESH;
	if (ahead <= -(int)WINDOW_BITS)
		return WINDOW_BEHIND;
	return window_bit(e, p, mid) ? WINDOW_SEEN : WINDOW_UNSEEN;
}

static void clear_words(struct engine *e, struct endpoint *p, unsigned half,
			const uint32_t mask[WORDS])
{
	for (unsigned i = 0; i < WORDS; i++)
		if (p->window[half][i] & mask[i])
			undo_set(&e->space, &p->window[half][i], p->window[half][i] & ~mask[i]);
}

/* Clears the marks of the IDs passed over on the way to a newer one. */
static void clear_between(struct engine *e, struct endpoint *p, uint16_t hi, int ahead)
{
	uint32_t mask[WORDS] = { 0 };

	for (int k = 1; k <= ahead && k <= (int)WINDOW_BITS; k++) {
		uint16_t m = (uint16_t)(hi + k) % WINDOW_BITS;

		mask[m / 32] |= 1u << m % 32;
	}
	clear_words(e, p, 0, mask);
	clear_words(e, p, 1, mask);
}

static const uint32_t every[WORDS] = { ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u };

static void window_begin(struct engine *e, struct endpoint *p, uint16_t mid)
{
	clear_words(e, p, 0, every);
	clear_words(e, p, 1, every);
	undo_set(&e->space, &p->window_hi, MID_VALID | mid);
	undo_set(&e->space, &p->window_s, engine_seconds(e));
}

/* The present half becomes the old one. */
static void window_turn(struct engine *e, struct endpoint *p)
{
	undo_copy(&e->space, p->window[1], p->window[0], sizeof p->window[1]);
	clear_words(e, p, 0, every);
	undo_set(&e->space, &p->window_s, engine_seconds(e));
}

static __attribute__((noinline)) void mark(struct engine *e, struct endpoint *p, uint16_t mid,
					   bool restart)
{
	uint32_t *word = &p->window[0][mid % WINDOW_BITS / 32];
	int ahead = (int16_t)(mid - p->window_hi);

	if (restart || !window_valid(e, p)) {
		window_begin(e, p, mid);
		ahead = 0;
	} else if (window_age(e, p) > 0) {
		window_turn(e, p);
	}
	if (ahead > 0) {
		/* The mark of this one is about to be made, whatever it was. */
		if (ahead > 1)
			clear_between(e, p, (uint16_t)p->window_hi, ahead - 1);
		undo_set(&e->space, &p->window_hi, MID_VALID | mid);
	} else if (ahead <= -(int)WINDOW_BITS) {
		return;         /* no place for it */
	}
	if (!(*word >> mid % 32 & 1))
		undo_set(&e->space, word, *word | 1u << mid % 32);
}

void window_mark(struct engine *e, struct endpoint *p, uint16_t mid, bool restart)
{
	uint32_t *word = &p->window[0][mid % WINDOW_BITS / 32], bit = 1u << mid % 32;

	/* Most message IDs are the next. */
	if (restart || !window_is_next(p, mid) || window_age(e, p) > 0)
		mark(e, p, mid, restart);
	else if (*word & bit)   /* of one long ago */
		undo_set(&e->space, &p->window_hi, MID_VALID | mid);
	else
		undo_set_both(&e->space, &p->window_hi, MID_VALID | mid, word, *word | bit);
}

/* A site that took over may have closed the listener it spoke to. */
static bool has_socket(const struct engine *e, const struct endpoint *p)
{
	return !e->conf.nports ||
	       (p->local.sock < e->conf.nports && e->conf.ports[p->local.sock]);
}

bool endpoint_adopt(struct engine *e, struct endpoint *p)
{
	if (!p->remote.port || p->remote.zero || p->local.zero || !has_socket(e, p))
		return false;
	p->nexchanges = p->nassemblies = p->nobservers = p->nactive = p->nnamed = p->ndedup = p->nkept = 0;
	p->queue = p->sent = CHAIN_EMPTY;
	p->observers = SLAB_NIL;
	p->dedup_head = p->dedup_tail = SLAB_NIL;
	if (p->next_non > e->now + endpoint_pauses(e) || p->last_non > e->now)
		p->next_non = p->last_non = 0;
	table_insert(&e->endpoints, engine_slab(e, SLAB_ENDPOINT),
		     key_hash(e, &p->remote, &p->local), p);
	return true;
}
