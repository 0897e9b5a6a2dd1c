/* answer.h - from the reply that a module made to the response that travels: which
 * part of it was asked for, and what must be kept for later parts (RFC 7959 2.4).
 *
 * A representation of a GET or FETCH is made again for each block, or read where the
 * module says it can be (COAPD_EV_READ): nothing is kept.  What an unsafe request, or
 * one whose body came in blocks, is answered cannot be made again, and is kept
 * (assembly_keep) when it does not fit.  Run by the worker, within the event. */
#ifndef RESOURCE_ANSWER_H
#define RESOURCE_ANSWER_H

#include "resource/call.h"

/* Ends the request with the reply of its module.  False: there is a mistake in it,
 * reply.wrong says which, and nothing was sent. */
bool answer_send(struct coapd_task *t);

/* The module writes the part that is asked for of a reply that can be read in parts;
 * false: a mistake. */
bool answer_read(struct coapd_task *t, uint64_t offset, size_t want);

/* What stands for the payload of a reply that has no ETag of its own. */
uint64_t answer_etag(const struct reply *reply);

/* Ends a request for a later part of a reply that was kept.  False: it is none, the
 * resource is to be asked. */
bool answer_part(struct engine *e, struct request *r);
static inline bool answer_later(struct engine *e, struct request *r)
{
	return !message_lacks(&r->msg, OPT_BLOCK2) && answer_part(e, r);
}

#endif
