/* The function of coapd/module.h that begins jobs. */
#include "resource/resources.h"

#include <errno.h>

int coapd_job(coapd_task *task, uint8_t tag, coapd_jobfn *fn, coapd_span in, size_t out_cap)
{
	struct jobs *jobs = task->mount->resources->jobs;
	struct job *job;

	if (tag >= COAPD_TAGS || !fn)
		return -EINVAL;
	if (in.n > COAPD_JOB_BYTES || out_cap > COAPD_JOB_BYTES - in.n)
		return -E2BIG;
	if (!jobs)
		return -ENOTSUP;
	if (!call_reserve(task))
		return -EAGAIN;
	job = jobs_take(jobs, fn, in, out_cap);
	if (!job) {
		engine_count(task->engine, COUNT_FULL_JOBS);
		return -EAGAIN;
	}
	if (task->job[tag])
		jobs_release(jobs, task->job[tag]);
	task->job[tag] = job;
	task->at[tag] = 0;
	task->awaits[tag] = COAPD_EV_JOB;
	call_found(task, tag);
	return 0;
}
