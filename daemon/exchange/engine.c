#include "exchange/engine.h"

#include "base/siphash.h"
#include "exchange/assembly.h"
#include "exchange/dedup.h"
#include "exchange/exchange.h"
#include "exchange/obs.h"
#include "exchange/observer.h"
#include "exchange/verified.h"

#include <errno.h>

_Static_assert(sizeof(struct engine_root) <= SPACE_ROOT, "root record too small");
_Static_assert(sizeof(struct endpoint) % 8 == 0, "endpoint size");
_Static_assert(sizeof(struct dedup) % 8 == 0, "dedup size");
_Static_assert(sizeof(struct exchange) % 8 == 0, "exchange size");
_Static_assert(sizeof(struct blob) % 8 == 0, "blob size");
_Static_assert(sizeof(struct xfer) % 8 == 0, "transfer size");
_Static_assert(sizeof(struct obs) % 8 == 0, "observation size");

/* What an event ends is free only after its commit, yet makes room at once for what
 * the same event begins: a transfer's next message, the next transfer.  The limits
 * themselves count what lives. */
#define EVENT_SPARE 2u

void engine_layout(struct space_def *def, const struct engine_limits *limits)
{
	*def = (struct space_def){
		.slab = {
			[SLAB_ENDPOINT] = { "endpoints", 0x9ee1, sizeof(struct endpoint),
					    limits->endpoints },
			[SLAB_DEDUP] = { "dedup", 0xdd02, sizeof(struct dedup), limits->dedup },
			[SLAB_EXCHANGE] = { "exchanges", 0xe7c3, sizeof(struct exchange),
					    limits->exchanges + limits->waiting + EVENT_SPARE },
			[SLAB_BLOB] = { "messages", 0xb10b, sizeof(struct blob),
					limits->messages + EVENT_SPARE },
			[SLAB_XFER] = { "transfers", 0x8fe4, sizeof(struct xfer),
					limits->xfers ? limits->xfers + EVENT_SPARE : 0 },
			[SLAB_OBS] = { "observations", 0x0b55, sizeof(struct obs),
				       limits->observations ?
				       limits->observations + EVENT_SPARE : 0 },
			[SLAB_BODY_SMALL] = { "small bodies", 0x5b0d, sizeof(struct body),
					      limits->small_bodies },
			[SLAB_BODY] = { "bodies", 0xb0d7, sizeof(struct body), limits->bodies },
			[SLAB_ASSEMBLY] = { "assemblies", 0xa55e, sizeof(struct assembly),
					    limits->assemblies },
			[SLAB_REPRESENTATION] = { "representations", 0x4e94,
						  sizeof(struct representation),
						  limits->representations ?
						  limits->representations + EVENT_SPARE : 0 },
			[SLAB_OBSERVER] = { "observers", 0x0b5e, sizeof(struct observer),
					    limits->observers ?
					    limits->observers + EVENT_SPARE : 0 },
		},
		.nslabs = ENGINE_SLABS,
		.extra = sizeof(struct batch),
	};
}

/* Deadlines are for exchanges and for the slabs of the layers above. */
static uint32_t number_items(struct engine *e)
{
	uint32_t n = 0;

	for (unsigned i = SLAB_EXCHANGE; i < e->space.nslabs; i++) {
		if (i == SLAB_BLOB)
			continue;
		e->first_item[i] = n;
		n += e->space.slab[i].cap;
	}
	return n;
}

int engine_open(struct engine *e, void *mem, const struct space_def *def, uint8_t number,
		const struct hash_key *key, const struct engine_conf *conf,
		enum space_state *state)
{
	*e = (struct engine){ .conf = *conf, .groups = CHAIN_EMPTY };
	e->lifetime_s = (uint32_t)(params_exchange_lifetime(&conf->params) / 1000);
	e->non_lifetime_s = (uint32_t)(params_non_lifetime(&conf->params) / 1000);
	memset(e->words, 0xff, sizeof e->words);
	*state = space_open(&e->space, mem, def, number, key);
	if (verified_init(&e->verified, conf->amplification ? conf->verified : 0) ||
	    table_init(&e->endpoints, e->space.slab[SLAB_ENDPOINT].cap) ||
	    table_init(&e->dedups, e->space.slab[SLAB_DEDUP].cap) ||
	    table_init(&e->mids, e->space.slab[SLAB_EXCHANGE].cap) ||
	    table_init(&e->assemblies, e->space.slab[SLAB_ASSEMBLY].cap) ||
	    table_init(&e->representations, e->space.slab[SLAB_REPRESENTATION].cap) ||
	    heap_init(&e->deadlines, number_items(e))) {
		engine_close(e);
		return -ENOMEM;
	}
	return 0;
}

void engine_close(struct engine *e)
{
	table_free(&e->endpoints);
	table_free(&e->dedups);
	table_free(&e->mids);
	table_free(&e->assemblies);
	table_free(&e->representations);
	heap_free(&e->deadlines);
	verified_free(&e->verified);
	space_close(&e->space);
}

uint64_t engine_next(const struct engine *e)
{
	const struct heap_entry *first = heap_min(&e->deadlines);

	return first ? first->at : UINT64_MAX;
}

uint64_t engine_random(struct engine *e)
{
	struct engine_root *root = engine_root(e);
	uint32_t in[2] = { root->draw + 1, e->space.number };   /* slots share a key */

	undo_set(&e->space, &root->draw, in[0]);
	return siphash(&e->space.ctl->key, in, sizeof in);
}

uint32_t engine_order(struct engine *e)
{
	struct engine_root *root = engine_root(e);

	undo_set(&e->space, &root->order, root->order + 1);
	return root->order;
}
