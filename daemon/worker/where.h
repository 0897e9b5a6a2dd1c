/* where.h - where it is noted which module opens or closes in a worker, so that the
 * obituary of one that dies there can name it.
 *
 * Modules open before the slots are there, and close when they are gone.  So the control
 * block of one slot is mapped for this alone, from before to after; the worker has no
 * other use for it meanwhile.  Private to the worker. */
#ifndef WORKER_WHERE_H
#define WORKER_WHERE_H

#include "base/err.h"
#include "base/space.h"

struct where {
	struct space_ctl *ctl;  /* NULL: there is no slot to note it in */
};

/* Maps the memory of a slot; counts in it if the worker before this one died while its
 * modules opened or closed.  0, or a negative errno, err says why. */
int where_open(struct where *p, int memfd, struct err *err);

/* Of another slot: forgets in which hook the worker before this one died.  Its obituary is
 * written by now, and whoever looks would take it for where this one is. */
void where_forget(int memfd);

/* May be called for one that was not opened. */
void where_close(struct where *p);

/* For resource_mount_spec.where; NULL as above. */
uint32_t *where_word(struct where *p);

#endif
