/* What modules count. */
#include <criterion/criterion.h>

#include "base/counts.h"
#include "stage.h"

static const char *const names[] = { "opened", "asked" };
static struct counts counts;
static struct stage *s;

static int open_mount(coapd_mount *mount, const void *conf, void **self)
{
	(void)conf, (void)self;
	coapd_count(mount, 0, 1);
	return 0;
}

/* DELETE counts what is not there. */
static enum coapd_verdict hook(void *self, coapd_task *task, const struct coapd_event *event)
{
	coapd_mount *mount = coapd_task_mount(task);

	(void)self;
	coapd_count(mount, coapd_code(coapd_request(task)) == COAPD_DELETE ? 2 : 1, 3);
	stage_note(event);
	return stage_say(task, "said");
}

STAGE_MODULE(counting, hook, .open = open_mount, .counters = names, .ncounters = 2);

static void setup(void)
{
	struct resource_mount_spec spec = stage_spec("/a", &counting);
	struct err err;

	cr_assert_eq(counts_make(&counts, 1, 1, &err), 0);
	spec.counts = counts_begin(&counts, 0, 0, names, 2);
	s = stage_new(&spec, 1);
}

static void teardown(void)
{
	stage_free(s);
	counts_free(&counts);
}

static uint64_t value(unsigned nth)
{
	struct count count;

	cr_assert(counts_read(&counts, 0, nth, &count));
	cr_assert_str_eq(count.name, names[nth]);
	return count.value;
}

Test(api_count, open_and_hook_count, .init = setup, .fini = teardown)
{
	cr_assert_eq(value(0), 1);
	stage_get(s, "11=a");
	stage_get(s, "11=a");
	cr_assert_eq(value(1), 6);
}

Test(api_count, a_number_that_is_none_is_passed_over, .init = setup, .fini = teardown)
{
	stage_ask(s, COAP_DELETE, 9, "11=a");
	cr_assert_eq(value(0), 1);
	cr_assert_eq(value(1), 0);
	cr_assert_eq(counts.row->value[2], 0);
}

Test(api_count, what_a_dead_hook_counted_is_counted, .init = setup, .fini = teardown)
{
	s->deaths = 1;
	stage_ask(s, COAP_GET, 9, "11=a");
	stage_crash(s);
	cr_assert_str_eq(stage_next(s), "ACK 2.05 pay=said");
	cr_assert_eq(value(1), 6);
}

Test(api_count, without_memory_nothing_happens)
{
	s = stage_one("/a", &counting);
	stage_get(s, "11=a");
	stage_free(s);
}
