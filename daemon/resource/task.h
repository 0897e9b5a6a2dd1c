/* task.h - a request that waits for its module, or work of a module's own: what a
 * continuation is made of.
 *
 * An object in the slot's memory, in a slab behind those of the engine.  It names
 * the mount by a hash of path and module, and the request by the reference of
 * its exchange, if it is one; there is no pointer in it, so any worker of any generation can
 * go on with it.  While live it is changed only through the undo log.  Owned by
 * the slot, run by its worker. */
#ifndef RESOURCE_TASK_H
#define RESOURCE_TASK_H

#include "coapd/module.h"
#include "exchange/engine.h"

#define TASK_SLAB ENGINE_SLABS  /* number of the slab: the layout comes right
				 * after engine_layout() */

enum task_kind {
	TASK_REQUEST = 1,               /* a request that waits */
	TASK_BACKGROUND = 2,            /* no request: begun by its module */
	TASK_UPLOAD = 3,                /* a request body that comes in parts (upload.h) */
	TASK_KINDS
};

struct task {
	struct object object;
	uint64_t mount;                 /* coapd_mount.id */
	ref_t waiting;                  /* exchange that keeps the request; 0: is none */
	uint64_t once;                  /* names the one of its kind in the daemon; 0 any */
	ref_t upload;                   /* UPLOAD: the stream whose parts it is given */
	uint64_t at[COAPD_TAGS];        /* ms, when each timer is up; 0 not running */
	uint8_t awaits[COAPD_TAGS];     /* event that each tag awaits beside timers, an
					 * enum coapd_what; 0 none */
	ref_t fetch[COAPD_TAGS];        /* the request of ours that a tag awaits the response
					 * of (fetch.h); means nothing for other awaits */
	uint32_t attempts;              /* times the hook was entered and not left */
	uint32_t kind;
	uint32_t begins;                /* 1: COAPD_EV_RUN is due */
	uint32_t lost;                  /* tags whose job died with its worker, a bit each */
	uint32_t is_private;            /* 1: the hook has looked at who asks (call_private()) */
	uint32_t zero;
	uint8_t scratch[COAPD_SCRATCH];
};

/* Appends the slab to a layout that engine_layout() began. */
void task_layout(struct space_def *def, uint32_t cap);

/* Takes an object without contents and not live yet; NULL at the limit.
 * task_publish() or slab_untake() must follow. */
struct task *task_take(struct engine *e);

/* The tags that await a job, a bit each. */
uint32_t task_jobs(const uint8_t awaits[COAPD_TAGS]);

/* When the earliest timer is up, UINT64_MAX if none runs. */
uint64_t task_next(const uint64_t at[COAPD_TAGS]);

/* Whether anything will bring back one with these timers and awaits. */
bool task_waits(const uint64_t at[COAPD_TAGS], const uint8_t awaits[COAPD_TAGS]);

/* The timer that is due at now, earliest first; COAPD_TAGS if none is. */
unsigned task_due(const struct task *t, uint64_t now);

/* Gives the filled object its life, and arms its deadline. */
void task_publish(struct engine *e, struct task *t);

/* Writes back what a hook made of a live task, and arms the next deadline. */
void task_update(struct engine *e, struct task *t, const uint64_t at[COAPD_TAGS],
		 const uint8_t awaits[COAPD_TAGS], const uint8_t scratch[COAPD_SCRATCH]);

/* Ends a live one, and the requests that it has made. */
void task_kill(struct engine *e, struct task *t);

/* The layer's part of an adoption, between adopt_begin() and adopt_end(): drops
 * and counts tasks that make no sense or whose request is gone, arms the
 * deadlines of the others.  Engine.now is set. */
void task_adopt(struct engine *e);

#endif
