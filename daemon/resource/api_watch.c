/* The functions of coapd/module.h for what goes on outside of coapd: descriptors to be
 * watched, and what a worker notices for itself alone. */
#include "resource/resources.h"

#include <errno.h>

int coapd_watch_fd(coapd_mount *mount, int fd, int events, coapd_watchfn *fn)
{
	return mount->resources ? watches_set(&mount->resources->watches, mount, fd, events, fn) :
				  -ENOTSUP;
}

bool coapd_wants_observe(const coapd_task *task)
{
	return task->asks;
}

void coapd_changed_here(coapd_mount *mount, coapd_span path)
{
	if (mount->notices)
		notices_tell_here(mount->notices, mount->id, span_of(path.p, path.n));
}
