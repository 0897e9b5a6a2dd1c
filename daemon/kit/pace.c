#include "kit/pace.h"

#include <stdlib.h>

#define END_MS 1000u

/* Whoever waits needs no telling. */
static void ready(void *arg)
{
	(void)arg;
}

bool pace_open(struct pace *p, const struct site *site)
{
	*p = (struct pace){ .next = UINT64_MAX };
	if (jobs_init(&p->jobs, site->threads ? 1 : 0, site->limits.jobs, ready, NULL))
		return false;
	p->jobs.held = true;
	p->job = calloc(p->jobs.n + 1, sizeof *p->job);
	if (!p->job)
		(void)jobs_end(&p->jobs, END_MS);
	return p->job;
}

bool pace_close(struct pace *p)
{
	if (!jobs_end(&p->jobs, END_MS))
		return false;
	free(p->job);
	p->job = NULL;
	return true;
}

bool pace_works(struct pace *p)
{
	return jobs_working(&p->jobs);
}

/* One that is new has its time from now on. */
static uint64_t due(struct pace *p, unsigned i, uint64_t now, uint64_t takes)
{
	struct pace_job *mine = &p->job[i];
	uint64_t order = p->jobs.job[i].order + 1;

	if (mine->order != order)
		*mine = (struct pace_job){ order, now + takes };
	return mine->due;
}

void pace_settle(struct pace *p, uint64_t now, uint64_t takes)
{
	uint64_t until = p->jobs.order;

	jobs_wait(&p->jobs);
	p->next = UINT64_MAX;
	for (unsigned i = 0; i < p->jobs.n; i++) {
		const struct job *job = &p->jobs.job[i];
		uint64_t at;

		if (job->state != JOB_DONE || job->forgotten)
			continue;
		at = due(p, i, now, takes);
		if (at > now && job->order < until)
			until = job->order;
		if (at > now && at < p->next)
			p->next = at;
	}
	/* In their order: one that began earlier is over earlier. */
	p->jobs.until = until;
}
