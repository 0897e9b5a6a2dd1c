#include "client/bench_crew.h"

#include "client/bench_worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum crew_state {
	CREW_OPENING,           /* the processes open their sockets */
	CREW_STARTING,          /* they register observers, or send the first requests */
	CREW_WARMING,
	CREW_MEASURING,
	CREW_ENDING,            /* what is under way is awaited */
	CREW_ABANDONING,        /* no longer */
	CREW_OVER
};

struct member {
	pid_t pid;
	int words;              /* -1: closed */
	bool done;              /* it may go */
	ev_io heard;
	struct bench_crew *crew;
	struct bench_plan share;
};

/* What all processes see. */
struct bench_shared {
	struct bench_board board;
	struct bench_slot slot[BENCH_PROCESSES];
};

struct bench_crew {
	struct ev_loop *loop;           /* borrowed */
	const struct bench_plan *plan;  /* borrowed */
	struct meter server;
	void (*over)(void *arg);
	void *arg;
	enum crew_state state;
	unsigned n, answers;            /* processes; those that said what is awaited */
	unsigned enough;
	struct member member[BENCH_PROCESSES];
	struct bench_shared *shared;
	int all_seen;
	ev_timer timer;
	struct meter_reading idle, begin, end;
	int failed;                     /* 0 or negative errno, with err */
	struct err err;
};

/* --- steps --------------------------------------------------------------------------- */

static void tell(struct bench_crew *c, enum bench_word word)
{
	char byte = (char)word;

	for (unsigned i = 0; i < c->n; i++)
		if (c->member[i].words >= 0)
			(void)!send(c->member[i].words, &byte, 1, MSG_NOSIGNAL);
}

static void wait_for(struct bench_crew *c, enum crew_state state, uint64_t ns)
{
	c->state = state;
	c->answers = 0;
	ev_timer_stop(c->loop, &c->timer);
	if (ns == 0)
		return;
	ev_now_update(c->loop);
	ev_timer_set(&c->timer, (double)ns / 1e9, 0.);
	ev_timer_start(c->loop, &c->timer);
}

static void end(struct bench_crew *c)
{
	wait_for(c, CREW_OVER, 0);
	c->over(c->arg);
}

static void fail(struct bench_crew *c, const char *text)
{
	c->failed = err_set(&c->err, -EIO, "%s", text);
	end(c);
}

static void measure(struct bench_crew *c)
{
	c->begin = meter_read(&c->server);
	tell(c, BENCH_MEASURE);
	wait_for(c, CREW_MEASURING, c->plan->duration_ns);
}

/* A load that counts requests counts the first one too. */
static void start(struct bench_crew *c)
{
	bool at_once = c->plan->count && !c->plan->observe;

	c->idle = meter_read(&c->server);
	if (at_once)
		measure(c);
	tell(c, BENCH_START);
	if (!at_once)
		wait_for(c, CREW_STARTING, 0);
}

static uint64_t registered(const struct bench_crew *c)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < c->n; i++)
		n += c->shared->slot[i].tally.registered;
	return n;
}

static void begun(struct bench_crew *c)
{
	c->shared->board.observers = registered(c);
	if (c->plan->observe && c->shared->board.observers == 0)
		fail(c, "the server took none of the observers: is the resource observable?");
	else if (c->plan->warmup_ns && !c->plan->observe)
		wait_for(c, CREW_WARMING, c->plan->warmup_ns);
	else
		measure(c);
}

void bench_crew_stop(struct bench_crew *c)
{
	if (c->state >= CREW_ENDING)
		return;
	if (c->state != CREW_MEASURING)
		c->begin = meter_read(&c->server);
	c->end = meter_read(&c->server);
	tell(c, BENCH_STOP);
	wait_for(c, CREW_ENDING, c->plan->patience_ns);
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct bench_crew *c = w->data;

	(void)loop, (void)revents;
	switch (c->state) {
	case CREW_WARMING:
		measure(c);
		break;
	case CREW_MEASURING:
		bench_crew_stop(c);
		break;
	case CREW_ENDING:
		tell(c, BENCH_ABANDON);
		c->state = CREW_ABANDONING;
		break;
	default:
		break;
	}
}

/* --- what they say ----------------------------------------------------------------------- */

/* How many have to say so until all have: a fan-out is counted for all together. */
static void hear_enough(struct bench_crew *c)
{
	if (++c->enough >= (c->plan->observe ? 1 : c->n))
		bench_crew_stop(c);
}

static void hear(struct bench_crew *c, struct member *m, char word)
{
	switch (word) {
	case BENCH_OPEN:                /* too late if an interrupt came first */
		if (c->state == CREW_OPENING && ++c->answers == c->n)
			start(c);
		break;
	case BENCH_BEGUN:
		if (c->state == CREW_STARTING && ++c->answers == c->n)
			begun(c);
		break;
	case BENCH_ENOUGH:
		hear_enough(c);
		break;
	case BENCH_DONE:
		m->done = true;
		if (++c->answers == c->n)
			end(c);
		break;
	case BENCH_FAILED:
		fail(c, c->shared->slot[m - c->member].err.text);
		break;
	default:
		break;
	}
}

