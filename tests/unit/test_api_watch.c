/* What modules say of what goes on outside. */
#include <criterion/criterion.h>

#include "resource/resources.h"
#include "stage.h"

#include <errno.h>
#include <unistd.h>

static struct stage *s;
static int p[2];
static bool closed, wanted;
static unsigned state;
static coapd_mount *mount;

static void on_ready(void *self, int fd, int events)
{
	cr_assert_eq(self, &state);
	cr_assert_eq(fd, p[0]);
	cr_assert_eq(events, COAPD_READABLE);
	state++;
	coapd_changed_here(mount, coapd_text(""));
}

static int open_it(coapd_mount *m, const void *conf, void **self)
{
	(void)conf;
	mount = m;
	*self = &state;
	return coapd_watch_fd(m, p[0], COAPD_READABLE, on_ready);
}

static void close_it(void *self)
{
	(void)self;
	/* It is off by now. */
	closed = coapd_watch_fd(mount, p[0], 0, NULL) == -ENOENT;
}

static enum coapd_verdict hook(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	wanted = coapd_wants_observe(task);
	coapd_observe(task);
	return stage_say(task, state ? "new" : "old");
}

STAGE_MODULE(watcher, hook, .open = open_it, .close = close_it, .flags = COAPD_F_WATCHES);
STAGE_MODULE(other, hook, .flags = 0);

static void setup(void)
{
	cr_assert_eq(pipe(p), 0);
}

TestSuite(api_watch, .init = setup);

static void ready(void)
{
	uint32_t word;

	watches_run(s->R, &s->rig->e, 0, COAPD_READABLE);
	engine_commit(&s->rig->e, space_rx_next(&s->rig->e.space));
	while ((word = notices_here(&s->R->notices)) < CHANGES_WORDS)
		notices_word(&s->rig->e, word);
}

Test(api_watch, is_off_when_its_mount_closes)
{
	s = stage_one("/a", &watcher);
	cr_assert(!closed);
	stage_free(s);
	cr_assert(closed);
}

Test(api_watch, a_change_is_for_this_worker_s_observers)
{
	static struct changes changes;

	s = stage_one("/a", &watcher);
	resources_changes(s->R, &changes, 0, NULL, NULL);
	stage_get(s, "11=a");
	cr_assert(!wanted);
	cr_assert(strstr(stage_get(s, "6= 11=a"), "2.05 6="));
	cr_assert(wanted);
	ready();
	stage_wait(s, 0);
	cr_assert(!wanted);
	cr_assert(strstr(stage_next(s), "pay=new"));
	for (unsigned i = 0; i < CHANGES_WORDS; i++)
		cr_assert_eq(changes.word[i], 0, "nobody else is told");
	stage_wait(s, 0);
	cr_assert_str_eq(stage_next(s), "nothing");
	stage_free(s);
}

Test(api_watch, a_successor_makes_its_states_anew)
{
	s = stage_one("/a", &watcher);
	stage_get(s, "6= 11=a");
	stage_crash(s);
	notices_adopted(s->R, &s->rig->e);
	state = 7;
	stage_wait(s, 0);
	cr_assert(strstr(stage_next(s), "pay=new"));
	cr_assert_eq(stage_counter(s, COUNT_RENDERS), 1);
	stage_free(s);
}

Test(api_watch, but_those_of_no_other_module)
{
	s = stage_one("/a", &other);
	stage_get(s, "6= 11=a");
	stage_crash(s);
	notices_adopted(s->R, &s->rig->e);
	stage_wait(s, 0);
	cr_assert_str_eq(stage_next(s), "nothing");
	cr_assert_eq(stage_counter(s, COUNT_RENDERS), 0);
	stage_free(s);
}

Test(api_watch, without_a_worker_there_is_no_loop)
{
	struct coapd_mount m = { .id = 1 };

	cr_assert_eq(coapd_watch_fd(&m, p[0], COAPD_READABLE, on_ready), -ENOTSUP);
	coapd_changed_here(&m, coapd_text(""));
}
