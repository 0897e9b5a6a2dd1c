/* edition.c - says which build of it is loaded, for tests alone: it is built twice. */
#include <coapd/module.h>

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	(void)event;
	if (!coapd_allow(task, COAPD_ALLOW_GET))
		return COAPD_DONE;
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_reply_data(task, coapd_text(EDITION));
	return COAPD_DONE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof coapd_module,
	.name = "edition",
	.version = EDITION,
	.summary = "says which build of it is loaded",
	.handle = handle,
};
