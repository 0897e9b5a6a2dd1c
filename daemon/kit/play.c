#include "kit/play.h"

#include "coap/describe.h"
#include "kit/judge.h"
#include "kit/setting.h"
#include "kit/upstream.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#define ROUNDS_MAX 1000000u     /* at one moment: more is a module that never rests */

/* A run under way. */
struct run {
	struct play *play;
	struct host host;
	struct peers peers;
	FILE *trace;
	char *log;              /* what was logged and not yet expected; owned */
	size_t log_n;
	bool pardoned;          /* a request that may not run twice got its 5.00 */
	bool over;              /* nothing more is to be done */
};

static void fail(struct run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct run *run, const char *fmt, ...)
{
	va_list ap;

	if (run->play->why[0])
		return;
	va_start(ap, fmt);
	vsnprintf(run->play->why, sizeof run->play->why, fmt, ap);
	va_end(ap);
	run->over = true;
}

static struct guest_shared *shared(const struct run *run)
{
	return run->host.shared;
}

/* --- the trace ---------------------------------------------------------------------- */

static void trace_dgram(struct run *run, char way, const struct guest_dgram *d)
{
	char line[512];
	struct writer w = writer_of(line, sizeof line);

	describe_datagram(&w, span_of(d->data, d->len), NULL);
	fprintf(run->trace, "%9.3f %c %.*s\n",
		(double)(shared(run)->now - HOST_BEGIN) / 1e3, way, (int)(w.p - (uint8_t *)line),
		line);
}

/* What was logged goes into the trace and is kept to be expected. */
static void take_log(struct run *run)
{
	char *more = host_log(&run->host), *all;
	size_t n = more ? strlen(more) : 0;

	if (n) {
		all = realloc(run->log, run->log_n + n + 1);
		if (all) {
			memcpy(all + run->log_n, more, n + 1);
			run->log = all;
			run->log_n += n;
		}
		fputs(more, run->trace);
		if (more[n - 1] != '\n')
			fputc('\n', run->trace);
	}
	free(more);
}

/* --- time and datagrams ------------------------------------------------------------------ */

static void note_slow(struct run *run)
{
	struct play *p = run->play;

	if (shared(run)->slow_ms <= p->slow_ms)
		return;
	p->slow_ms = shared(run)->slow_ms;
	host_point(&run->host, &shared(run)->slow, p->slow);
}

static void step(struct run *run, const struct guest_dgram *in)
{
	bool killed = shared(run)->killed;
	enum host_verdict v;
	char told[HOST_TOLD];

	if (in)
		trace_dgram(run, '>', in);
	v = host_step(&run->host, in);
	take_log(run);
	if (shared(run)->killed && !killed)
		fputs("          (the worker was killed)\n", run->trace);
	note_slow(run);
	if (v == HOST_START)
		run->over = true;
	else if (v != HOST_OK)
		fail(run, "%s", host_tell(&run->host, v, told));
	if (v != HOST_OK)
		return;
	for (unsigned i = 0; i < shared(run)->tx_n; i++) {
		trace_dgram(run, '<', &shared(run)->tx[i]);
		peers_take(&run->peers, &shared(run)->tx[i], shared(run)->now);
	}
	if (run->peers.wrong[0])
		fail(run, "%s", run->peers.wrong);
}

/* All that happens at this moment. */
static void settle(struct run *run)
{
	struct guest_dgram d;
	bool in = true;

	for (unsigned n = 0; !run->over && (in || shared(run)->more); n++) {
		if (n == ROUNDS_MAX)
			fail(run, "there is always more to do, and time does not pass");
		in = peers_next(&run->peers, &d);
		if (in || shared(run)->more)
			step(run, in ? &d : NULL);
	}
}

/* Lets time pass up to the next deadline, not beyond end.  False: it is end, and
 * nothing is due before. */
static bool pass(struct run *run, uint64_t end)
{
	struct guest_shared *s = shared(run);

	if (s->next >= end || run->over) {
		s->now = end > s->now ? end : s->now;
		return false;
	}
	if (s->next > s->now)
		s->now = s->next;
	step(run, NULL);
	settle(run);
	return true;
}

static void wait_until(struct run *run, uint64_t end)
{
	while (pass(run, end) && !run->over)
		;
	if (!run->over)
		step(run, NULL);
	settle(run);
}

/* Until an answer is there. */
static bool await(struct run *run, const struct peer_request *r, uint64_t patience_ms)
{
	uint64_t end = shared(run)->now + patience_ms;

	while (r->read == r->n && !run->over && shared(run)->next <= end)
		pass(run, end + 1);
	return r->read < r->n;
}

