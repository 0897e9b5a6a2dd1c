/* gate.c - requests wait for as long as a file is not there, for tests alone. */
#include <coapd/module.h>

#include <unistd.h>

#define LOOK_MS 20

enum { TIMER };

struct conf {
	const char *file;
};

static const struct coapd_row rows[] = {
	{ "file", "string", NULL, "1..4000", "bytes", "What they wait for.",
	  offsetof(struct conf, file) },
};

static enum coapd_verdict handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	const struct conf *conf = self;
	bool get = coapd_code(coapd_request(task)) == COAPD_GET;

	(void)event;
	if (access(conf->file, F_OK)) {
		coapd_after(task, TIMER, LOOK_MS);
		return COAPD_WAIT;
	}
	coapd_reply(task, get ? COAPD_205_CONTENT : COAPD_204_CHANGED);
	return COAPD_DONE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "gate",
	.version = "1",
	.summary = "waits for a file",
	.flags = COAPD_F_RETRY,
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.handle = handle,
};
