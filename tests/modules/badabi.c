/* badabi.c - a module of another ABI, which must not be loaded; for tests alone. */
#include <coapd/module.h>

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self, (void)task, (void)event;
	return COAPD_DECLINE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI + 1,
	.size = sizeof(struct coapd_module),
	.name = "badabi",
	.version = "1",
	.summary = "of another ABI",
	.handle = handle,
};
