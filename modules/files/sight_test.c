/* The module files, observed. */
#include "files_bed.h"

#include <poll.h>
#include <sched.h>
#include <sys/wait.h>

TestSuite(sight, .init = build, .fini = clean);

/* What the loop does: descriptors that are ready, then what is due. */
static void look(void)
{
	const struct watches *w = &s->R->watches;
	uint32_t word;

	for (unsigned i = 0; i < w->n; i++) {
		struct pollfd p = { .fd = w->watch[i].fd, .events = POLLIN };

		if (!w->watch[i].mount || poll(&p, 1, 0) <= 0)
			continue;
		watches_run(s->R, &s->rig->e, i, COAPD_READABLE);
		engine_commit(&s->rig->e, space_rx_next(&s->rig->e.space));
	}
	while ((word = notices_here(&s->R->notices)) < CHANGES_WORDS)
		notices_word(&s->rig->e, word);
	stage_wait(s, 0);
}

static void acknowledge(void)
{
	const struct batch *b = batch_of(&s->rig->e.space);

	rig_msg(s->rig, 1, COAP_ACK, COAP_EMPTY,
		(uint16_t)(b->tx[0].data[2] << 8 | b->tx[0].data[3]), "", "");
	rig_commit(s->rig);
}

/* Of what was told; the rig's observer acknowledges at once. */
static const char *told(void)
{
	static char text[1000];

	look();
	snprintf(text, sizeof text, "%s", stage_next(s));
	if (strncmp(text, "CON", 3) == 0)
		acknowledge();
	return text;
}

static void observe(const char *options)
{
	char text[200];

	snprintf(text, sizeof text, "6= %s", options);
	cr_assert(strstr(stage_get(s, text), "2.05"));
}

#define expect_told(payload) do { \
	const char *told_ = told(); \
	cr_assert(is(told_, "2.05", payload), "%s", told_); \
} while (0)
#define expect_silence() do { \
	const char *told_ = told(); \
	cr_assert_str_eq(told_, "nothing", "%s", told_); \
} while (0)

Test(sight, who_observes_a_file_is_told_what_others_write)
{
	serve("");
	observe("11=f 11=a.json");
	expect_silence();
	write_file("root/a.json", "[1]");
	expect_told("[1]");
	expect_silence();
	write_file("root/new", "[2]");
	expect_silence();
	cr_assert_eq(rename(at("root/new"), at("root/a.json")), 0);
	expect_told("[2]");
	cr_assert_eq(unlink(at("root/a.json")), 0);
	cr_assert(strstr(told(), "4.04"));
	write_file("root/a.json", "[3]");
	expect_silence();
}

Test(sight, who_observes_a_file_is_told_what_clients_put)
{
	serve(", write: yes");
	observe("11=f 11=a.json");
	expect_ask(COAP_PUT, "11=f 11=a.json", "[1]", "ACK 2.04 pay=");
	expect_told("[1]");
	expect_ask(COAP_PUT, "11=f 11=b.json", "[1]", "ACK 2.01 pay=");
	expect_silence();
	expect_ask(COAP_DELETE, "11=f 11=a.json", NULL, "ACK 2.02 pay=");
	cr_assert(strstr(told(), "4.04"));
}

Test(sight, who_observes_a_directory_is_told_what_comes_and_goes)
{
	serve("");
	observe("11=f 11=sub 11=");
	write_file("root/sub/c", "1");
	cr_assert(strstr(told(), "</f/sub/c>;ct=42;sz=1"));
	write_file("root/sub/c", "22");
	cr_assert(strstr(told(), "</f/sub/c>;ct=42;sz=2"));
	write_file("root/other", "");
	write_file("root/sub/.coapd-x", "");
	expect_silence();
	unlink(at("root/sub/c"));
	cr_assert(!strstr(told(), "/c>"));
	expect_silence();
}

Test(sight, a_directory_on_the_way_is_another_one)
{
	serve("");
	mkdir(at("root/next"), 0755);
	write_file("root/next/b.txt", "in next");
	observe("11=f 11=sub 11=b.txt");
	rename(at("root/sub"), at("root/was"));
	rename(at("root/next"), at("root/sub"));
	expect_told("in next");
	write_file("root/sub/b.txt", "again");
	expect_told("again");
	write_file("root/was/b.txt", "elsewhere");
	expect_silence();
}

