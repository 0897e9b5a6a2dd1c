/* forward.c - makes requests of other servers, for tests alone.
 *
 * /MOUNT/x?... asks the URI of its setting `to`; what the client's request says travels
 * along.  What is done with what comes depends on the setting `how`:
 *	whole     its body, at most 60 KiB, is the reply
 *	sum       the reply is "code length adler32 parts", for bodies of any length
 *	states    the reply comes with the state that makes `n` of them: their bodies
 *	members   the reply is made of all answers of a group
 *	cancel    the request is given up as soon as it has been acknowledged
 * A failure is a 5.02 with the errno as its payload. */
#include <coapd/module.h>

#include <errno.h>
#include <stdio.h>

#define TAG 3
#define TIMER 4

enum how { WHOLE, SUM, STATES, MEMBERS, CANCEL };

struct conf {
	const char *to;
	unsigned how;
	uint32_t n;
	uint64_t wait;
	bool non;
};

/* What a task remembers. */
struct memory {
	uint64_t length;
	uint32_t a, b, parts, states;
	char text[80];
};

static enum coapd_verdict begin(const struct conf *c, coapd_task *task)
{
	const coapd_msg *request = coapd_request(task);
	struct coapd_out out = {
		.uri = c->to, .like = request, .code = coapd_code(request), .non = c->non,
		.observe = c->how == STATES, .timeout_ms = (uint32_t)c->wait,
		.payload = coapd_payload(request),
	};
	struct memory *m = coapd_scratch(task, sizeof *m);
	int err = coapd_fetch(task, TAG, &out);
	char text[16];

	m->a = 1;
	if (c->how == CANCEL)
		(void)coapd_after(task, TIMER, 100);
	if (!err)
		return COAPD_WAIT;
	snprintf(text, sizeof text, "%d", err);
	coapd_reply(task, COAPD_503_UNAVAILABLE);
	coapd_reply_data(task, coapd_text(text));
	return COAPD_DONE;
}

static enum coapd_verdict failed(coapd_task *task, int status)
{
	char text[16];

	snprintf(text, sizeof text, "%d", status);
	coapd_reply(task, COAPD_502_BAD_GATEWAY);
	coapd_reply_data(task, coapd_text(text));
	return COAPD_DONE;
}

static void sum(struct memory *m, coapd_span data)
{
	for (size_t i = 0; i < data.n; i++) {
		m->a = (m->a + data.p[i]) % 65521;
		m->b = (m->b + m->a) % 65521;
	}
	m->length += data.n;
	m->parts++;
}

static void note(struct memory *m, coapd_span data)
{
	size_t n = strlen(m->text);

	if (data.n > sizeof m->text - 2 - n)
		return;
	memcpy(m->text + n, data.p, data.n);
	m->text[n + data.n] = ';';
}

static enum coapd_verdict whole(coapd_task *task, const struct coapd_event *event)
{
	coapd_reply_like(task, event->msg);
	coapd_reply_data(task, event->data);
	return COAPD_DONE;
}

static enum coapd_verdict say(coapd_task *task, const char *text)
{
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_reply_data(task, coapd_text(text));
	return COAPD_DONE;
}

static enum coapd_verdict summed(coapd_task *task, const struct memory *m, uint8_t code)
{
	char text[64];

	snprintf(text, sizeof text, "%u.%02u %llu %08x %u", code >> 5, code & 31,
		 (unsigned long long)m->length, m->b << 16 | m->a, m->parts);
	return say(task, text);
}

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	const struct conf *c = self;
	struct memory *m = coapd_scratch(task, sizeof *m);

	if (event->what == COAPD_EV_REQUEST)
		return begin(c, task);
	if (event->what == COAPD_EV_TIMER) {
		coapd_cancel(task, TAG);
		return say(task, "cancelled");
	}
	if (event->status == -ETIMEDOUT && c->how == MEMBERS)
		return say(task, m->text);
	if (event->status)
		return failed(task, event->status);
	if (event->offset == 0) {
		m->length = m->parts = m->b = 0;
		m->a = 1;
	}
	sum(m, event->data);
	if (c->how == WHOLE && event->last)
		return whole(task, event);
	if (c->how == SUM && event->last)
		return summed(task, m, coapd_code(event->msg));
	if (event->last)
		note(m, event->data);
	if (event->from)
		note(m, coapd_text(event->from->address));
	if (c->how == STATES && event->last && (++m->states == c->n || event->over))
		return say(task, m->text);
	return COAPD_WAIT;
}

static const struct coapd_row rows[] = {
	{ "to", "string", NULL, "1..255", "bytes", "The URI to ask.",
	  offsetof(struct conf, to) },
	{ "how", "enum whole|sum|states|members|cancel", "whole", NULL, NULL,
	  "What becomes of what comes.", offsetof(struct conf, how) },
	{ "n", "count", "3", "1..9", "states", "How many states to wait for.",
	  offsetof(struct conf, n) },
	{ "wait", "duration", "0", "0..1h", NULL, "How long to wait for answers.",
	  offsetof(struct conf, wait) },
	{ "non", "bool", "false", NULL, NULL, "Whether to ask non-confirmably.",
	  offsetof(struct conf, non) },
};

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "forward",
	.version = "1",
	.summary = "asks other servers",
	.flags = COAPD_F_TREE,
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.handle = handle,
};
