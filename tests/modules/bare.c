/* bare.c - the least that a module can do, for tests that count instructions.
 *
 * "does" of the mount says what: a sink takes POSTs, which are opaque, and answers with
 * nothing; a body is there to be read in parts; a state is set by PUT and can be observed;
 * a mark is a place in the run, where bare_mark() is called; a gate writes
 * a byte to the FIFO "shut" and keeps its worker until there is one in the FIFO "open". */
#include <coapd/module.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum what { SINK, BODY, STATE, MARK, GATE };

#define BODY_SIZE 65536u

struct conf {
	unsigned does;
	const char *shut, *open;
};

struct bare {
	unsigned does;
	int shut, open;         /* of a gate */
};

/* What a tool that counts looks for by its name. */
__attribute__((noinline)) void bare_mark(void);
void bare_mark(void)
{
	__asm__ volatile("");
}

static void sink(coapd_task *task)
{
	if (coapd_allow(task, COAPD_ALLOW_POST))
		coapd_reply(task, COAPD_204_CHANGED);
}

static void mark(coapd_task *task)
{
	if (!coapd_allow(task, COAPD_ALLOW_GET))
		return;
	bare_mark();
	coapd_reply(task, COAPD_205_CONTENT);
}

/* Every part of it has the same bytes. */
static void body(coapd_task *task, const struct coapd_event *event)
{
	static const uint8_t bytes[1024] = "body";

	if (event->what == COAPD_EV_READ) {
		if (event->want <= sizeof bytes)
			coapd_reply_data(task, (coapd_span){ bytes, event->want });
		return;
	}
	if (!coapd_allow(task, COAPD_ALLOW_GET) || !coapd_offer(task, COAPD_TEXT_PLAIN))
		return;
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, COAPD_TEXT_PLAIN);
	coapd_reply_body(task, BODY_SIZE, coapd_text("etag"));
}

/* Of one worker alone. */
static void state(coapd_task *task)
{
	static uint8_t now[16];
	static size_t n;

	if (!coapd_allow(task, COAPD_ALLOW_GET | COAPD_ALLOW_PUT))
		return;
	if (coapd_code(coapd_request(task)) == COAPD_PUT) {
		coapd_span s = coapd_payload(coapd_request(task));

		n = s.n < sizeof now ? s.n : sizeof now;
		if (n)
			memcpy(now, s.p, n);
		coapd_changed(coapd_task_mount(task), coapd_text(""), COAPD_CHANGED);
		coapd_reply(task, COAPD_204_CHANGED);
		return;
	}
	coapd_observe(task);
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, COAPD_TEXT_PLAIN);
	coapd_reply_data(task, (coapd_span){ now, n });
}

static void gate(const struct bare *b, coapd_task *task)
{
	uint8_t byte = 0;

	coapd_reply(task, write(b->shut, &byte, 1) == 1 && read(b->open, &byte, 1) == 1 ?
		    COAPD_205_CONTENT : COAPD_500_INTERNAL_ERROR);
}

static enum coapd_verdict
bare_handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	const struct bare *b = self;

	if (b->does == BODY)
		body(task, event);
	else if (b->does == STATE)
		state(task);
	else if (b->does == MARK)
		mark(task);
	else if (b->does == GATE)
		gate(b, task);
	else
		sink(task);
	return COAPD_DONE;
}

static void bare_close(void *self)
{
	struct bare *b = self;

	if (b->shut >= 0)
		close(b->shut);
	if (b->open >= 0)
		close(b->open);
	free(b);
}

static int bare_open(coapd_mount *mount, const void *conf, void **self)
{
	const struct conf *c = conf;
	struct bare *b = calloc(1, sizeof *b);

	(void)mount;
	if (!b)
		return -ENOMEM;
	*b = (struct bare){ .does = c->does, .shut = -1, .open = -1 };
	*self = b;
	if (b->does != GATE)
		return 0;
	b->shut = open(c->shut, O_RDWR | O_CLOEXEC);
	b->open = open(c->open, O_RDWR | O_CLOEXEC);
	if (b->shut >= 0 && b->open >= 0)
		return 0;
	bare_close(b);
	return -ENOENT;
}

static const struct coapd_row rows[] = {
	{ "does", "enum sink|body|state|mark|gate", "sink", NULL, NULL, "What it is there for.",
	  offsetof(struct conf, does) },
	{ "shut", "string", "", "0..4000", "bytes", "A FIFO: the gate is shut.",
	  offsetof(struct conf, shut) },
	{ "open", "string", "", "0..4000", "bytes", "A FIFO: open the gate.",
	  offsetof(struct conf, open) },
};

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "bare",
	.version = "1",
	.summary = "the least that a module can do",
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.open = bare_open,
	.close = bare_close,
	.handle = bare_handle,
};
