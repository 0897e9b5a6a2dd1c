#include "exchange/engine.h"

#include "base/siphash.h"
#include "exchange/assembly.h"
#include "exchange/dedup.h"
#include "exchange/exchange.h"
#include "exchange/kinds.h"
#include "exchange/obs.h"
#include "exchange/observer.h"
#include "exchange/verified.h"

#include <errno.h>

_Static_assert(sizeof(struct engine_root) <= SPACE_ROOT, "root record too small");
_Static_assert(sizeof(struct endpoint) % 8 == 0, "endpoint size");
_Static_assert(sizeof(struct dealings) % 8 == 0, "dealings size");
_Static_assert(sizeof(struct dedup) % 8 == 0, "dedup size");
_Static_assert(sizeof(struct exchange) % 8 == 0, "exchange size");
_Static_assert(sizeof(struct blob) % 8 == 0, "blob size");
_Static_assert(sizeof(struct xfer) % 8 == 0, "transfer size");
_Static_assert(sizeof(struct obs) % 8 == 0, "observation size");

/* What an event ends is free only after its commit, yet makes room at once for what
 * the same event begins: a transfer's next message, the next transfer.  The limits
 * themselves count what lives. */
#define EVENT_SPARE 2u

static uint32_t spare(uint32_t n)
{
	return n ? n + EVENT_SPARE : 0;
}

/* Those of the others are counted beside (exchange.c, stored.c...). */
static const enum engine_slab by_cap[] = { SLAB_ENDPOINT, SLAB_DEDUP, SLAB_BODY_SMALL, SLAB_BODY,
					   SLAB_ASSEMBLY };

#define ROW(number, title, mark, type, n) \
	[SLAB_##number] = { .name = title, .magic = mark, .size = sizeof(struct type), .cap = n, \
			    .kind = &type##_kind }

void engine_layout(struct space_def *def, const struct engine_limits *limits)
{
	*def = (struct space_def){
		.slab = {
			ROW(ENDPOINT, "endpoints", 0x9ee1, endpoint, limits->endpoints),
			ROW(DEALINGS, "dealings", 0xdea1, dealings, limits->endpoints),
			ROW(DEDUP, "dedup", 0xdd02, dedup, limits->dedup),
			ROW(EXCHANGE, "exchanges", 0xe7c3, exchange,
			    limits->exchanges + limits->waiting + EVENT_SPARE),
			ROW(BLOB, "messages", 0xb10b, blob,
			    limits->messages + EVENT_SPARE),
			ROW(XFER, "transfers", 0x8fe4, xfer, spare(limits->xfers)),
			ROW(OBS, "observations", 0x0b55, obs,
			    spare(limits->observations)),
			ROW(BODY_SMALL, "small bodies", 0x5b0d, body,
			    limits->small_bodies),
			ROW(BODY, "bodies", 0xb0d7, body, limits->bodies),
			ROW(ASSEMBLY, "assemblies", 0xa55e, assembly, limits->assemblies),
			ROW(REPRESENTATION, "representations", 0x4e94, representation,
			    spare(limits->representations)),
			ROW(OBSERVER, "observers", 0x0b5e, observer,
			    spare(limits->observers)),
		},
		.nslabs = ENGINE_SLABS,
		.extra = sizeof(struct batch),
		.extra_kind = &batch_kind,
		.root_kind = &engine_root_kind,
		.windowed = SLAB_BODY_SMALL,
	};
	def->slab[SLAB_DEALINGS].late = true;
	for (size_t i = 0; i < sizeof by_cap / sizeof *by_cap; i++)
		def->slab[by_cap[i]].by_cap = true;
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
	*e = (struct engine){ .conf = *conf, .groups = CHAIN_EMPTY,
			      .held = CHAIN_EMPTY, .flight = { .room = conf->flight } };
	e->lifetime_s = (uint32_t)(params_exchange_lifetime(&conf->params) / 1000);
	e->non_lifetime_s = (uint32_t)(params_non_lifetime(&conf->params) / 1000);
	engine_set_now(e, 0);
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
