/* jobber.c - works beside the loop, for tests alone.  GET with ?ms=N sleeps so long on a
 * thread and tells who; a POST, where N may be large, tells what became of the job. */
#include <coapd/module.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { JOB };

static int nap(coapd_span in, uint8_t *out, size_t out_cap)
{
	long ms;

	memcpy(&ms, in.p, sizeof ms);
	poll(NULL, 0, (int)ms);
	return snprintf((char *)out, out_cap, "slept %ld in %d", ms, (int)getpid());
}

static enum coapd_verdict begin(coapd_task *task)
{
	coapd_span value;
	char text[16] = "";
	long ms;
	int status;

	if (coapd_query(task, "block", NULL)) {        /* what a module must not do */
		poll(NULL, 0, 2500);
		coapd_reply(task, COAPD_204_CHANGED);
		return COAPD_DONE;
	}
	if (coapd_query(task, "ms", &value) && value.n < sizeof text)
		memcpy(text, value.p, value.n);
	ms = atol(text);
	status = coapd_job(task, JOB, nap, (coapd_span){ (const uint8_t *)&ms, sizeof ms }, 64);
	if (status == 0) {
		coapd_log(coapd_task_mount(task), COAPD_LOG_NOTICE, "job in %d", (int)getpid());
		return COAPD_WAIT;
	}
	coapd_reply(task, COAPD_503_UNAVAILABLE);
	coapd_reply_data(task, coapd_text(status == -EAGAIN ? "full" : "none"));
	return COAPD_DONE;
}

static enum coapd_verdict
jobber_handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	if (event->what == COAPD_EV_REQUEST)
		return begin(task);
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_reply_data(task, event->status == -EOWNERDEAD ? coapd_text("owner dead") :
			 event->data);
	return COAPD_DONE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "jobber",
	.version = "1",
	.summary = "works beside the loop",
	.handle = jobber_handle,
};
