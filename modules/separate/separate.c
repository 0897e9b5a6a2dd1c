/* separate - answers after a while, so that the response comes apart from the
 * acknowledgement (RFC 7252, 5.2.2). */
#include <coapd/module.h>

enum { TIMER };

struct conf {
	uint64_t delay;
	const char *text;
};

static const struct coapd_row rows[] = {
	{ "delay", "duration", "1s", "0s..1h", NULL,
	  "How long a request waits for its answer.", offsetof(struct conf, delay) },
	{ "text", "string", "here I am", "0..1024", NULL,
	  "What to answer.", offsetof(struct conf, text) },
};

static enum coapd_verdict
begin(const struct conf *conf, coapd_task *task)
{
	if (!coapd_allow(task, COAPD_ALLOW_GET | COAPD_ALLOW_POST) ||
	    !coapd_offer(task, COAPD_TEXT_PLAIN))
		return COAPD_DONE;
	coapd_after(task, TIMER, (uint32_t)conf->delay);
	return COAPD_WAIT;
}

static enum coapd_verdict
answer(const struct conf *conf, coapd_task *task)
{
	bool get = coapd_code(coapd_request(task)) == COAPD_GET;

	coapd_reply(task, get ? COAPD_205_CONTENT : COAPD_204_CHANGED);
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, COAPD_TEXT_PLAIN);
	coapd_reply_data(task, coapd_text(conf->text));
	return COAPD_DONE;
}

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	return event->what == COAPD_EV_TIMER ? answer(self, task) : begin(self, task);
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof coapd_module,
	.name = "separate",
	.version = "1",
	.summary = "answers after a delay",
	.flags = COAPD_F_RETRY,
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.handle = handle,
};
