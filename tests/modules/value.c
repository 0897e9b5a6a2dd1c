/* value.c - a state that can be set and observed, for tests alone.
 *
 * It is kept in a file, outside of slot memory, so that all workers have it.  PUT sets
 * it, DELETE ends it, GET gives it.  A PUT with ?die ends its worker when the state has
 * been set and nobody told of it; the state "die" ends whoever makes it for observers. */
#include <coapd/module.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define MOST 16384u

struct conf {
	const char *file;
	uint64_t max_age;
};

struct value {
	const struct conf *conf;
	int fd;
};

/* Length 0 is no state. */
struct state {
	uint32_t n;
	uint8_t bytes[MOST];
};

static int value_open(coapd_mount *mount, const void *conf, void **self)
{
	struct value *v = calloc(1, sizeof *v);

	(void)mount;
	if (!v)
		return -ENOMEM;
	v->conf = conf;
	v->fd = open(v->conf->file, O_RDWR | O_CLOEXEC);
	if (v->fd < 0) {
		free(v);
		return -errno;
	}
	*self = v;
	return 0;
}

static void value_close(void *self)
{
	struct value *v = self;

	close(v->fd);
	free(v);
}

static void set(const struct value *v, coapd_span s)
{
	static struct state state;
	ssize_t n;

	state.n = s.n < MOST ? (uint32_t)s.n : MOST;
	if (state.n)
		memcpy(state.bytes, s.p, state.n);
	flock(v->fd, LOCK_EX);
	n = pwrite(v->fd, &state, 4 + state.n, 0);
	(void)n;
	flock(v->fd, LOCK_UN);
}

static const struct state *get(const struct value *v)
{
	static struct state state;

	flock(v->fd, LOCK_SH);
	if (pread(v->fd, &state, sizeof state, 0) < 4 || state.n > MOST)
		state.n = 0;
	flock(v->fd, LOCK_UN);
	return &state;
}

static void change(const struct value *v, coapd_task *task)
{
	bool put = coapd_code(coapd_request(task)) == COAPD_PUT;
	coapd_span none = { NULL, 0 };

	set(v, put ? coapd_payload(coapd_request(task)) : none);
	if (coapd_query(task, "die", NULL))
		abort();
	coapd_changed(coapd_task_mount(task), coapd_text(""), put ? COAPD_CHANGED : COAPD_GONE);
	coapd_reply(task, put ? COAPD_204_CHANGED : COAPD_202_DELETED);
}

static void show(const struct value *v, coapd_task *task)
{
	const struct state *state = get(v);

	if (!state->n) {
		coapd_reply(task, COAPD_404_NOT_FOUND);
		return;
	}
	coapd_observe(task);
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, COAPD_TEXT_PLAIN);
	if (v->conf->max_age)
		coapd_add_uint(task, COAPD_OPT_MAX_AGE, v->conf->max_age / 1000);
	coapd_reply_data(task, (coapd_span){ state->bytes, state->n });
}

static enum coapd_verdict
value_handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	const struct value *v = self;

	if (event->what == COAPD_EV_RENDER && get(v)->n == 3 &&
	    memcmp(get(v)->bytes, "die", 3) == 0)
		abort();
	if (!coapd_allow(task, COAPD_ALLOW_GET | COAPD_ALLOW_FETCH | COAPD_ALLOW_PUT |
			 COAPD_ALLOW_DELETE))
		return COAPD_DONE;
	if (coapd_code(coapd_request(task)) == COAPD_PUT ||
	    coapd_code(coapd_request(task)) == COAPD_DELETE)
		change(v, task);
	else
		show(v, task);
	return COAPD_DONE;
}

static const struct coapd_row rows[] = {
	{ "file", "string", NULL, "1..4000", "bytes", "The file to keep the state in.",
	  offsetof(struct conf, file) },
	{ "max-age", "duration", "0s", NULL, NULL, "How long a state is good; 0s: not said.",
	  offsetof(struct conf, max_age) },
};

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "value",
	.version = "1",
	.summary = "a state to observe",
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.open = value_open,
	.close = value_close,
	.handle = value_handle,
};
