/* The functions of coapd/module.h that are about observers. */
#include "resource/call.h"
#include "resource/notices.h"

void coapd_observe(coapd_task *task)
{
	task->observes = true;
}

void coapd_changed(coapd_mount *mount, coapd_span path, enum coapd_change change)
{
	/* What is gone is told by the module, which answers 4.04 from now on. */
	(void)change;
	if (mount->notices)
		notices_tell(mount->notices, mount->id, span_of(path.p, path.n));
}
