/* engine.h - the exchange layer's stage msg over one space: who it owns, and
 * what happens to it.
 *
 * The engine is the message layer of RFC 7252 in both roles.  It does no I/O and
 * reads no clock: the caller sets engine.now before each event, hands it
 * datagrams of the batch or asks what is due, and sends what it appends to the
 * batch.  One event is one transaction: input, answer, then engine_commit().
 * All it remembers lives in the space's slabs; what is declared `derived` is
 * rebuilt by engine_adopt().  One worker at a time runs it.
 *
 * Limits are for what is new: an adopter that has lower ones keeps what there is. */
#ifndef EXCHANGE_ENGINE_H
#define EXCHANGE_ENGINE_H

#include "base/batch.h"
#include "base/changes.h"
#include "base/counter.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/slab.h"
#include "base/table.h"
#include "coap/message.h"
#include "coap/option.h"
#include "coap/params.h"
#include "exchange/flight.h"

/* Slabs of the engine; a layer above numbers its own from ENGINE_SLABS. */
enum engine_slab { SLAB_ENDPOINT, SLAB_DEALINGS, SLAB_DEDUP, SLAB_EXCHANGE, SLAB_BLOB, SLAB_XFER, SLAB_OBS,
		   SLAB_BODY_SMALL, SLAB_BODY, SLAB_ASSEMBLY, SLAB_REPRESENTATION,
		   SLAB_OBSERVER, ENGINE_SLABS };

struct engine_limits {
	uint32_t endpoints;     /* peers remembered */
	uint32_t dedup;         /* answered requests remembered */
	uint32_t exchanges;     /* outgoing requests and confirmable messages */
	uint32_t waiting;       /* requests waiting for a module */
	uint32_t tasks;         /* work of modules that is no request; may be 0 */
	uint32_t messages;      /* stored messages that do not fit their object */
	uint32_t xfers;         /* block-wise requests of ours; may be 0 */
	uint32_t observations;  /* of ours, of others' resources; may be 0 */
	uint32_t small_bodies, bodies;  /* put together or taken apart; may be 0 */
	uint32_t assemblies;    /* requests whose bodies come in blocks; may be 0 */
	uint32_t assemblies_per_endpoint;
	uint32_t answers_per_endpoint;
	uint32_t answers_lent;  /* of dedup: until so many are taken a peer may have more */
	uint32_t observers;     /* of resources of ours; may be 0 */
	uint32_t observers_per_endpoint;
	uint32_t representations;       /* that they observe */
	uint32_t exchanges_per_endpoint;        /* waiting and outgoing ones */
	uint32_t token_length;  /* longer tokens are message format errors; at most */
#define ENGINE_TOKEN_MOST 1024u
};

struct bodies;

struct engine_conf {
	struct params params;           /* RFC 7252 4.8 */
	struct engine_limits limits;    /* for this space */
	struct option_set options;      /* critical options that are understood */
	uint32_t ack_delay_ms;          /* an answer sooner than this is piggybacked */
	bool reuse_mids;                /* message IDs of ours come again without regard to
					 * EXCHANGE_LIFETIME (against 4.4), but for those
					 * under way: for load generators */
	uint32_t assembly_ms;           /* between two blocks of a body at most */
	uint32_t szx;                   /* of the largest block we take and give */
	uint32_t observe_con_every;     /* so many notifications, and one is confirmable */
	uint32_t observe_pause_ms;      /* for a client, after one that is not (RFC 7641
					 * 4.5.1); 0: none */
	uint32_t flight;        /* notifications under way at most (flight.h); 0: any number */
	struct bodies *bodies;          /* room for them (body.h), borrowed; NULL: none */
	uint32_t amplification;         /* so many times a request's length an answer may have
				 * that goes to an address nobody has proved to be its own
				 * (verified.h); 0: any length */
	uint32_t verified;              /* addresses that are known to be, about so many */
	const uint16_t *ports;          /* of our own ends, by number of the socket, borrowed;
					 * 0: there is no such socket any more */
	unsigned nports;                /* 0: nobody asks */
};

/* Stored words that belong to no object; in the space's root record. */
struct engine_root {
	uint64_t exec;          /* dedup entry or exchange whose outside effect is
				 * under way; valid while space_exec() is 1 */
	uint64_t running;       /* exchange whose hook runs, 0 none: who is to blame */
	uint32_t order;         /* next number of an exchange or dedup entry */
	uint32_t draw;          /* draws from the generator so far */
	uint32_t mid;           /* for messages to nobody we remember */
	uint32_t hand_endpoint, hand_dedup;     /* clock hands; may be anything */
	uint32_t zero;
	uint64_t body_pages;    /* what bodies of this slot hold; read by other slots */
};

struct xfer_source;
struct witness;

/* A chain of a slab's objects by index, both ends; SLAB_NIL each when it is empty. */
struct chain {
	uint32_t head, tail;
};

#define CHAIN_EMPTY ((struct chain){ SLAB_NIL, SLAB_NIL })

#define ENGINE_ANSWERS 256u     /* a power of 2 */

/* Addresses that are known to be their senders' own (verified.h). */
struct verified {
	struct verified_entry {
		uint32_t mark;          /* of a keyed hash */
		uint32_t at_s;          /* since when; 0: empty */
	} *entry;                       /* owned; NULL: there is no limit for others */
	uint32_t mask;
};

