/* waker.c - tasks that wake each other, for tests alone.  GET waits, having told its name in
 * the log; POST ?id=NAME[&text=T] wakes it; POST ?fill=NAME goes on until the mailbox is
 * full, and tells how often that was. */
#include <coapd/module.h>

#include <stdio.h>
#include <stdlib.h>

enum { TAG = 3 };

static coapd_id name_in(coapd_task *task, const char *argument)
{
	coapd_span value;
	char text[24] = "";

	if (!coapd_query(task, argument, &value) || value.n >= sizeof text)
		return 0;
	memcpy(text, value.p, value.n);
	return strtoull(text, NULL, 10);
}

static void say(coapd_task *task, const char *what, int n)
{
	char text[64];

	snprintf(text, sizeof text, "%s %d", what, n);
	coapd_reply(task, COAPD_204_CHANGED);
	coapd_reply_data(task, coapd_text(text));
}

static enum coapd_verdict post(coapd_task *task)
{
	coapd_mount *mount = coapd_task_mount(task);
	coapd_id id = name_in(task, "id"), fill = name_in(task, "fill");
	coapd_span text = coapd_text("");
	int n = 0;

	coapd_query(task, "text", &text);
	if (id) {
		say(task, "status", coapd_wake(mount, id, TAG, text));
		return COAPD_DONE;
	}
	while (n < 100000 && coapd_wake(mount, fill, 0, text) == 0)
		n++;
	say(task, "sent", n);
	return COAPD_DONE;
}

static enum coapd_verdict
waker_handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	if (event->what == COAPD_EV_WOKEN) {
		coapd_reply(task, COAPD_205_CONTENT);
		coapd_reply_data(task, event->data);
		return COAPD_DONE;
	}
	if (coapd_code(coapd_request(task)) == COAPD_POST)
		return post(task);
	coapd_log(coapd_task_mount(task), COAPD_LOG_NOTICE, "task %llu",
		  (unsigned long long)coapd_task_id(task));
	coapd_await(task, TAG);
	return COAPD_WAIT;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "waker",
	.version = "1",
	.summary = "waits and wakes",
	.flags = COAPD_F_RETRY,
	.handle = waker_handle,
};
