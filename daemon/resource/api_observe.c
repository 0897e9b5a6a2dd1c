/* The functions of coapd/module.h that are about observers. */
#include "resource/call.h"
#include "resource/notices.h"

void coapd_observe(coapd_task *task)
{
	task->observes = true;
}

void coapd_observe_as(coapd_task *task, enum coapd_notify how)
{
	task->observes = true;
	task->notify = how;
}

void coapd_changed(coapd_mount *mount, coapd_span path, enum coapd_change change)
{
	/* Other resources may have the same word, and one that is gone may come back: only
	 * the hook, asked when it is to be told, knows what is gone. */
	(void)change;
	if (mount->notices)
		notices_tell(mount->notices, mount->id, span_of(path.p, path.n));
}