/* A file with two names, and one that a link leads to. */
Test(sight, what_cannot_be_watched_is_looked_at)
{
	serve(", poll: 2s");
	link(at("root/a.json"), at("root/b.json"));
	symlink("sub/b.txt", at("root/in"));
	observe("11=f 11=in");
	write_file("root/sub/b.txt", "new");
	expect_silence();
	stage_wait(s, 2001);
	expect_told("new");
	/* What changed a moment ago may change again and look the same. */
	do
		stage_wait(s, 2000);
	while (strcmp(told(), "nothing"));
	stage_wait(s, 2000);
	expect_silence();
	cr_assert_eq(stage_tasks(s), 1, "it goes on");
}

/* One who has the file open writes on and on. */
Test(sight, who_never_stops_writing_is_not_waited_for)
{
	int fd;

	serve(", poll: 2s");
	fd = open(at("root/a.json"), O_WRONLY | O_APPEND);
	observe("11=f 11=a.json");
	cr_assert_eq(write(fd, "1", 1), 1);
	expect_silence();
	cr_assert_eq(write(fd, "2", 1), 1);
	expect_silence();
	stage_wait(s, 2001);
	expect_told("{}12");
	stage_wait(s, 2001);
	expect_silence();
	cr_assert_eq(stage_tasks(s), 0, "nothing is looked at for nothing");
}

Test(sight, a_successor_watches_again)
{
	serve("");
	observe("11=f 11=a.json");
	stage_crash(s);
	notices_adopted(s->R, &s->rig->e);
	expect_told("{}");
	write_file("root/a.json", "[1]");
	expect_told("[1]");
}

Test(sight, no_more_are_observed_than_may_be)
{
	serve(", observed: 2");
	write_file("root/1", "");
	write_file("root/2", "");
	write_file("root/3", "");
	observe("11=f 11=1");
	observe("11=f 11=2");
	/* Those before are told, and seen again: there is room for one of them. */
	observe("11=f 11=3");
	cr_assert(strstr(stage_get(s, "11=f 11=3"), "2.05"));
	cr_assert(strstr(stage_get(s, "6= 11=f 11=none"), "4.04"));
}

Test(sight, what_inotify_lost_counts_as_changed)
{
	unsigned most = 0;
	FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "r");

	if (!f || fscanf(f, "%u", &most) != 1 || most > 100000)
		cr_skip_test("how much is lost cannot be known");
	fclose(f);
	serve("");
	observe("11=f 11=a.json");
	write_file("root/x", "");
	write_file("root/y", "");
	expect_silence();
	for (unsigned i = 0; i <= most; i++)    /* two alike in a row are one */
		chmod(at(i % 2 ? "root/x" : "root/y"), i % 4 < 2 ? 0644 : 0640);
	write_file("root/a.json", "[1]");
	for (unsigned i = 0; i < most / 16; i++) {
		const char *t = told();

		if (is(t, "2.05", "[1]"))
			return;
	}
	cr_assert(false, "it is lost");
}

/* As few as the kernel gives us from now on; false: that cannot be said here. */
static bool allow(const char *what, const char *n)
{
	char path[100];
	FILE *f;
	bool fine;

	snprintf(path, sizeof path, "/proc/sys/user/max_inotify_%s", what);
	if (unshare(CLONE_NEWUSER))
		return false;
	f = fopen(path, "w");
	fine = f && fputs(n, f) >= 0;
	return f && fclose(f) == 0 && fine;
}

static void is_looked_at(const char *what, const char *n)
{
	bool found;

	alarm(30);
	if (!allow(what, n))
		_exit(77);
	serve(", poll: 2s");
	observe("11=f 11=sub 11=");
	write_file("root/sub/b.txt", "longer than it was");
	for (found = false; !found; stage_wait(s, 2001))
		found = strstr(told(), "</f/sub/b.txt>;ct=0;sz=18");
	unlink(at("root/sub/b.txt"));
	for (found = false; !found; stage_wait(s, 2001))
		found = is(told(), "2.05", "");
	_exit(0);
}

/* A process with other threads does not get another namespace. */
static void in_a_namespace(const char *what, const char *n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		is_looked_at(what, n);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		cr_skip_test("no namespace of users to be had");
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", status);
}

Test(sight, without_inotify_all_is_looked_at, .timeout = 60)
{
	in_a_namespace("instances", "0");
}

Test(sight, without_further_watches_the_rest_is_looked_at, .timeout = 60)
{
	in_a_namespace("watches", "1");
}
