/* The functions of coapd/module.h that begin tasks. */
#include "resource/background.h"
#include "resource/mount.h"

#include <errno.h>
#include <stdlib.h>

#define STARTS_MAX 16u          /* in one run of a hook: they share its transaction */

/* In open() nothing of a slot is at hand yet: it is noted down. */
static int note(struct coapd_mount *m, coapd_span key, coapd_span scratch)
{
	struct once *o = calloc(1, sizeof *o);

	if (!o)
		return -ENOMEM;
	o->key = background_once(m, span_of(key.p, key.n));
	if (scratch.n)
		memcpy(o->scratch, scratch.p, scratch.n);
	o->next = m->once;
	m->once = o;
	return 0;
}

static int start(struct coapd_mount *m, coapd_span scratch, coapd_id *id)
{
	coapd_id made = 0;

	if (m->started < STARTS_MAX)
		made = background_start(m->engine, m, 0, scratch.p, scratch.n);
	if (!made)
		return -EAGAIN;
	m->started++;
	if (id)
		*id = made;
	return 0;
}

int coapd_task_start(coapd_mount *mount, coapd_span key, unsigned flags, coapd_span scratch,
		     coapd_id *id)
{
	if (id)
		*id = 0;
	if (scratch.n > COAPD_SCRATCH || (flags & ~(unsigned)COAPD_ONCE))
		return -EINVAL;
	if (flags & COAPD_ONCE)
		return mount->opening ? note(mount, key, scratch) : -EINVAL;
	return mount->engine ? start(mount, scratch, id) : -EINVAL;
}
