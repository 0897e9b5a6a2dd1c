/* ticker.c - one task in the whole daemon that counts and says so, for tests alone. */
#include <coapd/module.h>

enum { TIMER };

static int ticker_open(coapd_mount *mount, const void *conf, void **self)
{
	(void)conf;
	(void)self;
	return coapd_task_start(mount, coapd_text("tick"), COAPD_ONCE, coapd_text(""), NULL);
}

static enum coapd_verdict
ticker_handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	uint32_t *ticks = coapd_scratch(task, sizeof *ticks);

	(void)self;
	if (event->what == COAPD_EV_REQUEST)
		return COAPD_DECLINE;
	coapd_log(coapd_task_mount(task), COAPD_LOG_NOTICE, "tick %u", (unsigned)++*ticks);
	coapd_after(task, TIMER, 30);
	return COAPD_WAIT;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "ticker",
	.version = "1",
	.summary = "counts",
	.open = ticker_open,
	.handle = ticker_handle,
};
