/* background.h - tasks that are no requests: begun by their modules, with nobody who
 * waits for an answer.
 *
 * Each call is part of one event: the caller commits after it (engine.h), except
 * background_adopt().  Run by the worker that holds the slot. */
#ifndef RESOURCE_BACKGROUND_H
#define RESOURCE_BACKGROUND_H

#include "resource/resource.h"

struct coapd_mount;

/* Begins one of a mount in the engine's slot, with n bytes of scratch; once as in
 * struct task.  Its reference; 0 at the limit (counted). */
ref_t background_start(struct engine *e, const struct coapd_mount *m, uint64_t once,
		       const void *scratch, size_t n);

/* What names the one task of a mount and key in the daemon; never 0. */
uint64_t background_once(const struct coapd_mount *m, struct span key);

/* The live one of that name in the slot; 0 if there is none. */
ref_t background_find(struct engine *e, uint64_t once);

/* Runs the hook of one for an event. */
void background_event(struct resources *R, struct engine *e, struct task *task,
		      struct coapd_event *event);

/* Part of an adoption, after task_adopt(): drops and counts those whose mount or module
 * the site has no longer. */
void background_adopt(struct resources *R, struct engine *e);

/* Begins one that open() asked for, that belongs to this slot, and that is not there.
 * False: nothing is left to begin. */
bool background_begin(struct resources *R, struct engine *e);

#endif
