/* relay.c - the shortest proxy: what is asked of its mount is asked of another server,
 * and the answer handed on.  Of bodies it hands on what fits one message: a longer one
 * comes in parts, which would have to be kept until it is whole. */
#include <coapd/module.h>

#include <errno.h>

struct conf {
	const char *to;
};

static enum coapd_verdict refuse(coapd_task *task, uint8_t code)
{
	coapd_reply(task, code);
	return COAPD_DONE;
}

static enum coapd_verdict ask(const struct conf *conf, coapd_task *task)
{
	const coapd_msg *request = coapd_request(task);
	struct coapd_out out = { .uri = conf->to, .like = request, .code = coapd_code(request),
				 .payload = coapd_payload(request) };

	return coapd_fetch(task, 0, &out) ? refuse(task, COAPD_503_UNAVAILABLE) : COAPD_WAIT;
}

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	if (event->what == COAPD_EV_REQUEST)
		return ask(self, task);
	if (event->status)              /* RFC 7252, 5.7.1 */
		return refuse(task, event->status == -ETIMEDOUT ? COAPD_504_GATEWAY_TIMEOUT :
								  COAPD_502_BAD_GATEWAY);
	if (!event->last)
		return refuse(task, COAPD_502_BAD_GATEWAY);
	coapd_reply_like(task, event->msg);
	coapd_reply_data(task, event->data);
	return COAPD_DONE;
}

static const struct coapd_row rows[] = {
	{ "to", "string", NULL, "1..255", "bytes", "The URI to ask.",
	  offsetof(struct conf, to) },
};

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "relay",
	.version = "1",
	.summary = "asks another server",
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.handle = handle,
};
