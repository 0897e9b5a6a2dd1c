/* Which descriptors are watched for whom, and what runs when one is ready. */
#include <criterion/criterion.h>

#include "resource/resources.h"
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static struct stage *s;
static int p[2];
static unsigned runs;
static int last_fd, last_events;
static bool takes_off;
static int started;

STAGE_MODULE(leaf, stage_leaf, .flags = 0);

static struct coapd_mount *m(void)
{
	return &s->R->mount[0];
}

static struct watches *w(void)
{
	return &s->R->watches;
}

static void fn(void *self, int fd, int events)
{
	(void)self;
	runs++;
	last_fd = fd;
	last_events = events;
	s->seen_where = s->rig->e.space.ctl->where;
	started = coapd_task_start(m(), coapd_text(""), 0, coapd_text(""), NULL);
	if (takes_off)
		cr_assert_eq(watches_set(w(), m(), fd, 0, NULL), 0);
}

/* A loop that writes down what it is told. */
static struct {
	int fd, events;
	unsigned told;
} line[2 * COAPD_WATCHES];

static void set(void *arg, unsigned i, int fd, int events)
{
	(void)arg;
	line[i].fd = fd;
	line[i].events = events;
	line[i].told++;
}

static const struct watching loop = { .set = set };

static void setup(void)
{
	s = stage_one("/a", &leaf);
	cr_assert_eq(pipe(p), 0);
}

static void teardown(void)
{
	stage_free(s);
}

TestSuite(watches, .init = setup, .fini = teardown);

Test(watches, those_noted_before_there_is_a_loop_begin_with_it)
{
	cr_assert_eq(watches_set(w(), m(), p[0], COAPD_READABLE, fn), 0);
	cr_assert_eq(line[0].told, 0);
	watches_begin(w(), &loop);
	cr_assert_eq(line[0].fd, p[0]);
	cr_assert_eq(line[0].events, COAPD_READABLE);
	cr_assert_eq(line[1].told, 0);
	cr_assert_eq(watches_set(w(), m(), p[1], COAPD_WRITABLE, fn), 0);
	cr_assert_eq(line[1].fd, p[1]);
}

Test(watches, one_descriptor_is_watched_once)
{
	watches_begin(w(), &loop);
	watches_set(w(), m(), p[1], COAPD_READABLE, fn);
	cr_assert_eq(watches_set(w(), m(), p[1], COAPD_WRITABLE, fn), 0);
	cr_assert_eq(line[0].events, COAPD_WRITABLE);
	cr_assert_eq(line[1].told, 0);
	cr_assert_eq(watches_set(w(), m(), p[1], 0, NULL), 0);
	cr_assert_eq(line[0].events, 0);
	cr_assert_eq(watches_set(w(), m(), p[1], 0, NULL), -ENOENT);
}

Test(watches, its_function_is_an_event)
{
	watches_set(w(), m(), p[0], COAPD_READABLE, fn);
	watches_run(s->R, &s->rig->e, 0, COAPD_READABLE | COAPD_WRITABLE);
	engine_commit(&s->rig->e, 0);
	cr_assert_eq(runs, 1);
	cr_assert_eq(last_fd, p[0]);
	cr_assert_eq(last_events, COAPD_READABLE, "what it was not watched for");
	cr_assert_eq(s->seen_where, 1);
	cr_assert_eq(s->rig->e.space.ctl->where, 0);
	cr_assert_eq(started, 0);
	cr_assert_eq(stage_tasks(s), 1);
	watches_run(s->R, &s->rig->e, 0, COAPD_WRITABLE);
	watches_run(s->R, &s->rig->e, 1, COAPD_READABLE);
	cr_assert_eq(runs, 1);
}

Test(watches, without_a_slot_nothing_begins)
{
	watches_set(w(), m(), p[0], COAPD_READABLE, fn);
	watches_run(s->R, NULL, 0, COAPD_READABLE);
	cr_assert_eq(runs, 1);
	cr_assert_eq(started, -EINVAL);
}

Test(watches, it_may_be_taken_off_while_it_runs)
{
	watches_begin(w(), &loop);
	takes_off = true;
	watches_set(w(), m(), p[0], COAPD_READABLE, fn);
	watches_run(s->R, &s->rig->e, 0, COAPD_READABLE);
	cr_assert_eq(line[0].events, 0);
	watches_run(s->R, &s->rig->e, 0, COAPD_READABLE);
	cr_assert_eq(runs, 1);
}

Test(watches, a_mount_has_so_many)
{
	int more = dup(p[0]);

	watches_begin(w(), &loop);
	for (unsigned i = 0; i < COAPD_WATCHES; i++)
		cr_assert_eq(watches_set(w(), m(), dup(p[0]), COAPD_READABLE, fn), 0);
	cr_assert_eq(watches_set(w(), m(), more, COAPD_READABLE, fn), -EMFILE);
	cr_assert_eq(watches_set(w(), m(), line[5].fd, 0, NULL), 0);
	cr_assert_eq(watches_set(w(), m(), more, COAPD_READABLE, fn), 0);
	watches_drop(w(), m());
	for (unsigned i = 0; i < COAPD_WATCHES; i++)
		cr_assert_eq(line[i].events, 0);
}

static void *elsewhere(void *arg)
{
	*(int *)arg = watches_set(w(), m(), p[0], COAPD_READABLE, fn);
	return NULL;
}

Test(watches, mistakes)
{
	int file = open("/etc/passwd", O_RDONLY), status;
	pthread_t thread;

	cr_assert_eq(watches_set(w(), m(), p[0], 4, fn), -EINVAL);
	cr_assert_eq(watches_set(w(), m(), p[0], COAPD_READABLE, NULL), -EINVAL);
	cr_assert_eq(watches_set(w(), m(), 999, COAPD_READABLE, fn), -EBADF);
	cr_assert_eq(watches_set(w(), m(), file, COAPD_READABLE, fn), -EPERM);
	pthread_create(&thread, NULL, elsewhere, &status);
	pthread_join(thread, NULL);
	cr_assert_eq(status, -EPERM);
}
