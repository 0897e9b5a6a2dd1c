/* mount.h - one module at one path in one worker: what coapd_mount is inside.
 *
 * Owned by struct resources, made at boot, never moved. */
#ifndef RESOURCE_MOUNT_H
#define RESOURCE_MOUNT_H

#include "base/gates.h"
#include "base/log.h"
#include "resource/links.h"
#include "resource/resource.h"

struct notices;
/* A task that open() asked for, once in the daemon. */
struct once {
	struct once *next;
	uint64_t key;
	uint8_t scratch[COAPD_SCRATCH];
};

struct coapd_mount {
	struct resource_mount_spec spec;        /* module and conf are owned now */
	const struct coapd_module *desc;
	void *self;
	uint64_t id;            /* names path and module in tasks, never 0 */
	uint32_t where;         /* for space_ctl.where */
	struct resources *resources;    /* it is one of; set before mount_open() */
	bool opened;
	bool opening;           /* its open() runs */
	struct mount_links links;
	char *directory;        /* of its files, once it was asked for */
	struct once *once;      /* owned; in any order */
	struct engine *engine;  /* of the hook that runs; NULL: none does */
	unsigned started;       /* tasks that this run of the hook began */
	struct log_limit limit;
	struct notices *notices;        /* what tells of changes; borrowed, set before it is
					 * opened */
	uint64_t now;           /* of the event that ran its hook last */
	const uint32_t *gate;   /* never NULL once it is opened */
};

/* Opens the mount of a spec; where as in resource_request().  0; a negative
 * errno, err says why.  mount_close() must follow in any case. */
int mount_open(struct coapd_mount *m, const struct resource_mount_spec *spec,
	       const struct coapd_module *desc, uint32_t where, struct err *err);
void mount_close(struct coapd_mount *m);

/* Requests to it are answered 5.00 for a while, as workers died in it. */
static inline bool mount_is_closed(const struct coapd_mount *m)
{
	return gate_is_shut(m->gate);
}

#endif
