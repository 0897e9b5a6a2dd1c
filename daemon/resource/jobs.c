#include "resource/jobs.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

int jobs_init(struct jobs *j, unsigned threads, unsigned n, void (*ready)(void *), void *arg)
{
	*j = (struct jobs){ .n = threads ? n : 0, .threads = threads, .ready = ready,
			    .arg = arg, .until = UINT64_MAX };
	j->job = calloc(j->n + 1, sizeof *j->job);
	j->bytes = calloc(j->n + 1, COAPD_JOB_BYTES);
	j->thread = calloc(threads + 1, sizeof *j->thread);
	if (!j->job || !j->bytes || !j->thread) {
		free(j->job);
		free(j->bytes);
		free(j->thread);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < j->n; i++)
		j->job[i].bytes = j->bytes + (size_t)i * COAPD_JOB_BYTES;
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->work, NULL);
	pthread_cond_init(&j->rest, NULL);
	return 0;
}

/* --- states, under the lock ------------------------------------------------------------- */

static void finish(struct jobs *j, struct job *job)
{
	job->state = JOB_DONE;
	__atomic_add_fetch(&j->finished, 1, __ATOMIC_RELEASE);
	j->ready(j->arg);
}

static void set_free(struct jobs *j, struct job *job)
{
	if (job->state == JOB_DONE)
		__atomic_sub_fetch(&j->finished, 1, __ATOMIC_RELAXED);
	if (job->state == JOB_QUEUED)
		j->queued--;
	job->state = JOB_FREE;
}

/* --- on a thread ------------------------------------------------------------------------ */

static struct job *first(struct jobs *j)
{
	struct job *found = NULL;

	for (unsigned i = 0; i < j->n; i++)
		if (j->job[i].state == JOB_QUEUED && (!found || j->job[i].order < found->order))
			found = &j->job[i];
	return found;
}

/* A module that says it put out more than there was room for did so. */
static void run(struct job *job)
{
	coapd_span in = { job->bytes, job->in };
	int n = job->fn(in, job->bytes + job->in, job->out);

	job->status = n > 0 && (size_t)n > job->out ? -EOVERFLOW : n;
}

static void *work(void *arg)
{
	struct jobs *j = arg;
	struct job *job;

	pthread_mutex_lock(&j->lock);
	while (!j->ending) {
		job = j->held ? NULL : first(j);
		if (!job) {
			pthread_cond_wait(&j->work, &j->lock);
			continue;
		}
		job->state = JOB_RUNNING;
		j->queued--;
		j->running++;
		pthread_mutex_unlock(&j->lock);
		run(job);
		pthread_mutex_lock(&j->lock);
		j->running--;
		finish(j, job);
		pthread_cond_broadcast(&j->rest);
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

/* --- on the worker's thread ------------------------------------------------------------- */

/* Signals are for the worker's own thread. */
static int start_thread(struct jobs *j)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	r = pthread_create(&j->thread[j->started], NULL, work, j);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r == 0)
		j->started++;
	return r;
}

bool jobs_end(struct jobs *j, unsigned ms)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&j->lock);
	j->ending = true;
	pthread_cond_broadcast(&j->work);
	while (j->running && r == 0)
		r = pthread_cond_clockwait(&j->rest, &j->lock, CLOCK_MONOTONIC, &until);
	r = j->running != 0;
	pthread_mutex_unlock(&j->lock);
	if (r)
		return false;
	while (j->started)
		pthread_join(j->thread[--j->started], NULL);
	pthread_mutex_destroy(&j->lock);
	pthread_cond_destroy(&j->work);
	pthread_cond_destroy(&j->rest);
	free(j->job);
	free(j->bytes);
	free(j->thread);
	return true;
}

struct job *jobs_take(struct jobs *j, coapd_jobfn *fn, coapd_span in, size_t out)
{
	struct job *job = NULL;

