/* fatal.c - kills its worker where it is told to, for tests alone.
 *
 * open() and close() die while the files of these names are there, open() hangs while that of
 * hang is, and stops if that of stop is.  A request says in its query which of its events is to
 * die, ?in=NAME, in each delivery or, with &once, in the first; it brings that event about.  With
 * &thread it is the job itself that dies, with &change observers are told, with &to=PORT a
 * server is asked that is not there. */
#include <coapd/module.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TAG };

static const char *const names[] = {
	[COAPD_EV_REQUEST] = "request", [COAPD_EV_PART] = "part", [COAPD_EV_CANCEL] = "cancel",
	[COAPD_EV_READ] = "read", [COAPD_EV_RENDER] = "render", [COAPD_EV_RUN] = "run",
	[COAPD_EV_TIMER] = "timer", [COAPD_EV_JOB] = "job", [COAPD_EV_RESPONSE] = "response",
	[COAPD_EV_WOKEN] = "woken",
};

struct conf {
	const char *open, *close, *hang, *stop;
};

/* Which event is to die, kept where there may be no request to ask any more. */
struct memory {
	int64_t what;           /* + 1 */
	bool once;
};

/* Whoever has put a handler there (a sanitizer) is not asked. */
static _Noreturn void die(void)
{
	signal(SIGABRT, SIG_DFL);
	abort();
}

static int fatal_open(coapd_mount *mount, const void *conf, void **self)
{
	const struct conf *c = conf;

	*self = (void *)(uintptr_t)conf;
	if (access(c->open, F_OK) == 0)
		die();
	while (access(c->hang, F_OK) == 0)
		pause();
	if (access(c->stop, F_OK) == 0) {
		coapd_log(mount, COAPD_LOG_NOTICE, "process %d stops", (int)getpid());
		raise(SIGSTOP);
	}
	return 0;
}

static void fatal_close(void *self)
{
	const struct conf *c = self;

	if (access(c->close, F_OK) == 0)
		die();
}

static int job(coapd_span in, uint8_t *out, size_t cap)
{
	(void)out;
	(void)cap;
	if (in.n)
		die();
	return 0;
}

/* --- what brings an event about -------------------------------------------------------- */

static enum coapd_verdict done(coapd_task *task, uint8_t code)
{
	coapd_reply(task, code);
	coapd_reply_data(task, coapd_text("alive"));
	return COAPD_DONE;
}

static enum coapd_verdict ask_nobody(coapd_task *task)
{
	coapd_span to;
	char uri[64];

	if (!coapd_query(task, "to", &to))
		return done(task, COAPD_400_BAD_REQUEST);
	snprintf(uri, sizeof uri, "coap://[::1]:%.*s/", (int)to.n, (const char *)to.p);
	if (coapd_fetch(task, TAG, &(struct coapd_out){ .uri = uri, .code = COAPD_GET }))
		return done(task, COAPD_500_INTERNAL_ERROR);
	return COAPD_WAIT;
}

static enum coapd_verdict begin_task(coapd_task *task, const struct memory *m)
{
	coapd_span scratch = { (const uint8_t *)m, sizeof *m };

	if (coapd_task_start(coapd_task_mount(task), coapd_text(""), 0, scratch, NULL))
		return done(task, COAPD_500_INTERNAL_ERROR);
	return done(task, COAPD_204_CHANGED);
}

static enum coapd_verdict begin(coapd_task *task, const struct memory *m, bool last)
{
	coapd_span fatal = coapd_text(coapd_query(task, "thread", NULL) ? "yes" : "");

	switch (m->what - 1) {
	case COAPD_EV_READ:
		coapd_reply(task, COAPD_205_CONTENT);
		coapd_reply_body(task, 100, coapd_text("tag"));
		return COAPD_DONE;
	case COAPD_EV_RENDER:
		coapd_observe(task);
		return done(task, COAPD_205_CONTENT);
	case COAPD_EV_RUN:
		return begin_task(task, m);
	case COAPD_EV_TIMER:
		return coapd_after(task, TAG, 1) ? done(task, COAPD_500_INTERNAL_ERROR) : COAPD_WAIT;
	case COAPD_EV_JOB:
		return coapd_job(task, TAG, job, fatal, 0) ? done(task, COAPD_500_INTERNAL_ERROR) :
							     COAPD_WAIT;
	case COAPD_EV_RESPONSE:
		return ask_nobody(task);
	case COAPD_EV_WOKEN:
		coapd_await(task, TAG);
		coapd_wake(coapd_task_mount(task), coapd_task_id(task), TAG, coapd_text(""));
		return COAPD_WAIT;
	default:
		return last ? done(task, COAPD_204_CHANGED) : COAPD_MORE;
	}
}

/* --- the hook ---------------------------------------------------------------------------- */

static void remember(coapd_task *task, struct memory *m)
{
	coapd_span in;

	if (!coapd_request(task) || !coapd_query(task, "in", &in))
		return;
	m->once = coapd_query(task, "once", NULL);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == in.n && memcmp(names[i], in.p, in.n) == 0)
			m->what = (int64_t)i + 1;
}

static enum coapd_verdict
fatal_handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	struct memory *m = coapd_scratch(task, sizeof *m);

	(void)self;
	remember(task, m);
	if (m->what == (int64_t)event->what + 1 && !(m->once && event->attempt))
		die();
	switch (event->what) {
	case COAPD_EV_REQUEST:
	case COAPD_EV_PART:
		if (coapd_query(task, "change", NULL))
			coapd_changed(coapd_task_mount(task), coapd_text(""), COAPD_CHANGED);
		return begin(task, m, event->last);
	case COAPD_EV_RENDER:
		coapd_observe(task);
		return done(task, COAPD_205_CONTENT);
	case COAPD_EV_READ:
		for (size_t i = 0; i < event->want; i++)
			coapd_reply_data(task, coapd_text("x"));
		return COAPD_DONE;
	case COAPD_EV_RUN:
		coapd_log(coapd_task_mount(task), COAPD_LOG_NOTICE, "the task ran");
		return COAPD_DONE;
	case COAPD_EV_JOB:
		return done(task, event->status == -EOWNERDEAD ? COAPD_503_UNAVAILABLE :
								 COAPD_204_CHANGED);
	default:
		return done(task, COAPD_204_CHANGED);
	}
}

static const struct coapd_row rows[] = {
	{ "open", "string", "/nonexistent", "1..4000", "bytes", "open() dies if it is there.",
	  offsetof(struct conf, open) },
	{ "close", "string", "/nonexistent", "1..4000", "bytes", "close() dies if it is there.",
	  offsetof(struct conf, close) },
	{ "hang", "string", "/nonexistent", "1..4000", "bytes", "open() hangs if it is there.",
	  offsetof(struct conf, hang) },
	{ "stop", "string", "/nonexistent", "1..4000", "bytes", "open() stops if it is there.",
	  offsetof(struct conf, stop) },
};

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "fatal",
	.version = "1",
	.summary = "kills its worker",
	.flags = COAPD_F_STREAM,
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.open = fatal_open,
	.close = fatal_close,
	.handle = fatal_handle,
};
