/* The functions of coapd/module.h that wake tasks. */
#include "resource/background.h"
#include "resource/resources.h"

#include <errno.h>

int coapd_await(coapd_task *task, uint8_t tag)
{
	if (tag >= COAPD_TAGS)
		return -EINVAL;
	if (!call_reserve(task))
		return -EAGAIN;
	task->at[tag] = 0;
	task->awaits[tag] = COAPD_EV_WOKEN;
	return 0;
}

static int mail_to(struct coapd_mount *m, unsigned slot, struct letter *l, coapd_span data)
{
	const struct post *post = m->resources->post;
	int status;

	if (l->tag >= COAPD_TAGS || data.n > COAPD_WAKE_BYTES)
		return -EINVAL;
	if (!post)
		return -ENOENT;
	l->n = (uint16_t)data.n;
	if (data.n)
		memcpy(l->data, data.p, data.n);
	status = post->send(post->arg, slot, l);
	if (status == -EAGAIN && m->engine)
		engine_count(m->engine, COUNT_FULL_WAKES);
	return status;
}

int coapd_wake(coapd_mount *mount, coapd_id task, uint8_t tag, coapd_span data)
{
	struct letter l = { .task = task, .tag = tag };

	if (REF_SLAB(task) != TASK_SLAB)
		return -ENOENT;
	return mail_to(mount, REF_SPACE(task), &l, data);
}

int coapd_wake_once(coapd_mount *mount, coapd_span key, uint8_t tag, coapd_span data)
{
	struct letter l = { .once = background_once(mount, span_of(key.p, key.n)), .tag = tag };

	return mail_to(mount, (unsigned)(l.once % mount->resources->slots), &l, data);
}
