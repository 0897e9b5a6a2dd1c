/* run.h - what follows from a hook's verdict, for the run in hand (R->task).
 *
 * Run by the worker, within the event. */
#ifndef RESOURCE_RUN_H
#define RESOURCE_RUN_H

#include "resource/answer.h"
#include "resource/resources.h"

/* Nobody can undo or repeat what the hook will do with a request of this method. */
static inline bool run_is_opaque(const struct coapd_mount *m, uint8_t method)
{
	return !code_is_safe(method) && !(m->desc->flags & COAPD_F_RETRY);
}

/* Answers 5.00 and logs why, for the module's author. */
void run_fail(struct resources *R, const char *why);

/* Counts and logs a mistake of the run's module. */
void run_blame(struct resources *R, const char *why);

/* COAPD_DONE: answers with the reply that was made. */
static inline void run_finish(struct resources *R)
{
	if (!answer_send(&R->task))
		run_fail(R, R->task.reply.wrong);
}

/* COAPD_WAIT of a fresh request: it becomes a task, or is answered 5.03 for want of
 * one, or 5.00 if nothing would ever bring it back. */
void run_wait(struct resources *R);

/* Answers 5.00 for a mount that is closed, and counts it. */
void run_closed(struct engine *e, struct request *r);

/* Answers 5.03 with Max-Age: who asks again later may be served. */
void run_unavailable(const struct coapd_task *t);

#endif
