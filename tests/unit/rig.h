/* rig.h - an engine over plain memory with an invented clock: what the tests of
 * the exchange layer stand on.
 *
 * Messages go in one at a time, as datagrams from "peer N" (address ::N, port
 * 1000+N); what the engine sends is read back and taken away.  A crash is
 * forgetting the handle and adopting the memory. */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include "coap/frame_udp.h"
#include "exchange/adopt.h"
#include "exchange/client.h"
#include "exchange/dedup.h"
#include "exchange/exchange.h"
#include "exchange/expire.h"
#include "exchange/input.h"

/* What a waiting request belongs to, in place of a real task. */
#define RIG_TASKS ENGINE_SLABS
struct rig_task {
	struct object o;
	uint64_t zero;
};

struct rig {
	struct engine e;
	struct engine_conf conf;
	struct space_def def;
	void *mem;
	struct input in;
	unsigned runs;                  /* requests that reached "the module" */
	struct rig_task *task;          /* of the request that waits last */
	ref_t waiting;
	enum expire_verdict expired;    /* the last one */
	struct response failed;         /* of the last EXPIRE_FAILED */
	unsigned taken;                 /* of what was sent */
	void (*adopt)(struct engine *); /* of the layer above; NULL */
};

struct engine_limits rig_limits(void);
struct rig *rig_new(const struct engine_limits *limits);        /* NULL: rig_limits() */
/* The same with slabs of the layer above, a zero one behind them, in place of struct rig_task, and that
 * layer's part of an adoption. */
struct rig *rig_new_above(const struct engine_limits *limits, const struct slab_def *tasks,
			  void (*adopt)(struct engine *));
void rig_free(struct rig *r);

/* The worker dies; another one adopts.  Returns datagrams left in the batch. */
unsigned rig_crash(struct rig *r);
/* The same up to the point where what was executing is to be settled. */
void rig_adopt(struct rig *r);

struct addr rig_peer(unsigned n);
struct local rig_local(void);

/* Builds a message: options as "11=temp 258=#02" (text, or bytes in hex after #). */
size_t rig_build(uint8_t *out, size_t cap, uint8_t type, uint8_t code, uint16_t mid,
		 const char *token, const char *options, const char *payload);

/* One datagram from a peer through input_datagram(); the event stays open. */
enum input_verdict rig_in(struct rig *r, unsigned peer, const void *data, size_t n);
enum input_verdict rig_msg(struct rig *r, unsigned peer, uint8_t type, uint8_t code,
			   uint16_t mid, const char *token, const char *options);

/* The same and all of the server's work: a request for path "w" waits, all others
 * are answered 2.05 (safe) or 2.04 with "N", the number of runs; then commits. */
void rig_serve(struct rig *r, unsigned peer, uint8_t type, uint8_t code, uint16_t mid,
	       const char *token, const char *options);
void rig_serve_raw(struct rig *r, unsigned peer, const void *data, size_t n);

/* Ends the event. */
void rig_commit(struct rig *r);
/* Answers the request that waits last with 2.05 and this payload; commits. */
void rig_finish(struct rig *r, const char *payload);
/* Sets the clock forward and does all that is due (not for foreign slabs). */
unsigned rig_wait(struct rig *r, uint64_t ms);

/* What was sent since the last take: one by one, in order; false when none is
 * left.  Views last until the next event. */
struct rig_sent {
	struct message m;
	struct span bytes;
	struct addr to;
	struct local from;
};
bool rig_take(struct rig *r, struct rig_sent *out);
unsigned rig_sent_n(const struct rig *r);

uint64_t rig_counter(const struct rig *r, enum counter c);
bool rig_payload_is(const struct rig_sent *s, const char *text);

/* "ACK 2.05 mid=1 tok=ab pay=xyz" of the next datagram sent, or "nothing". */
const char *rig_next(struct rig *r);

#endif
