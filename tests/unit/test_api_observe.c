/* What modules say of observers. */
#include <criterion/criterion.h>

#include "resource/resources.h"
#include "stage.h"

static struct stage *s;
static unsigned woken;

static uint32_t woken_for;

static void wake(void *arg, uint32_t word)
{
	(void)arg;
	woken_for = word;
	woken++;
}

static enum coapd_verdict hook(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	if (coapd_code(coapd_request(task)) == COAPD_PUT) {
		coapd_changed(coapd_task_mount(task), coapd_text("x"), COAPD_GONE);
		coapd_reply(task, COAPD_204_CHANGED);
		return COAPD_DONE;
	}
	coapd_observe(task);
	return stage_say(task, "state");
}

static enum coapd_verdict chooses(void *self, coapd_task *task,
				  const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	coapd_observe_as(task, COAPD_NOTIFY_NON);
	return stage_say(task, "state");
}

STAGE_MODULE(choosing, chooses, .flags = 0);

Test(api_observe, observing_in_a_way_is_observing)
{
	s = stage_one("/a", &choosing);
	cr_assert(strstr(stage_get(s, "6= 11=a"), " 6=#"));
	cr_assert_eq(s->R->task.notify, COAPD_NOTIFY_NON);
	stage_get(s, "11=.well-known 11=core");
	cr_assert_eq(s->R->task.notify, COAPD_NOTIFY_AS_ASKED);
	stage_free(s);
}

STAGE_MODULE(both, hook, .flags = 0);

Test(api_observe, a_change_is_one_count_and_wakes)
{
	static struct changes changes;
	uint64_t sum = 0;
	uint32_t own;

	s = stage_one("/a", &both);
	resources_changes(s->R, &changes, 2, wake, NULL);
	stage_ask(s, COAP_PUT, 1, "11=a");
	cr_assert_str_eq(stage_next(s), "ACK 2.04 pay=");
	for (unsigned i = 0; i < CHANGES_WORDS; i++)
		sum += changes.word[i];
	cr_assert_eq(sum, 1);
	cr_assert_eq(woken, 1);
	cr_assert_eq(changes.word[woken_for], 1);
	own = changes_word(&changes, s->R->mount[0].id, "", 0);
	cr_assert(!changes_listens(&changes, 2, own));
	stage_get(s, "6= 11=a");
	cr_assert(changes_listens(&changes, 2, own));
	cr_assert(!changes_listens(&changes, 2, woken_for));
	stage_free(s);
}