	pthread_mutex_lock(&j->lock);
	for (unsigned i = 0; i < j->n && !job; i++)
		if (j->job[i].state == JOB_FREE)
			job = &j->job[i];
	if (job)
		job->state = JOB_TAKEN;
	pthread_mutex_unlock(&j->lock);
	if (!job)
		return NULL;
	job->forgotten = false;
	job->fn = fn;
	job->in = in.n;
	job->out = out;
	if (in.n)
		memcpy(job->bytes, in.p, in.n);
	return job;
}

void jobs_prepare(struct jobs *j, struct job *job, ref_t task, uint8_t tag)
{
	pthread_mutex_lock(&j->lock);
	job->task = task;
	job->tag = tag;
	job->order = j->order++;
	job->state = JOB_PREPARED;
	j->prepared++;
	pthread_mutex_unlock(&j->lock);
}

/* Without a thread it fails at once, as if it had run. */
static void give_up(struct jobs *j)
{
	for (struct job *job = first(j); job; job = first(j)) {
		job->status = -EAGAIN;
		j->queued--;
		finish(j, job);
	}
}

void jobs_begin(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	for (unsigned i = 0; i < j->n; i++)
		if (j->job[i].state == JOB_PREPARED) {
			j->job[i].state = JOB_QUEUED;
			j->queued++;
		}
	j->prepared = 0;
	while (j->started < j->threads && j->started < j->running + j->queued)
		if (start_thread(j))
			break;
	if (!j->started)
		give_up(j);
	pthread_cond_broadcast(&j->work);
	pthread_mutex_unlock(&j->lock);
}

void jobs_forget(struct jobs *j, ref_t task, uint8_t tag)
{
	pthread_mutex_lock(&j->lock);
	for (unsigned i = 0; i < j->n; i++) {
		struct job *job = &j->job[i];

		if (job->state < JOB_QUEUED || job->task != task || job->tag != tag)
			continue;
		job->forgotten = true;
		if (job->state != JOB_RUNNING)
			set_free(j, job);
	}
	pthread_mutex_unlock(&j->lock);
}

struct job *jobs_done(struct jobs *j, uint8_t space)
{
	struct job *found = NULL;

	if (!__atomic_load_n(&j->finished, __ATOMIC_ACQUIRE))
		return NULL;
	pthread_mutex_lock(&j->lock);
	for (unsigned i = 0; i < j->n; i++) {
		struct job *job = &j->job[i];

		if (job->state != JOB_DONE)
			continue;
		if (job->forgotten)
			set_free(j, job);
		else if (REF_SPACE(job->task) == space && job->order < j->until &&
			 (!found || job->order < found->order))
			found = job;
	}
	pthread_mutex_unlock(&j->lock);
	return found;
}

coapd_span jobs_result(const struct job *job)
{
	return (coapd_span){ job->bytes + job->in, job->status > 0 ? (size_t)job->status : 0 };
}

void jobs_release(struct jobs *j, struct job *job)
{
	pthread_mutex_lock(&j->lock);
	set_free(j, job);
	pthread_mutex_unlock(&j->lock);
}

bool jobs_working(struct jobs *j)
{
	bool working;

	pthread_mutex_lock(&j->lock);
	working = j->queued || j->running;
	pthread_mutex_unlock(&j->lock);
	return working;
}

void jobs_wait(struct jobs *j)
{
	bool held;

	pthread_mutex_lock(&j->lock);
	held = j->held;
	j->held = false;
	pthread_cond_broadcast(&j->work);
	while (j->queued || j->running)
		pthread_cond_wait(&j->rest, &j->lock);
	j->held = held;
	pthread_mutex_unlock(&j->lock);
}

bool jobs_busy(struct jobs *j)
{
	bool busy = false;

	pthread_mutex_lock(&j->lock);
	for (unsigned i = 0; i < j->n; i++)
		busy |= j->job[i].state != JOB_FREE;
	pthread_mutex_unlock(&j->lock);
	return busy;
}
