/* Tasks that are woken. */
#include <criterion/criterion.h>

#include "resource/background.h"
#include "resource/resources.h"
#include "stage.h"

#include <errno.h>

#define TAG 5

static struct stage *s;
static coapd_id waiting;
static int status, full;
static unsigned woken;
static char data[COAPD_WAKE_BYTES + 1];

/* A mailbox of one message. */
static struct letter box;
static unsigned there;

static int put(void *arg, unsigned slot, const struct letter *l)
{
	(void)arg;
	if (slot != s->rig->e.space.number)
		return -ENOENT;
	if (full || there)
		return -EAGAIN;
	box = *l;
	there = 1;
	return 0;
}

static bool peek(void *arg, unsigned slot, struct letter *l)
{
	(void)arg;
	*l = box;
	return there && slot == s->rig->e.space.number;
}

static void take(void *arg, unsigned slot)
{
	(void)arg;
	(void)slot;
	there = 0;
}

static const struct post post = { put, peek, take, NULL };

/* GET waits to be woken; FETCH wakes. */
static enum coapd_verdict hook(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	if (event->what == COAPD_EV_WOKEN) {
		memcpy(data, event->data.p, event->data.n);
		woken++;
		stage_note(event);
		return coapd_request(task) ? stage_say(task, data) : COAPD_DONE;
	}
	stage_note(event);
	if (event->what == COAPD_EV_REQUEST && coapd_code(coapd_request(task)) == COAPD_FETCH) {
		status = coapd_wake(coapd_task_mount(task), waiting, TAG, coapd_text("up"));
		return stage_say(task, "sent");
	}
	waiting = coapd_task_id(task);
	status = coapd_await(task, TAG);
	return COAPD_WAIT;
}

STAGE_MODULE(waker, hook, .flags = 0);

static void setup(void)
{
	s = stage_one("/a", &waker);
	resources_post(s->R, &post);
	stage_ask(s, COAP_GET, 1, "11=a");
	cr_assert_eq(status, 0);
	cr_assert_eq(stage_tasks(s), 1);
}

static void teardown(void)
{
	stage_free(s);
}

TestSuite(api_wake, .init = setup, .fini = teardown);

static bool letter(void)
{
	bool worked = resource_letter(s->R, &s->rig->e);

	rig_commit(s->rig);
	resource_committed(s->R);
	return worked;
}

static int wake(coapd_id id, uint8_t tag, size_t n)
{
	static const uint8_t bytes[COAPD_WAKE_BYTES + 1] = "0123456789";

	return coapd_wake(&s->R->mount[0], id, tag, (coapd_span){ bytes, n });
}

Test(api_wake, another_request_wakes_it)
{
	stage_ask(s, COAP_FETCH, 2, "11=a");
	cr_assert_eq(status, 0);
	cr_assert_eq(woken, 0, "not within the hook");
	cr_assert(letter());
	cr_assert_eq(woken, 1);
	cr_assert_str_eq(data, "up");
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert(!letter());
}

Test(api_wake, a_message_comes_again_when_its_worker_dies_of_it)
{
	wake(waiting, TAG, 3);
	engine_commit(&s->rig->e, space_rx_next(&s->rig->e.space));
	cr_assert(resource_letter(s->R, &s->rig->e));
	s->R->opened_letter = false;            /* dead before the commit */
	stage_crash(s);
	cr_assert_eq(stage_tasks(s), 1);
	cr_assert(letter());
	cr_assert_eq(woken, 2);
	cr_assert_eq(s->last_attempt, 1);
	cr_assert_eq(there, 0);
}

Test(api_wake, who_awaits_nothing_is_not_woken)
{
	wake(waiting, TAG + 1, 3);
	cr_assert(letter());
	wake(waiting + 1, TAG, 3);
	cr_assert(letter());
	cr_assert_eq(woken, 0);
	cr_assert_eq(there, 0);
	cr_assert_eq(stage_counter(s, COUNT_WAKE_STALE), 2);
}

Test(api_wake, one_that_is_there_once_is_woken_by_its_key)
{
	uint64_t name = background_once(&s->R->mount[0], span_str("key"));

	s->rig->e.space.number = 0;     /* the one slot there is */
	cr_assert_neq(background_start(&s->rig->e, &s->R->mount[0], name, "", 1), 0);
	stage_wait(s, 0);
	cr_assert_eq(coapd_wake_once(&s->R->mount[0], coapd_text("key"), TAG, coapd_text("hi")),
		     0);
	cr_assert(letter());
	cr_assert_eq(woken, 1);
	cr_assert_str_eq(data, "hi");
	cr_assert_eq(s->rig->e.background_n, 0);
}

Test(api_wake, limits_and_mistakes)
{
	cr_assert_eq(wake(waiting, COAPD_TAGS, 3), -EINVAL);
	cr_assert_eq(wake(waiting, TAG, COAPD_WAKE_BYTES + 1), -EINVAL);
	cr_assert_eq(wake(0, TAG, 3), -ENOENT);
	cr_assert_eq(wake(waiting ^ (coapd_id)1 << 56, TAG, 3), -ENOENT);
	full = 1;
	cr_assert_eq(wake(waiting, TAG, 3), -EAGAIN);
	stage_ask(s, COAP_FETCH, 2, "11=a");
	cr_assert_eq(status, -EAGAIN);
	cr_assert_eq(stage_counter(s, COUNT_FULL_WAKES), 1);
	resources_post(s->R, NULL);
	cr_assert_eq(wake(waiting, TAG, 3), -ENOENT);
	cr_assert(!letter());
}

Test(api_wake, tags)
{
	static struct coapd_task t;

	cr_assert_eq(coapd_await(&t, COAPD_TAGS), -EINVAL);
}
