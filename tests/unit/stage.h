/* stage.h - resources over a test engine: what the tests of daemon/resource
 * stand on.
 *
 * Mounts are made of descriptors in the test itself.  A hook that dies gives
 * control back to the stage, nothing was committed, and stage_crash() goes on
 * with what a successor would find. */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "exchange/body.h"
#include "exchange/xfer.h"
#include "resource/fetch_run.h"
#include "resource/wait.h"
#include "rig.h"

#define STAGE_TASKS 4u          /* requests that can wait */
#define STAGE_BACKGROUND 3u     /* tasks that are no requests */

struct stage {
	struct rig *rig;
	struct resources *R;
	bool died;                      /* the last hook did */
	unsigned deaths;                /* how often hooks are to die yet */
	unsigned runs;                  /* of hooks */
	unsigned last_attempt;          /* what the last event said */
	uint32_t seen_where;            /* space_ctl.where in the last run */
	struct windows_def windows;     /* room for bodies */
	struct bodies bodies;
	struct body_budget budget;
	const uint64_t *used;
	struct outside outside;         /* knows no name, and every way */
	struct xfer_source source;
	ref_t looked_up;                /* by what a name was asked for last */
	char name[64];
	unsigned ways;                  /* how many addresses have no way yet */
	struct rig_sent last;           /* what stage_next() told last: whom, from where */
	uint8_t token[8];
	uint16_t mid;                   /* of messages of servers */
};

#define STAGE_FETCHES 4u        /* requests that modules can have under way */
#define STAGE_CLIENT 1u         /* number of the client socket */

/* A descriptor; what else it has is written behind the hook. */
#define STAGE_MODULE(module, hook, ...) \
	static const struct coapd_module module = { \
		.abi = COAPD_ABI, .size = sizeof module, .name = #module, \
		.handle = hook, __VA_ARGS__ }

/* For hooks: counts the run in the stage that was made last, and dies if told to. */
void stage_note(const struct coapd_event *event);

/* For hooks: 2.05 with the name and what is left of the path, "|" in between. */
enum coapd_verdict stage_say(coapd_task *task, const char *name);

/* A hook: notes the event, says "leaf". */
enum coapd_verdict stage_leaf(void *self, coapd_task *task, const struct coapd_event *event);

/* A mount of path "/a/b" ("/" has no segments) for a descriptor. */
struct resource_mount_spec stage_spec(const char *path, const struct coapd_module *desc);

/* Opens n mounts; aborts the test when that fails. */
struct stage *stage_new(const struct resource_mount_spec *specs, size_t n);
struct stage *stage_one(const char *path, const struct coapd_module *desc);
void stage_free(struct stage *s);

uint64_t stage_counter(const struct stage *s, enum counter c);
/* Tasks that are live. */
uint32_t stage_tasks(const struct stage *s);

/* One datagram from peer 1, confirmable, served and committed; what is sent is
 * told by stage_next(). */
void stage_ask(struct stage *s, uint8_t method, uint16_t mid, const char *options);
void stage_ask_type(struct stage *s, uint8_t type, uint8_t method, uint16_t mid,
		    const char *options);

/* The same with a payload, from a peer. */
void stage_send(struct stage *s, unsigned peer, uint8_t method, uint16_t mid,
		const char *options, const char *payload);

/* Begins what open() asked for. */
void stage_begin(struct stage *s);

/* Peer 1 rejects the message of this ID. */
void stage_reset(struct stage *s, uint16_t mid);

/* Answers the request of ours that stage_next() told last, as its server: type COAP_ACK
 * is a piggybacked response, others have message IDs of their own. */
void stage_reply(struct stage *s, uint8_t type, uint8_t code, const char *options,
		 const char *payload);

/* Sets the clock forward and does all that is due. */
void stage_wait(struct stage *s, uint64_t ms);

/* The worker is gone; its successor adopts, settles what was executing, and works
 * on the rest of the batch. */
void stage_crash(struct stage *s);

/* "ACK 2.05 12=#00 pay=x" of the next datagram sent: options as rig_build() takes
 * them, values in hex; "nothing". */
const char *stage_next(struct stage *s);

/* Asks and tells. */
const char *stage_get(struct stage *s, const char *options);

#endif
