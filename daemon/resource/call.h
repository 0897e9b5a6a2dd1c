/* call.h - one run of a module's hook: what coapd_task is inside.
 *
 * Private memory of the worker, one at a time.  It borrows the engine and the
 * request in hand, and works on copies of what a task keeps; nothing in the slot
 * changes before the hook has returned. */
#ifndef RESOURCE_CALL_H
#define RESOURCE_CALL_H

#include "resource/jobs.h"
#include "resource/mount.h"
#include "resource/reply.h"

struct coapd_task {
	struct engine *engine;
	struct coapd_mount *mount;
	struct request *request;        /* NULL: the task is none */
	struct task *task;      /* live, or taken for a request that may wait, or NULL */
	bool live;              /* it waited before */
	bool used;              /* anything but the reply was, so there is more to clear */
	bool draining;
	bool refused;           /* there was no task to be had */
	bool named;             /* the module knows the name of a task that is not live yet */
	bool is_private;        /* what it says is for this peer alone (call_private()) */
	bool observes;          /* the module will tell of changes, */
	enum coapd_notify notify;       /* and how */
	bool asks;              /* the request asks to observe: */
	uint32_t word;          /* what tells of changes to what it asks for, */
	uint64_t seen;          /* and its value before the hook began */
	uint64_t at[COAPD_TAGS];
	uint8_t awaits[COAPD_TAGS];
	ref_t fetch[COAPD_TAGS];
	struct fetch *fresh[COAPD_TAGS];        /* made by this run, not live yet */
	uint64_t scratch[COAPD_SCRATCH / 8];
	struct job *job[COAPD_TAGS];    /* taken in this run */
	struct reply reply;
	struct coapd_peer peer;         /* what coapd_peer() tells, and its texts */
	char peer_text[ADDR_TEXT], local_text[ADDR_TEXT];
};

struct coapd_msg {
	struct message message;
};

/* Prepares the run for a fresh request, and for a live task. */
void call_prepare(struct coapd_task *t, struct engine *e, struct request *r, bool draining);
void call_live(struct coapd_task *t, struct engine *e, struct request *r, struct task *task);

/* The task that the request will wait in; NULL (counted) when none is to be had. */
struct task *call_reserve(struct coapd_task *t);

/* The hook has looked at who asks: what it answers is to be shared neither with other
 * observers nor by caches. */
void call_private(struct coapd_task *t);

/* Around a function of the module of a mount, within an event of the slot of e (NULL: of
 * none): where the worker is, and how long it is there.  What call_enter() returns is for
 * call_leave(). */
uint64_t call_enter(struct engine *e, struct coapd_mount *m);
void call_leave(struct engine *e, struct coapd_mount *m, uint64_t before);

/* Prepares the run for a fresh request and runs the hook. */
__attribute__((nonnull)) enum coapd_verdict call_fresh(struct resources *R, struct engine *e,
						       struct request *r, struct coapd_mount *m);

/* Runs the hook of a mount. */
enum coapd_verdict call_run(struct coapd_task *t, struct coapd_mount *m,
			    const struct coapd_event *event);

/* The same for a live task, whose await it ends.  Until the caller has settled the
 * verdict, the task says that the hook was entered. */
enum coapd_verdict call_again(struct coapd_task *t, struct coapd_mount *m,
			      struct coapd_event *event);

/* The loss of what the task awaited under the tag is told, or of no interest. */
void call_found(struct coapd_task *t, uint8_t tag);

/* The task goes on waiting: jobs and requests that the hook began begin with the commit,
 * those that it awaits no more are for nobody.  k is live, its other fields are written by
 * the caller. */
void call_waits(struct coapd_task *t, struct task *k);

/* Gives back what was reserved and is not needed: task, jobs and requests. */
void call_give_back(struct coapd_task *t);
static inline void call_end(struct coapd_task *t)
{
	if (t->used)
		call_give_back(t);
}

#endif
