/* upload.h - a request body that goes to its module part by part (COAPD_F_STREAM).
 *
 * From its first part to its last it is a task (task.h) of the kind TASK_UPLOAD, which
 * owns the stream that the exchange layer keeps of it (stream.h).  While a part is
 * with the module it may wait as other requests do; between two parts the first timer
 * of the task is the time within which the next must come.
 *
 *	first part --> hook --MORE--> (2.31) --next part--> hook --DONE--> answered
 *	                    --WAIT--> what is awaited --> hook ...
 *	no part in time, a new first part, too long, a mistake: COAPD_EV_CANCEL --> gone
 *
 * Run by the worker, within the event. */
#ifndef RESOURCE_UPLOAD_H
#define RESOURCE_UPLOAD_H

#include "resource/resources.h"

/* Takes a fresh request for a mount in hand.  False: its body did not come in blocks,
 * it is like any other. */
bool upload_request(struct resources *R, struct engine *e, struct request *r,
		    struct coapd_mount *m, unsigned rx);

/* What follows from the verdict on the part in hand (R->task). */
void upload_follow(struct resources *R, enum coapd_verdict v);

/* No further part came in time. */
void upload_due(struct resources *R, struct engine *e, struct task *task);

/* Ends it; the module is told to undo what it did (COAPD_EV_CANCEL), if it has not been
 * told often enough. */
void upload_cancel(struct resources *R, struct engine *e, struct task *task);

/* The upload that a request is a part of; NULL. */
struct task *upload_of(struct engine *e, const struct request *r);

#endif