/* Gone before it was done. */
static void died(struct bench_crew *c, struct member *m)
{
	int status = 0;

	waitpid(m->pid, &status, 0);
	m->pid = 0;
	c->failed = WIFSIGNALED(status) ?
		err_set(&c->err, -EIO, "a process of the benchmark was killed by signal %d",
			WTERMSIG(status)) :
		err_set(&c->err, -EIO, "a process of the benchmark ended with status %d",
			WEXITSTATUS(status));
	end(c);
}

static void on_heard(struct ev_loop *loop, ev_io *w, int revents)
{
	struct member *m = w->data;
	struct bench_crew *c = m->crew;
	char word[16];
	ssize_t n = read(m->words, word, sizeof word);

	(void)revents;
	for (ssize_t i = 0; i < n && c->state != CREW_OVER; i++)
		hear(c, m, word[i]);
	if (n > 0)
		return;
	ev_io_stop(loop, w);
	close(m->words);
	m->words = -1;
	if (c->state != CREW_OVER && !m->done)
		died(c, m);
}

/* --- life ------------------------------------------------------------------------------------ */

static void run_child(struct bench_crew *c, unsigned i, int words, pid_t parent)
{
	const struct bench_duty duty = {
		.plan = &c->member[i].share, .slot = &c->shared->slot[i],
		.board = &c->shared->board, .all_seen = c->all_seen, .words = words,
		.first = i == 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* What else it has inherited from the others would keep them from seeing an end
	 * of file. */
	for (unsigned k = 0; k <= i; k++)
		if (c->member[k].words >= 0)
			close(c->member[k].words);
	_exit(bench_worker_run(&duty));
}

static int fork_member(struct bench_crew *c, unsigned i, struct err *err)
{
	struct member *m = &c->member[i];
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return err_set(err, -errno, "no pipe for a process: %s", strerror(errno));
	m->words = pair[0];
	m->share = bench_plan_share(c->plan, i);
	m->pid = fork();
	if (m->pid == 0)
		run_child(c, i, pair[1], parent);
	close(pair[1]);
	if (m->pid < 0) {
		m->pid = 0;
		return err_set(err, -errno, "cannot fork: %s", strerror(errno));
	}
	ev_io_init(&m->heard, on_heard, m->words, EV_READ);
	m->heard.data = m;
	ev_io_start(c->loop, &m->heard);
	return 0;
}

static int share_memory(struct bench_crew *c, struct err *err)
{
	c->shared = mmap(NULL, sizeof *c->shared, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->shared == MAP_FAILED) {
		c->shared = NULL;
		return err_set(err, -ENOMEM, "no memory for the processes");
	}
	c->all_seen = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->all_seen < 0)
		return err_set(err, -errno, "no event descriptor: %s", strerror(errno));
	return 0;
}

int bench_crew_open(struct bench_crew **out, struct ev_loop *loop, const struct bench_plan *plan,
		    const struct meter *server, void (*over)(void *arg), void *arg,
		    struct err *err)
{
	struct bench_crew *c = calloc(1, sizeof *c);
	int r;

	if (!c)
		return err_set(err, -ENOMEM, "no memory for the processes");
	c->loop = loop;
	c->plan = plan;
	c->server = *server;
	c->over = over;
	c->arg = arg;
	c->all_seen = -1;
	ev_timer_init(&c->timer, on_timer, 0., 0.);
	c->timer.data = c;
	for (unsigned i = 0; i < BENCH_PROCESSES; i++)
		c->member[i] = (struct member){ .words = -1, .crew = c };
	r = share_memory(c, err);
	for (; r == 0 && c->n < plan->processes; c->n++)
		r = fork_member(c, c->n, err);
	if (r)
		bench_crew_close(c);
	else
		*out = c;
	return r;
}

int bench_crew_result(const struct bench_crew *c, struct bench_result *out, struct err *err)
{
	*out = (struct bench_result){ .idle = c->idle, .begin = c->begin, .end = c->end };
	for (unsigned i = 0; i < c->n; i++)
		bench_tally_merge(&out->tally, &c->shared->slot[i].tally);
	*err = c->err;
	return c->failed;
}

/* A process ends by itself when it can no longer be told anything. */
static void dismiss(struct bench_crew *c, struct member *m)
{
	if (m->words >= 0) {
		ev_io_stop(c->loop, &m->heard);
		close(m->words);
	}
	if (m->pid > 0)
		waitpid(m->pid, NULL, 0);
}

void bench_crew_close(struct bench_crew *c)
{
	ev_timer_stop(c->loop, &c->timer);
	for (unsigned i = 0; i < BENCH_PROCESSES; i++)
		dismiss(c, &c->member[i]);
	if (c->all_seen >= 0)
		close(c->all_seen);
	if (c->shared)
		munmap(c->shared, sizeof *c->shared);
	free(c);
}
