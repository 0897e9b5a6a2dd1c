#include "client/bench_worker.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

struct worker {
	const struct bench_duty *duty;
	const struct bench_job_ops *ops;
	void *job;
	struct ev_loop *loop;
	ev_io words;
	bool over;
};

static void say(struct worker *w, enum bench_word word)
{
	char c = (char)word;

	if (write(w->duty->words, &c, 1) != 1)
		w->over = true;         /* the parent is gone */
}

static void finish(struct worker *w)
{
	if (!w->over)
		say(w, BENCH_DONE);
	w->over = true;
	ev_break(w->loop, EVBREAK_ALL);
}

/* --- what the job says --------------------------------------------------------------- */

static void on_begun(void *arg)
{
	say(arg, BENCH_BEGUN);
}

static void on_enough(void *arg)
{
	say(arg, BENCH_ENOUGH);
}

static void on_done(void *arg)
{
	finish(arg);
}

/* --- what the parent says -------------------------------------------------------------- */

static void obey(struct worker *w, char word)
{
	switch (word) {
	case BENCH_START:
		w->ops->start(w->job);
		break;
	case BENCH_MEASURE:
		w->ops->measure(w->job);
		break;
	case BENCH_STOP:
		w->ops->stop(w->job);
		break;
	case BENCH_ABANDON:
		w->ops->abandon(w->job);
		finish(w);
		break;
	default:
		break;
	}
}

static void on_words(struct ev_loop *loop, ev_io *io, int revents)
{
	struct worker *w = io->data;
	char word[16];
	ssize_t n = read(w->duty->words, word, sizeof word);

	(void)revents;
	if (n <= 0) {
		w->over = true;
		ev_break(loop, EVBREAK_ALL);
	}
	for (ssize_t i = 0; i < n; i++)
		obey(w, word[i]);
}

/* --- life -------------------------------------------------------------------------------- */

static int pin(int cpu, struct err *err)
{
	cpu_set_t set;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	if (cpu < CPU_SETSIZE)
		CPU_SET((unsigned)cpu, &set);
	if (sched_setaffinity(0, sizeof set, &set))
		return err_set(err, -errno, "cannot run on processor %d: %s", cpu,
			       strerror(errno));
	return 0;
}

static int open_job(struct worker *w, struct err *err)
{
	const struct bench_duty *d = w->duty;
	const struct bench_job job = {
		.loop = w->loop, .plan = d->plan, .tally = &d->slot->tally, .board = d->board,
		.all_seen = d->all_seen, .first = d->first, .begun = on_begun,
		.enough = on_enough, .done = on_done, .arg = w };
	int r;

	if (!w->loop)
		return err_set(err, -ENOSYS, "the system has no epoll");
	r = pin(d->plan->cpu, err);
	return r ? r : w->ops->open(&w->job, &job, err);
}

static void run(struct worker *w)
{
	say(w, BENCH_OPEN);
	while (!w->over)
		ev_run(w->loop, w->duty->plan->busy ? EVRUN_NOWAIT : EVRUN_ONCE);
}

int bench_worker_run(const struct bench_duty *duty)
{
	struct worker w = { .duty = duty,
			    .ops = duty->plan->observe ? &bench_fan_ops : &bench_load_ops,
			    .loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV) };
	int r = open_job(&w, &duty->slot->err);

	if (r) {
		say(&w, BENCH_FAILED);
	} else {
		ev_io_init(&w.words, on_words, duty->words, EV_READ);
		w.words.data = &w;
		ev_io_start(w.loop, &w.words);
		run(&w);
		ev_io_stop(w.loop, &w.words);
		w.ops->close(w.job);
	}
	if (w.loop)
		ev_loop_destroy(w.loop);
	return r != 0;
}
