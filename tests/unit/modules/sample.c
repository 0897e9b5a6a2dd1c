/* A module with one thing wrong, which the build chooses; nothing is by default. */
#include <coapd/module.h>

#ifndef SAMPLE_ABI
#define SAMPLE_ABI COAPD_ABI
#endif
#ifndef SAMPLE_SIZE
#define SAMPLE_SIZE sizeof(struct coapd_module)
#endif
#ifndef SAMPLE_NAME
#define SAMPLE_NAME "sample"
#endif
#ifndef SAMPLE_FLAGS
#define SAMPLE_FLAGS 0
#endif
#ifndef SAMPLE_HANDLE
#define SAMPLE_HANDLE handle
#endif
#ifndef SAMPLE_SYMBOL
#define SAMPLE_SYMBOL coapd_module
#endif
#ifndef SAMPLE_NEEDS
#define SAMPLE_NEEDS coapd_reply
#endif

#ifndef SAMPLE_COUNTERS
#define SAMPLE_COUNTERS "fine"
#endif
#ifndef SAMPLE_NCOUNTERS
#define SAMPLE_NCOUNTERS (sizeof counters / sizeof *counters)
#endif

static const char *const counters[] = { SAMPLE_COUNTERS };

struct conf {
	uint64_t least, most;
};

#ifndef SAMPLE_ROW
#define SAMPLE_ROW "least"
#endif

static const struct coapd_row rows[] = {
	{ SAMPLE_ROW, "uint", "1", NULL, NULL, "A number.", offsetof(struct conf, least) },
	{ "most", "uint", "2", NULL, NULL, "A number.", offsetof(struct conf, most) },
};

static int check(const void *conf, struct coapd_err *err)
{
	const struct conf *c = conf;

	if (c->least <= c->most)
		return 0;
	err->row = "least";
	strcpy(err->text, "is more than most");
	return -1;
}

void SAMPLE_NEEDS(coapd_task *task, uint8_t code);

__attribute__((unused)) static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	(void)event;
	SAMPLE_NEEDS(task, COAPD_205_CONTENT);
	return COAPD_DONE;
}

extern const struct coapd_module SAMPLE_SYMBOL;
const struct coapd_module SAMPLE_SYMBOL = {
	.abi = SAMPLE_ABI,
	.size = SAMPLE_SIZE,
	.name = SAMPLE_NAME,
	.version = "1",
	.summary = "does next to nothing",
	.flags = SAMPLE_FLAGS,
	.rows = rows,
	.nrows = 2,
	.conf_size = sizeof(struct conf),
	.check = check,
	.handle = SAMPLE_HANDLE,
	.counters = counters,
	.ncounters = SAMPLE_NCOUNTERS,
};
