/* badcount.c - a module that counts under a name that is none, which must not be loaded; for
 * tests alone. */
#include <coapd/module.h>

static const char *const counters[] = { "asked", "not answered" };

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self, (void)event;
	coapd_count(coapd_task_mount(task), 0, 1);
	return COAPD_DECLINE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof coapd_module,
	.name = "badcount",
	.version = "1",
	.summary = "counts under a bad name",
	.handle = handle,
	.counters = counters,
	.ncounters = 2,
};
