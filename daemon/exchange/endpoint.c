#include "exchange/endpoint.h"

#include "exchange/dealings.h"

#define PROBES 16       /* endpoints looked at for one that has been silent for long */
#define PROBES_MOST 256 /* and for one that can go at all, before the limit is called reached:
			 * in a row in memory, which takes little */

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
	uint64_t hash = key_hash(e, remote, local);
	uint32_t i = table_first(&e->endpoints, hash);

	while (i != SLAB_NIL) {
		struct endpoint *p = slab_at(b, i);

		if (addr_eq(&p->remote, remote) && local_eq(&p->local, local)) {
			e->found.peer = p;
			e->found.hash = hash;
			return p;
		}
		i = p->o.link;
	}
	return NULL;
}

uint64_t endpoint_make_hash(const struct engine *e, const struct endpoint *p)
{
	return key_hash(e, &p->remote, &p->local);
}

/* Of one that is forgetful the window is all that tells duplicates. */
static bool evictable(const struct engine *e, const struct endpoint *p)
{
	const struct dealings *d = dealings_of(e, p);

	return p->ndedup == 0 && !dealings_hold(d) && !dealings_forgetful(e, d);
}

/* The clock hand: the first of a few endpoints that has nothing attached, one
 * that has been silent for long if there is such. */
static struct endpoint *victim(struct engine *e)
{
	struct slab *b = engine_slab(e, SLAB_ENDPOINT);
	struct engine_root *root = engine_root(e);
	uint32_t hwm = e->space.ctl->hwm[SLAB_ENDPOINT];
	struct endpoint *found = NULL;

	for (unsigned n = 0; n < (found ? PROBES : PROBES_MOST) && n < hwm; n++) {
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
	space_set(&engine_root(e)->hand_endpoint, engine_root(e)->hand_endpoint + PROBES_MOST);
	return false;
}

static void fill(struct engine *e, struct endpoint *p, const struct addr *remote,
		 const struct local *local)
{
	memset((uint8_t *)p + sizeof p->o, 0, sizeof *p - sizeof p->o);
	p->remote = *remote;
	p->local = *local;
	p->seen_s = engine_seconds(e);
	p->dealings = SLAB_NIL;
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
		fresh.o.word = slab_word_next(b, old);
		fresh.dealings = old->dealings;
		dealings_inherit(e, old, slab_ref_next(&e->space, b, old));
		space_set(&engine_root(e)->hand_endpoint, slab_index(b, old) + 1);
		undo_copy(&e->space, old, &fresh, sizeof fresh);
		p = old;
	} else {
		fill(e, p, remote, local);
		slab_publish(&e->space, b, p);
	}
	e->found.peer = p;      /* it may have been another one's */
	e->found.hash = key_hash(e, remote, local);
	table_insert(&e->endpoints, b, e->found.hash, p);
	return p;
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
	p->ndedup = p->nkept = 0;
	p->dealings = p->dedup_head = p->dedup_tail = SLAB_NIL;
	table_insert(&e->endpoints, engine_slab(e, SLAB_ENDPOINT),
		     key_hash(e, &p->remote, &p->local), p);
	return true;
}
