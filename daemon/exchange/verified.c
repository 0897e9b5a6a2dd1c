#include "exchange/verified.h"

#include "base/hash.h"
#include "exchange/echo.h"
#include "exchange/exchange.h"

#include <errno.h>
#include <stdlib.h>

#define BELOW 62u       /* Ethernet, IPv6 and UDP headers, as RFC 9175 counts */

int verified_init(struct verified *v, uint32_t n)
{
	uint32_t room = 2;

	*v = (struct verified){ .entry = NULL };
	if (!n)
		return 0;
	while (room < n && room < 1u << 30)
		room *= 2;
	v->entry = calloc(room, sizeof *v->entry);
	v->mask = room - 1;
	return v->entry ? 0 : -ENOMEM;
}

void verified_free(struct verified *v)
{
	free(v->entry);
	v->entry = NULL;
}

static uint64_t hash_of(const struct engine *e, const struct addr *a)
{
	return hash_bytes(&e->space.ctl->key, a->ip, sizeof a->ip);
}

static uint32_t mark_of(uint64_t h)
{
	return (uint32_t)(h >> 32) | 1;
}

static bool is_believed(const struct engine *e, const struct verified_entry *v, uint64_t h)
{
	return v->mark == mark_of(h) && engine_seconds(e) - v->at_s <= VERIFIED_S;
}

/* An address has two places. */
static struct verified_entry *place(const struct engine *e, uint64_t h, unsigned i)
{
	return &e->verified.entry[((uint32_t)h & e->verified.mask) ^ i];
}

static bool knows(const struct engine *e, uint64_t h)
{
	return is_believed(e, place(e, h, 0), h) || is_believed(e, place(e, h, 1), h);
}

/* Within an event that dies this is known all the same: it is true. */
static void remember(struct engine *e, uint64_t h)
{
	struct verified_entry *a = place(e, h, 0), *b = place(e, h, 1), *v;

	/* 0 is no time (engine_seconds()), so an empty one is the oldest. */
	v = a->mark == mark_of(h) || a->at_s <= b->at_s ? a : b;
	if (b->mark == mark_of(h))
		v = b;
	*v = (struct verified_entry){ mark_of(h), engine_seconds(e) };
	engine_count(e, COUNT_VERIFIED);
}

bool verified_sender(struct engine *e, const struct request *r)
{
	uint64_t h = hash_of(e, &r->from);
	struct span echo;

	if (!e->verified.entry || knows(e, h))
		return true;
	if (!message_option(&r->msg, OPT_ECHO, 0, &echo) || !echo_reached(e, &r->from, echo))
		return false;
	remember(e, h);
	return true;
}

/* What the datagram had. */
static size_t length_of(struct engine *e, const struct request *r)
{
	if (r->waiting)
		return stored_get(e, &r->waiting->msg, r->waiting->inside).n;
	return r->rx < BATCH_RX ? batch_of(&e->space)->rx[r->rx].len : 0;
}

size_t verified_most(struct engine *e, const struct request *r)
{
	return (size_t)e->conf.amplification * (length_of(e, r) + BELOW) - BELOW;
}
