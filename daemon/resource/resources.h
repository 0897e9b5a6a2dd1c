/* resources.h - what struct resources is inside, for the files of this folder that
 * run hooks.
 *
 * Private memory of a worker, one for each of its generations (resource.h). */
#ifndef RESOURCE_RESOURCES_H
#define RESOURCE_RESOURCES_H

#include "resource/call.h"
#include "resource/hosts.h"
#include "resource/notices.h"
#include "resource/post.h"
#include "resource/prepared.h"
#include "resource/router.h"
#include "resource/wait.h"
#include "resource/watches.h"
#include "resource/wellknown.h"

struct resources {
	struct coapd_mount *mount;      /* as in the specs, then the /.well-known/core */
	struct route *route;            /* of the same */
	uint32_t n;                     /* all of them */
	uint32_t opened;                /* those that mount_close() is due for */
	struct router router;
	struct wellknown *wellknown;    /* owned; of the default host, then of the others */
	uint32_t nhosts;                /* of them */
	struct hosts hosts;
	bool draining;
	struct notices notices;
	struct watches watches;
	struct jobs *jobs;              /* borrowed; NULL: none are to be had */
	const struct post *post;        /* borrowed; NULL: nobody can be woken */
	bool opened_letter;             /* its event is under way, */
	uint8_t mailbox;                /* and this is where it lies */
	uint32_t slots;                 /* of the daemon */
	struct log_limit limit;
	uint64_t (*clock)(void);        /* NULL: no hook is slow */
	uint64_t slow_ms;
	uint64_t turn, turn_clock;      /* the engine's time of the last hook's event, and what
					 * the clock said when that ended */
	struct log_limit slow_limit;
	struct prepared prepared;
	struct coapd_event fresh;       /* what a hook is told of a fresh request */
	struct coapd_task task;         /* the run in hand */
};

/* The mount that a request is for (router_find()). */
static inline uint32_t resources_route(const struct resources *R, const struct request *r,
				       size_t *segments)
{
	const char *host = R->hosts.n ? hosts_asked(&R->hosts, &r->msg, &r->to) : NULL;

	return router_find(&R->router, host, &r->msg, segments);
}

/* After the commit of an event: begins what it asked for beside the slot. */
static inline void resource_committed(struct resources *R)
{
	if (R->jobs)
		jobs_go(R->jobs);
	if (R->opened_letter)
		resource_letter_taken(R);
}

/* The mount that a task names; NULL: the site has it no longer. */
struct coapd_mount *resources_mount(struct resources *R, uint64_t id);

#endif
