/* burn.c - takes the processor for so many nanoseconds, then answers: for tests of overload. */
#include <coapd/module.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>

struct conf {
	uint64_t ns;
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static enum coapd_verdict
burn_handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	const struct conf *c = self;
	uint64_t end = now() + c->ns;

	(void)event;
	while (now() < end)
		;
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, COAPD_TEXT_PLAIN);
	coapd_reply_data(task, coapd_text("hello, world"));
	return COAPD_DONE;
}

static int burn_open(coapd_mount *mount, const void *conf, void **self)
{
	struct conf *c = malloc(sizeof *c);

	(void)mount;
	if (!c)
		return -ENOMEM;
	*c = *(const struct conf *)conf;
	*self = c;
	return 0;
}

static const struct coapd_row rows[] = {
	{ "ns", "count", "5000", "0..1000000000", "nanoseconds", "How long.",
	  offsetof(struct conf, ns) },
};

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "burn",
	.version = "1",
	.summary = "takes the processor",
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.open = burn_open,
	.close = free,
	.handle = burn_handle,
};