/* --- what a death may change ----------------------------------------------------------------- */

/* Whoever takes over tells observers of what it cannot know that they know. */
static bool is_repeated(const struct run *run, const struct peer_request *r)
{
	return shared(run)->killed && r->read > 0 &&
	       judge_repeats(&r->answer[r->read - 1], &r->answer[r->read]);
}

/* 5.00 for a request that may not run twice and whose worker was killed. */
static bool is_pardoned(struct run *run, const struct peer_request *r,
			const struct peer_answer *a)
{
	return !run->pardoned && shared(run)->killed && shared(run)->victim.unsafe &&
	       shared(run)->death.place != DEATH_AFTER_COMMIT &&
	       a->code == COAP_INTERNAL_ERROR && !code_is_safe(r->command->code);
}

/* Whoever asked does what people do: if nothing can have happened yet, asks again. */
static bool pardon(struct run *run, struct peer_request *r)
{
	run->pardoned = true;
	r->read++;
	if (shared(run)->death.place != DEATH_IN_HOOK || shared(run)->victim.what != 0)
		return false;
	fputs("          (answered 5.00, as it may not run twice: asked again)\n", run->trace);
	peers_ask_anew(&run->peers, r, shared(run)->now);
	settle(run);
	return true;
}

/* --- commands ---------------------------------------------------------------------------- */

static void expect(struct run *run, const struct command *c, struct peer_request *r)
{
	uint64_t patience = c->within_ms == SCRIPT_NEVER ? PLAY_PATIENCE_MS : c->within_ms;
	struct peer_answer *a;
	char why[PLAY_WHY];
	struct writer w = writer_of(why, sizeof why);

	if (c->after_ms != SCRIPT_NEVER && c->after_ms > patience)
		patience = c->after_ms;
	if (!await(run, r, patience)) {
		fail(run, "expected a response, none came for %llu s",
		     (unsigned long long)patience / 1000);
		return;
	}
	a = &r->answer[r->read];
	if (judge_answer(c, r, a, &w)) {
		r->read++;
		return;
	}
	if (is_repeated(run, r)) {
		r->read++;
		expect(run, c, r);
	} else if (!is_pardoned(run, r, a)) {
		fail(run, "%.*s", (int)(w.p - (uint8_t *)why), why);
	} else if (pardon(run, r)) {
		expect(run, c, r);
	}
}

static void expect_nothing(struct run *run, const struct command *c, struct peer_request *r)
{
	char code[CODE_TEXT];

	wait_until(run, shared(run)->now + c->within_ms);
	while (r->read < r->n && is_repeated(run, r))
		r->read++;
	if (r->read < r->n)
		fail(run, "expected nothing, got %s",
		     code_print(r->answer[r->read].code, code));
}

/* An empty message; the next one must come anew. */
static void expect_empty(struct run *run, bool *came, const char *what)
{
	if (!*came)
		fail(run, "expected %s, none has come", what);
	*came = false;
}

static void expect_log(struct run *run, const struct command *c)
{
	char *line = run->log, *end;
	size_t n;

	for (; line && *line; line = end + 1) {
		end = strchrnul(line, '\n');
		n = (size_t)(end - line);
		if (judge_like(c->payload, span_of(line, n))) {
			run->log_n -= (size_t)(end - run->log) + (*end != 0);
			memmove(run->log, end + (*end != 0), run->log_n + 1);
			return;
		}
		if (!*end)
			break;
	}
	fail(run, "no line in the log is like this");
}

/* Index of a mount by its path as it was written; SIZE_MAX: there is none. */
static size_t mount_of(const struct script *s, const char *path)
{
	const struct command *c;

	for (size_t i = 0; (c = setting_mount(s, i)); i++)
		if (strcmp(c->key, path) == 0)
			return i;
	return SIZE_MAX;
}

/* What a dead hook counted is counted, and again when it is run again; and a request that
 * nobody asked again after its 5.00 may not have been counted. */
static bool is_counted(const struct run *run, uint64_t value, uint64_t wanted)
{
	return value == wanted || run->pardoned || (shared(run)->killed && value > wanted);
}

static void expect_count(struct run *run, const struct command *c)
{
	size_t mount = mount_of(run->play->script, c->key);
	struct count count = { .value = 0 };
	unsigned i = 0;

	while (counts_read(&run->host.counts, mount, i++, &count))
		if (strcmp(count.name, c->name) == 0) {
			if (!is_counted(run, count.value, c->number))
				fail(run, "expected %llu, %s of %s is %llu",
				     (unsigned long long)c->number, c->name, c->key,
				     (unsigned long long)count.value);
			return;
		}
	fail(run, "%s has no counter %s", c->key, c->name);
}

