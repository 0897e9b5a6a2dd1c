/* wait.h - tasks that wait, and what brings them back: their timers, and whatever
 * else they await.
 *
 * Each call is part of one event: the caller commits after it (engine.h).  Run by the
 * worker that holds the slot. */
#ifndef RESOURCE_WAIT_H
#define RESOURCE_WAIT_H

#include "resource/resource.h"

/* Works on a task whose deadline has come (EXPIRE_OTHER in TASK_SLAB).  Its mount
 * may be gone by now, or another module be mounted there: the request is answered
 * 5.03 then, for only a new one can tell what the new site says to it. */
void resource_due(struct resources *R, struct engine *e, struct task *task);

/* The request of a task is forgotten: its client wants no answer any more (INPUT_WITHDRAWN).
 * The task ends; its hook is told only that no further part of a body will come. */
void resource_withdrawn(struct resources *R, struct engine *e, ref_t task);

/* Something a task awaits is there: event says what, with its tag; attempt is filled
 * in.  False: the task is gone, or awaits nothing of the kind under that tag any more;
 * nothing has happened then. */
bool resource_event(struct resources *R, struct engine *e, ref_t task,
		    struct coapd_event *event);

/* Works on something else that is there for a task of the slot: the result of a job.
 * False: nothing is. */
bool resource_other(struct resources *R, struct engine *e);
bool resource_pending(struct resources *R, struct engine *e);

/* Works on the first message in the mailbox of the slot.  False: there is none. */
bool resource_letter(struct resources *R, struct engine *e);

/* For resource_committed(): the message that was worked on is taken out. */
void resource_letter_taken(struct resources *R);

/* Part of an adoption, before adopt_end(): what waits at a mount that the site does not have any
 * more is due at once, to be refused. */
void wait_adopt(struct resources *R, struct engine *e);

/* Ends the request that was executing when the worker died (request_lost()): 5.00,
 * since nobody can know what happened.  Those that may run twice never come here:
 * they were rolled back and come again by themselves.  The commit after it has
 * one more datagram done when waiting is 0. */
void resource_lost(struct resources *R, struct engine *e, struct request *r, ref_t waiting);

#endif
