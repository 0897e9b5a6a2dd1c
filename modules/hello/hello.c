/* hello - answers GET with a text.  The module to copy; hello.md says how. */
#include <coapd/module.h>

struct conf {
	const char *text;
};

static const struct coapd_row rows[] = {
	{ "text", "string", "hello, world", "0..1024", NULL,
	  "What to answer.", offsetof(struct conf, text) },
};

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	const struct conf *conf = self;

	(void)event;
	if (!coapd_allow(task, COAPD_ALLOW_GET) || !coapd_offer(task, COAPD_TEXT_PLAIN))
		return COAPD_DONE;
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, COAPD_TEXT_PLAIN);
	coapd_reply_data(task, coapd_text(conf->text));
	return COAPD_DONE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof coapd_module,
	.name = "hello",
	.version = "1",
	.summary = "answers with a text",
	.flags = COAPD_F_CONSTANT,      /* leave it out if the answer can change */
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.handle = handle,
};
