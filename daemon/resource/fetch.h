/* fetch.h - a request that a module makes: what is remembered of it.
 *
 * An object in the slot, in the slab behind the tasks.  It belongs to a task, which
 * names it under the tag that awaits its response, and it names the transfer, the
 * observation or the exchange that carries it.  Host, options and body are kept in it,
 * so that any worker can begin it again: with another address, or from the start.
 *
 *	BEGIN --name--> NAMED --addresses--> SENT --response--> gone
 *	   `---address--------------------------^  `--the next address
 *	task over, cancelled: ENDED --> gone; of an observation LEAVING --> gone
 *
 * Owned by the slot, run by its worker. */
#ifndef RESOURCE_FETCH_H
#define RESOURCE_FETCH_H

#include "resource/task.h"

#define FETCH_SLAB (TASK_SLAB + 1u)     /* the layout comes right after task_layout() */
#define FETCH_ADDRS 4u                  /* of a name, that are tried */
#define FETCH_INSIDE 1408u              /* bytes of host, options and body */

enum fetch_state {
	FETCH_BEGIN = 1,        /* due at once */
	FETCH_NAMED,            /* the addresses of its host are asked for; due once that
				 * question has died with its worker */
	FETCH_SENT,             /* due: when another address is tried, 0 not at all */
	FETCH_LOST,             /* due at once: what carried it is gone */
	FETCH_ENDED,            /* due at once: nobody wants it any more */
	FETCH_LEAVING,          /* so, and the server of the observation is being told */
	FETCH_STATES
};

enum fetch_flags {
	FETCH_NON = 1,
	FETCH_OBSERVE = 2,
	FETCH_HEARD = 4,        /* the address in hand has answered something */
	FETCH_LENT = 8,         /* its body is part of that of the task's request */
	FETCH_FLAGS = 15
};

struct fetch {
	struct object object;
	ref_t task;
	ref_t sent;                     /* a transfer, an observation, an exchange; 0 none */
	uint64_t due;                   /* SENT: ms; 0 not at all */
	struct addr addr[FETCH_ADDRS];
	struct local from;              /* zero: the slot's client socket */
	uint32_t naddrs;                /* 0: not known yet */
	uint32_t at;                    /* the one in hand */
	uint32_t tag, state, flags;
	uint32_t code;                  /* of the request */
	uint32_t timeout_ms;            /* as in client.h */
	uint32_t stale;                 /* how often it began again for a change */
	uint32_t uri_n, options_n;      /* inside, in this order: scheme and authority of
					 * the URI, the options behind these as encoded */
	uint32_t body_n;                /* and the body, unless it is lent: */
	uint32_t body_at;               /* where it begins in that of the request */
	uint8_t inside[FETCH_INSIDE];
};

/* Appends the slab to a layout that task_layout() goes before. */
void fetch_layout(struct space_def *def, uint32_t cap);

static inline struct slab *fetch_slab(struct engine *e)
{
	return engine_slab(e, FETCH_SLAB);
}

static inline struct fetch *fetch_get(struct engine *e, ref_t ref)
{
	return slab_get(&e->space, fetch_slab(e), ref);
}

static inline ref_t fetch_ref(struct engine *e, const struct fetch *f)
{
	return slab_ref(&e->space, fetch_slab(e), f);
}

/* Takes an object that is zero and not live yet; NULL at the limit (counted).
 * fetch_publish() or slab_untake() must follow. */
struct fetch *fetch_take(struct engine *e);

/* Gives the filled object its life, for a task: it begins in an event of its own. */
void fetch_publish(struct engine *e, struct fetch *f, ref_t task);

/* Nobody wants it any more: an event of its own, due at once, gives it up.  A stale
 * reference does nothing. */
void fetch_end(struct engine *e, ref_t ref);

/* Changes state and deadline of a live one; when 0: none. */
void fetch_set(struct engine *e, struct fetch *f, enum fetch_state state, uint64_t when);

void fetch_kill(struct engine *e, struct fetch *f);

static inline struct span fetch_uri(const struct fetch *f)
{
	return span_of(f->inside, f->uri_n);
}

static inline struct span fetch_options(const struct fetch *f)
{
	return span_of(f->inside + f->uri_n, f->options_n);
}

/* Bytes of its body for the stages below (struct xfer_source); arg is the engine. */
bool fetch_read(void *arg, uint64_t owner, uint64_t offset, uint8_t *out, size_t n);

/* Its part of an adoption, after task_adopt(): drops and counts what makes no sense,
 * ends what no task awaits, arms the rest; a task that awaits one that is gone is told. */
void fetch_adopt(struct engine *e);

#endif
