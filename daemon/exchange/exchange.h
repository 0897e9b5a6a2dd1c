/* exchange.h - one interaction that is not over when its datagram is: a request of
 * a peer's that waits for a module, a separate response, a request of ours.
 *
 * It keeps the message (the request while waiting, what we sent after that), so
 * that it can be taken up or retransmitted by any later worker.  States:
 *
 *	WAITING --answer--> QUEUED --NSTART--> SENT --ACK--> (gone, or ACKED for ours)
 *	   ours: QUEUED ...                     | timeout, RST, response: gone
 *	   ours, kept:                          | response: KEPT --once more--> QUEUED
 */
#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include "exchange/endpoint.h"
#include "exchange/stored.h"

enum exchange_state {
	EXCHANGE_WAITING = 1,   /* server role: a module works on it */
	EXCHANGE_QUEUED,        /* NSTART others are under way to the peer */
	EXCHANGE_SENT,          /* sent; no acknowledgement or response yet */
	EXCHANGE_ACKED,         /* client role: acknowledged, no response yet; or sent to
				 * a group, which acknowledges nothing */
	EXCHANGE_KEPT,          /* client role: had its response, others may follow */
	EXCHANGE_STATES
};

enum exchange_role {
	ROLE_SERVER = 1,
	ROLE_CLIENT,
	ROLE_NOTIFY,            /* a notification; owner is its observer, if that still is */
	ROLES
};

/* Client role. */
enum exchange_flags {
	EXCHANGE_KEEP = 1,      /* responses do not end it */
	EXCHANGE_GROUP = 2,     /* to a group: nor do members' errors; time does */
	EXCHANGE_NAMED = 4,     /* the token in its message is of the caller's choice */
	EXCHANGE_FLAGS = 7
};

#define EXCHANGE_INSIDE 160u

struct exchange {
	struct object o;
	ref_t peer;
	ref_t dedup;            /* server role: of the request */
	ref_t assembly;         /* server role: of a request whose body came in blocks; 0 */
	uint64_t owner;         /* of a layer above: its task */
	uint64_t deadline;      /* ms; delayed ACK, retransmission, give-up; 0 none */
	uint32_t state, role;
	uint32_t type;          /* CON or NON, of the message that is or will be sent */
	uint32_t code;          /* client role: of the request */
	uint32_t order;         /* among those to the same peer */
	uint32_t mid;           /* ours, from SENT on; the request's while WAITING */
	uint32_t acked;         /* WAITING: the empty acknowledgement went out */
	uint32_t retries;
	uint32_t timeout_ms;    /* current retransmission timeout */
	uint32_t wait_ms;       /* client role: for the response; server role: when it began to
				 * wait, its lower half */
	uint32_t secret;        /* client role: half of the token */
	uint32_t flags;         /* enum exchange_flags */
	struct stored msg;
	/* derived: */
	uint32_t next, prev;    /* in the chain of its state, see exchange.c */
	uint8_t inside[EXCHANGE_INSIDE];
};

static inline struct exchange *exchange_get(struct engine *e, ref_t ref)
{
	return slab_get(&e->space, engine_slab(e, SLAB_EXCHANGE), ref);
}

static inline ref_t exchange_ref(struct engine *e, const struct exchange *x)
{
	return slab_ref(&e->space, engine_slab(e, SLAB_EXCHANGE), x);
}

/* Client role: the peer has acknowledged it, or was not asked to. */
static inline bool exchange_is_taken(const struct exchange *x)
{
	return x->state == EXCHANGE_ACKED ||
	       (x->state == EXCHANGE_SENT && x->type == COAP_NON);
}

/* A new waiting one that keeps request m; NULL at a limit (counted). */
struct exchange *exchange_wait(struct engine *e, struct endpoint *p, ref_t dedup,
			       uint64_t owner, struct span m, uint8_t type, uint16_t mid);

/* A new outgoing one in state QUEUED, message still to come; NULL at a limit
 * (counted). */
struct exchange *exchange_new(struct engine *e, struct endpoint *p, bool non, uint32_t flags);

/* A new confirmable one in state QUEUED that carries notification m of an observer.
 * retries, if not 0, and timeout_ms are of the one whose place it takes (RFC 7641
 * 4.5.2).  NULL at a limit (counted); none counts as the peer's, who may have as many
 * as it has observers. */
struct exchange *exchange_notify(struct engine *e, struct endpoint *p, ref_t observer,
				 uint32_t retries, uint32_t timeout_ms, struct span m);

/* A waiting one becomes an outgoing one that carries answer m (confirmable). */
bool exchange_turn(struct engine *e, struct exchange *x, struct span m);

/* Sends what NSTART allows (RFC 7252 4.7): to be called whenever something was
 * queued or ended for the peer. */
void exchange_start(struct engine *e, struct endpoint *p);

/* Sends the message once more, byte for byte (4.2), with a doubled timeout; false
 * if MAX_RETRANSMIT is reached. */
bool exchange_again(struct engine *e, struct exchange *x);

/* Client role: an empty ACK came. */
void exchange_acked(struct engine *e, struct exchange *x);

/* Client role: a response came and does not end it. */
void exchange_keep(struct engine *e, struct exchange *x);

/* A kept one carries message m now, of this type; false if there is no room. */
bool exchange_requeue(struct engine *e, struct exchange *x, struct span m, uint8_t type);

/* The empty acknowledgement of the waiting request goes out. */
void exchange_send_ack(struct engine *e, struct exchange *x);

/* It is over; what is queued behind it may start (the caller's exchange_start). */
void exchange_kill(struct engine *e, struct exchange *x);

/* The one of ours with this message ID, sent and not over (4.4: by endpoint and
 * message ID together), or NULL. */
struct exchange *exchange_by_mid(struct engine *e, struct endpoint *p, uint16_t mid);

/* --- by token (exchange_token.c) --- */

/* The request of ours to this peer, sent and not over, that a token belongs to, or
 * NULL; and one to a group, sent from this socket of the space's. */
struct exchange *exchange_by_token(struct engine *e, struct endpoint *p, struct span token);
struct exchange *exchange_of_group(struct engine *e, uint16_t sock, struct span token);

/* Whether any request to the peer, sent or not, has the token. */
bool exchange_has_token(struct engine *e, struct endpoint *p, struct span token);

#define CLIENT_TOKEN 8u         /* bytes of those we choose, and at most */
void exchange_token(struct engine *e, const struct exchange *x, uint8_t token[CLIENT_TOKEN]);

/* The token in the message of one of ours. */
struct span exchange_message_token(struct engine *e, const struct exchange *x);

/* Adopt: puts a plausible one back where its state wants it; false if it is
 * implausible.  drop takes it out again.  Once all are back, exchange_sorted() of
 * each brings those to one peer into their order. */
bool exchange_adopt(struct engine *e, struct exchange *x);
void exchange_drop(struct engine *e, struct exchange *x);
void exchange_sorted(struct engine *e, const struct exchange *x);

#endif