static void perform(struct run *run, const struct command *c)
{
	struct peer_request *r = peers_find(&run->peers, c->name);

	switch (c->kind) {
	case COMMAND_MOUNT:
	case COMMAND_SITE:
		break;
	case COMMAND_ANSWER:
		upstream_add(&run->peers, c);
		break;
	case COMMAND_REQUEST:
		peers_ask(&run->peers, c, shared(run)->now);
		settle(run);
		break;
	case COMMAND_EXPECT:
		expect(run, c, r);
		break;
	case COMMAND_NOTHING:
		expect_nothing(run, c, r);
		break;
	case COMMAND_ACK:
		expect_empty(run, &r->acked, "an empty acknowledgement");
		break;
	case COMMAND_RST:
		expect_empty(run, &r->rejected, "a reset");
		break;
	case COMMAND_WAIT:
		wait_until(run, shared(run)->now + c->within_ms);
		break;
	case COMMAND_LOG:
		expect_log(run, c);
		break;
	case COMMAND_COUNT:
		expect_count(run, c);
		break;
	case COMMAND_JOBS:
		shared(run)->job_ms = c->within_ms;
		break;
	case COMMAND_CRASH:
		host_kill(&run->host);
		step(run, NULL);
		settle(run);
		break;
	case COMMAND_REPEAT:
		peers_repeat(&run->peers, r);
		settle(run);
		break;
	case COMMAND_RESET:
		r->rejects = true;
		break;
	}
}

static void perform_all(struct run *run)
{
	const struct script *s = run->play->script;

	for (size_t i = 0; i < s->n && !run->over; i++) {
		const struct command *c = &s->command[i];

		run->play->failed = c;
		if (c->kind != COMMAND_MOUNT && c->kind != COMMAND_SITE)
			fprintf(run->trace, "%u: %.*s\n", c->line, (int)c->text.n,
				(const char *)c->text.p);
		perform(run, c);
	}
	if (!run->over)
		run->play->failed = NULL;
}

/* --- around them --------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

/* A directory for what ${dir} stands for, and for those of mounts, new in each run. */
static bool make_dir(char *dir, size_t cap)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, cap, "%s/coapd-module-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	return mkdtemp(dir);
}

static enum play_verdict run_site(struct play *p, const struct site *site,
				  struct config_errors *errors)
{
	struct run run = { .play = p };
	enum play_verdict v;
	struct err err;
	size_t n;

	if (host_open(&run.host, site, p->death, &err)) {
		errors_add(errors, (struct config_place){ 0 }, "%s", err.text);
		return PLAY_WRONG;
	}
	run.trace = open_memstream(&p->trace, &n);
	if (!run.trace)
		run.trace = stderr;
	step(&run, NULL);       /* the first life opens the modules */
	if (p->why[0] && shared(&run)->stage == GUEST_OPENING)
		p->failed = setting_mount(p->script, shared(&run)->point.mount);
	perform_all(&run);
	v = p->why[0] ? PLAY_FAILED : PLAY_OK;
	if (shared(&run)->errors.count) {
		setting_blame(p->script, &shared(&run)->errors, errors);
		v = PLAY_WRONG;
	}
	if (shared(&run)->killed)
		host_point(&run.host, &shared(&run)->victim, p->where);
	p->hooks = shared(&run)->hooks;
	p->events = shared(&run)->events;
	p->lives = run.host.lives;
	host_close(&run.host);
	peers_free(&run.peers);
	if (run.trace != stderr)
		fclose(run.trace);
	free(run.log);
	return v;
}

enum play_verdict play_run(struct play *p, struct config_errors *errors)
{
	enum play_verdict v = PLAY_WRONG;
	struct site *site;
	char dir[256];

	errors_begin(errors, p->script->file);
	if (!make_dir(dir, sizeof dir)) {
		errors_add(errors, (struct config_place){ 0 }, "no directory %s: %s", dir,
			   strerror(errno));
		return v;
	}
	site = setting_make(p->script, p->modules_dir, dir, errors);
	if (site) {
		site->runtime_at = dir;
		v = run_site(p, site, errors);
	}
	site_free(site);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return v;
}

void play_free(struct play *p)
{
	free(p->trace);
	p->trace = NULL;
}