struct engine {
	struct space space;
	struct engine_conf conf;
	uint32_t lifetime_s, non_lifetime_s;    /* EXCHANGE_LIFETIME and NON_LIFETIME */
	uint64_t now;           /* ms, CLOCK_MONOTONIC or invented; set per event */
	struct {
		uint64_t now;
		uint32_t s;
	} second;               /* of engine.now, if it is this one (engine_seconds()) */
	unsigned tx_n;          /* datagrams appended, committed ones included */
	struct witness *witness;        /* of answers, borrowed; NULL: nobody is told */
	const struct xfer_source *source;       /* of request bodies, borrowed; NULL: none
				 * has one (xfer.h) */
	unsigned ndead_bodies;  /* killed by the event under way */
	/* derived: */
	struct {
		const struct endpoint *peer;
		uint64_t hash;
	} found;                /* the one found or made last (endpoint_hash()) */
	struct table endpoints; /* by remote and local address */
	struct table dedups;    /* by endpoint and message ID of the peer's */
	struct table mids;      /* exchanges by endpoint and message ID of ours */
	struct table assemblies;        /* by endpoint and what their requests share */
	struct table representations;   /* by what is asked for */
	uint32_t words[CHANGES_WORDS];  /* the first representation of each word */
	struct heap deadlines;  /* items: see engine_deadline() */
	uint32_t first_item[SPACE_SLABS];
	uint32_t waiting_n, outgoing_n;         /* exchanges by state */
	uint32_t server_n, client_n;            /* and by role: the limits' */
	uint32_t notify_n;      /* notifications among the latter */
	uint32_t background_n;  /* tasks that are no request; of the layer above */
	struct chain groups;    /* exchanges with groups that have been sent */
	struct chain held;      /* representations that wait for room in: */
	struct flights flight;  /* notifications under way */
	struct log_limit limit; /* of what peers can have logged */
	struct verified verified;       /* a hint as well */
	uint32_t answers[ENGINE_ANSWERS];       /* what groups' members said lately, by
				 * hash; a hint, empty after a death */
};

/* Fills in the engine's slabs and the batch; the caller appends slabs of its
 * own, nslabs says how many there are. */
void engine_layout(struct space_def *def, const struct engine_limits *limits);

/* Opens an engine over memory of space_size(def); def and mem are borrowed.
 * The number of the slot goes into references; key is used only for new memory.
 * state says whether engine_adopt() must follow (it may always).  0, -ENOMEM. */
int engine_open(struct engine *e, void *mem, const struct space_def *def, uint8_t number,
		const struct hash_key *key, const struct engine_conf *conf,
		enum space_state *state);
void engine_close(struct engine *e);

/* After a commit: gives the memory of bodies that ended back (body.h). */
void body_release(struct engine *e);

/* --- events --------------------------------------------------------------- */

/* Ends the event: everything changed since the last commit becomes true, and
 * rx_next datagrams of the batch are done with. */
static inline void engine_commit(struct engine *e, unsigned rx_next)
{
	space_commit(&e->space, rx_next, e->tx_n, 0);
	if (e->ndead_bodies)
		body_release(e);
}

/* To be called once tx_n datagrams have been sent. */
static inline void engine_flushed(struct engine *e, unsigned rx_next)
{
	e->tx_n = 0;
	space_commit(&e->space, rx_next, 0, 0);
}

/* An object of any slab and the moment it wants attention.  Derived: the owner
 * sets it again when it adopts. */
static inline void engine_deadline(struct engine *e, const struct slab *b,
				   const void *obj, uint64_t at)
{
	heap_set(&e->deadlines, e->first_item[b->number] + slab_index(b, obj), at);
}

static inline void engine_no_deadline(struct engine *e, const struct slab *b, const void *obj)
{
	heap_remove(&e->deadlines, e->first_item[b->number] + slab_index(b, obj));
}

/* When engine_expire() has something to do, UINT64_MAX for never. */
uint64_t engine_next(const struct engine *e);

static inline struct slab *engine_slab(struct engine *e, unsigned number)
{
	return &e->space.slab[number];
}

static inline struct engine_root *engine_root(const struct engine *e)
{
	return space_root(&e->space);
}

static inline void engine_count(struct engine *e, enum counter c)
{
	space_count(&e->space, c);
}

/* Of a time in ms. */
static inline uint32_t engine_second_of(uint64_t now)
{
	uint32_t s = (uint32_t)(now / 1000);

	return s ? s : 1;
}

/* The time in seconds, never 0. */
static inline uint32_t engine_seconds(const struct engine *e)
{
	return e->second.now == e->now ? e->second.s : engine_second_of(e->now);
}

/* Sets the time of several events, for each of which seconds are not made anew then. */
static inline void engine_set_now(struct engine *e, uint64_t now)
{
	e->now = e->second.now = now;
	e->second.s = engine_second_of(now);
}

/* A number nobody can guess; part of the transaction, so a replay draws it
 * again. */
uint64_t engine_random(struct engine *e);

/* Next number in order of appearance; wraps, compare by difference. */
static inline uint32_t engine_order(struct engine *e)
{
	struct engine_root *root = engine_root(e);

	undo_set(&e->space, &root->order, root->order + 1);
	return root->order;
}

#endif
