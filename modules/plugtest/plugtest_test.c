#include "module_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];

static void mount_at(const char *path, const char *more)
{
	char resources[400];

	snprintf(resources, sizeof resources, "  %s: { module: plugtest, directory: %s%s }", path,
		 directory, more);
	mount_it(resources);
}

static void setup(void)
{
	snprintf(directory, sizeof directory, "/tmp/plugtest-XXXXXX");
	cr_assert(mkdtemp(directory));
	strcat(directory, "/d");
	mount_at("/", ", delay: 50ms, created: 2, interval: 1d");
}

static void remove_all(void)
{
	DIR *d = opendir(directory);
	struct dirent *e;

	while (d && (e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	rmdir(directory);
	*strrchr(directory, '/') = 0;
	rmdir(directory);
}

static void teardown(void)
{
	unmount();
	remove_all();
}

TestSuite(plugtest, .init = setup, .fini = teardown);

/* An answer with its Location-Path and Location-Query as text. */
static const char *readable(const char *answer)
{
	static char text[3000];
	char *out = text;
	unsigned byte;

	while (*answer) {
		bool location = strncmp(answer, " 8=#", 4) == 0 || strncmp(answer, " 20=#", 5) == 0;

		*out++ = *answer++;
		if (!location)
			continue;
		while (*answer != '#')
			*out++ = *answer++;
		for (answer++; *answer != ' ' && sscanf(answer, "%2x", &byte) == 1; answer += 2)
			*out++ = (char)byte;
	}
	*out = 0;
	return text;
}

/* A request with a payload; what is answered. */
static const char *ask(uint8_t method, const char *options, const char *payload)
{
	static uint16_t mid = 1000;
	uint8_t data[1400];
	size_t n = rig_build(data, sizeof data, COAP_CON, method, ++mid, "t", options, payload);

	if (rig_in(s->rig, 1, data, n) == INPUT_REQUEST)
		resource_request(s->R, &s->rig->e, &s->rig->in.request, 0);
	rig_commit(s->rig);
	return readable(stage_next(s));
}

#define expect_ask(method, options, payload, text) \
	cr_assert_str_eq(ask(COAP_##method, options, payload), text)

/* Answers begin with this; their ETags are another matter. */
static void expect_begin(const char *answer, const char *begin)
{
	cr_assert(strncmp(answer, begin, strlen(begin)) == 0, "%s, not %s", answer, begin);
}

static const char *payload_of(const char *answer)
{
	const char *p = strstr(answer, "pay=");

	return p ? p + 4 : "?";
}

/* The ETag of an answer, as an option to ask with. */
static const char *etag_of(const char *answer, unsigned number)
{
	static char text[32];
	const char *p = strstr(answer, " 4=#");

	cr_assert(p, "%s", answer);
	snprintf(text, sizeof text, "%u=#%.16s", number, p + 4);
	return text;
}

static const char *with(const char *a, const char *b)
{
	static char text[2][128];
	static unsigned turn;
	char made[sizeof *text];

	snprintf(made, sizeof made, "%s %s", a, b);
	turn ^= 1;
	return memcpy(text[turn], made, sizeof made);
}

/* --- CORE --------------------------------------------------------------------------- */

Test(plugtest, TD_COAP_CORE_01_get)
{
	const char *a = stage_get(s, "11=test");

	expect_begin(a, "ACK 2.05 4=#");
	cr_assert(strstr(a, " 12=# pay=a test resource"), "%s", a);
}

Test(plugtest, TD_COAP_CORE_02_delete)
{
	expect_ask(PUT, "11=test 12=#", "other", "ACK 2.04 pay=");
	cr_assert_str_eq(payload_of(stage_get(s, "11=test")), "other");
	expect_ask(DELETE, "11=test", NULL, "ACK 2.02 pay=");
	/* The next tester finds it as it was. */
	cr_assert_str_eq(payload_of(stage_get(s, "11=test")), "a test resource");
	expect_ask(DELETE, "11=test", NULL, "ACK 2.02 pay=");
}

Test(plugtest, TD_COAP_CORE_03_put)
{
	expect_ask(PUT, "11=test 12=#32", "[1]", "ACK 2.04 pay=");
	cr_assert(strstr(stage_get(s, "11=test"), " 12=#32 pay=[1]"));
	/* No format is kept as none. */
	expect_ask(PUT, "11=test", "x", "ACK 2.04 pay=");
	cr_assert_null(strstr(stage_get(s, "11=test"), " 12="));
}

Test(plugtest, TD_COAP_CORE_04_post)
{
	expect_begin(ask(COAP_POST, "11=test 12=#", "new"), "ACK 2.01 ");
}

Test(plugtest, TD_COAP_CORE_11_separate)
{
	stage_ask(s, COAP_GET, 1, "11=separate");
	expect("nothing");
	stage_wait(s, 50);
	cr_assert_str_eq(payload_of(stage_next(s)), "that took a while");
	stage_ask_type(s, COAP_NON, COAP_GET, 2, "11=separate");
	stage_crash(s);
	stage_wait(s, 50);
	expect_begin(stage_next(s), "NON 2.05 ");
}

Test(plugtest, TD_COAP_CORE_13_several_segments)
{
	cr_assert_str_eq(payload_of(stage_get(s, "11=seg1 11=seg2 11=seg3")), "three segments");
	cr_assert_str_eq(payload_of(stage_get(s, "11=seg1 11=seg2")), "two segments");
	cr_assert_str_eq(payload_of(stage_get(s, "11=seg1")), "one segment");
	/* A slash within a segment is none between two. */
	expect_get("11=seg1/seg2", "ACK 4.04 pay=");
	expect_get("11=seg1 11=", "ACK 4.04 pay=");
}

Test(plugtest, TD_COAP_CORE_14_query)
{
	expect_get("11=query 15=first=1 15=second=2",
		   "ACK 2.05 12=# pay=Uri-Query:\nfirst=1\nsecond=2\n");
	expect_get("11=query 17=#32", "ACK 4.06 pay=");
}

Test(plugtest, TD_COAP_CORE_18_location_path)
{
	expect_get("11=location1 11=location2 11=location3", "ACK 4.04 pay=");
	expect_ask(POST, "11=test 12=#", "new",
		   "ACK 2.01 8=location1 8=location2 8=location3 pay=");
	cr_assert_str_eq(payload_of(stage_get(s, "11=location1 11=location2 11=location3")), "new");
	expect_ask(DELETE, "11=location1 11=location2 11=location3", NULL, "ACK 2.02 pay=");
	expect_get("11=location1 11=location2 11=location3", "ACK 4.04 pay=");
}

Test(plugtest, TD_COAP_CORE_18_below_another_mount)
{
	unmount();
	mount_at("/a/b", "");
	expect_ask(POST, "11=a 11=b 11=test", "new",
		   "ACK 2.01 8=a 8=b 8=location1 8=location2 8=location3 pay=");
	cr_assert_str_eq(payload_of(stage_get(s, "11=a 11=b 11=path")),
			 "</a/b/path/sub1>,</a/b/path/sub2>,</a/b/path/sub3>");
}

Test(plugtest, TD_COAP_CORE_19_location_query)
{
	expect_ask(POST, "11=location-query 12=#", "new",
		   "ACK 2.01 8=location-query 20=first=1 20=second=2 pay=");
	cr_assert_str_eq(payload_of(stage_get(s, "11=location-query 15=first=1 15=second=2")),
			 "new");
}

Test(plugtest, TD_COAP_CORE_20_accept)
{
	expect_get("11=multi-format 17=#", "ACK 2.05 12=# pay=two formats");
	expect_get("11=multi-format", "ACK 2.05 12=# pay=two formats");
	expect_get("11=multi-format 17=#29", "ACK 2.05 12=#29 pay=<msg>two formats</msg>");
	expect_get("11=multi-format 17=#32", "ACK 4.06 pay=");
	expect_get("11=test 17=#32", "ACK 4.06 pay=");
}

Test(plugtest, TD_COAP_CORE_21_E38_etag)
{
	char etag[32];

	strcpy(etag, etag_of(stage_get(s, "11=validate"), 4));
	expect_begin(stage_get(s, with(etag, "11=validate")), "ACK 2.03 4=#");
	cr_assert_str_eq(payload_of(stage_get(s, with(etag, "11=validate"))), "");
	expect_ask(PUT, "11=validate 12=#", "other", "ACK 2.04 pay=");
	expect_begin(stage_get(s, with(etag, "11=validate")), "ACK 2.05 4=#");
	cr_assert_str_neq(etag_of(stage_get(s, "11=validate"), 4), etag);
	/* The same bytes are the same; in another format they are not. */
	strcpy(etag, etag_of(stage_get(s, "11=validate"), 4));
	expect_ask(PUT, "11=validate 12=#32", "other", "ACK 2.04 pay=");
	cr_assert_str_neq(etag_of(stage_get(s, "11=validate"), 4), etag);
	expect_ask(PUT, "11=validate 12=#", "other", "ACK 2.04 pay=");
	cr_assert_str_eq(etag_of(stage_get(s, "11=validate"), 4), etag);
}

Test(plugtest, TD_COAP_CORE_22_E36_if_match)
{
	char etag[32];

	strcpy(etag, etag_of(stage_get(s, "11=validate"), 1));
	expect_ask(PUT, with(etag, "11=validate"), "2nd", "ACK 2.04 pay=");
	expect_ask(PUT, with(etag, "11=validate"), "3rd", "ACK 4.12 pay=");
	cr_assert_str_eq(payload_of(stage_get(s, "11=validate")), "2nd");
	/* Empty: it exists. */
	expect_ask(PUT, "1= 11=validate", "4th", "ACK 2.04 pay=");
	expect_ask(PUT, "1= 11=create1", "x", "ACK 4.12 pay=");
	/* One of several. */
	strcpy(etag, etag_of(stage_get(s, "11=validate"), 1));
	expect_ask(DELETE, with("1=#01 1=#0203", with(etag, "11=validate")), NULL, "ACK 2.02 pay=");
}

Test(plugtest, TD_COAP_CORE_23_E37_if_none_match)
{
	expect_get("11=create1", "ACK 4.04 pay=");
	expect_ask(PUT, "5= 11=create1", "x", "ACK 2.01 pay=");
	expect_ask(PUT, "5= 11=create1", "y", "ACK 4.12 pay=");
	cr_assert_str_eq(payload_of(stage_get(s, "11=create1")), "x");
	expect_ask(PUT, "11=create1", "y", "ACK 2.04 pay=");
	expect_ask(DELETE, "11=create1", NULL, "ACK 2.02 pay=");
	expect_ask(PUT, "5= 11=create1", "z", "ACK 2.01 pay=");
}

/* --- BLOCK -------------------------------------------------------------------------------- */

Test(plugtest, TD_COAP_BLOCK_01_02_06_large)
{
	char whole[4096] = "", options[64];
	const char *a = stage_get(s, "11=large");

	cr_assert(strstr(a, " 23=#0e 28=#0800 pay=|   0| a large resource"), "%s", a);
	for (unsigned num = 0; num < 128; num++) {
		snprintf(options, sizeof options, "11=large 23=#%04x", num << 4);
		a = stage_get(s, options);
		cr_assert(strstr(a, " 12=# 23=#"), "%s", a);
		strcat(whole, payload_of(a));
	}
	cr_assert_eq(strlen(whole), 2048);
	expect_get("11=large 23=#0800", "ACK 4.00 pay=");
}

Test(plugtest, TD_COAP_BLOCK_03_large_update)
{
	char body[1025] = "";

	memset(body, 'x', 1024);
	cr_assert_eq(strlen(payload_of(stage_get(s, "11=large-update"))), 1024);
	expect_ask(PUT, "11=large-update 12=# 27=#0e", body, "ACK 2.31 27=#0e pay=");
	expect_ask(PUT, "11=large-update 12=# 27=#16", "end", "ACK 2.04 27=#16 pay=");
	cr_assert_str_eq(payload_of(stage_get(s, "11=large-update 23=#16")), "end");
}

Test(plugtest, bodies_of_64_kib_at_most)
{
	char body[1025] = "", options[64];
	const char *a = NULL;

	memset(body, 'x', 1024);
	for (unsigned extra = 0; extra < 2; extra++) {
		for (unsigned num = 0; num < 64 + extra; num++) {
			bool more = num < 63 + extra;

			snprintf(options, sizeof options, "11=large-update 27=#%04x",
				 num << 4 | more << 3 | 6);
			a = ask(COAP_PUT, options, num < 64 ? body : "x");
		}
		expect_begin(a, extra ? "ACK 4.13 " : "ACK 2.04 ");
	}
	cr_assert(strstr(stage_get(s, "11=large-update"), " 28=#010000 "));
}

Test(plugtest, TD_COAP_BLOCK_04_large_create)
{
	expect_get("11=large-create", "ACK 2.05 12=#28 pay=");
	expect_ask(POST, "11=large-create 12=#", "one", "ACK 2.01 8=large-create 8=1 pay=");
	expect_ask(POST, "11=large-create 12=#", "two", "ACK 2.01 8=large-create 8=2 pay=");
	expect_get("11=large-create", "ACK 2.05 12=#28 pay=</large-create/1>,</large-create/2>");
	cr_assert_str_eq(payload_of(stage_get(s, "11=large-create 11=2")), "two");
	/* There are two at most. */
	expect_ask(POST, "11=large-create 12=#", "three", "ACK 2.01 8=large-create 8=1 pay=");
	cr_assert_str_eq(payload_of(stage_get(s, "11=large-create 11=1")), "three");
	expect_ask(DELETE, "11=large-create 11=2", NULL, "ACK 2.02 pay=");
	expect_get("11=large-create 11=2", "ACK 4.04 pay=");
	expect_get("11=large-create 11=3", "ACK 4.04 pay=");
	expect_get("11=large-create 11=01", "ACK 4.04 pay=");
	expect_get("11=large-create 11=0", "ACK 4.04 pay=");
	expect_get("11=large-create 11=last", "ACK 4.04 pay=");
}

Test(plugtest, TD_COAP_BLOCK_05_large_post)
{
	char body[1025] = "";

	memset(body, 'x', 1024);
	expect_ask(POST, "11=large-post 12=# 27=#0e", body, "ACK 2.31 27=#0e pay=");
	cr_assert(strstr(ask(COAP_POST, "11=large-post 12=# 27=#16", "end"),
			 "ACK 2.04 12=# 23=#0e 27=#16 28=#0403 pay=xxx"));
	expect_ask(POST, "11=large-post 12=# 23=#16", NULL, "ACK 2.04 12=# 23=#16 pay=end");
}

/* --- OBS ------------------------------------------------------------------------------------ */

Test(plugtest, TD_COAP_OBS_01_changes_with_time)
{
	char first[64];

	strcpy(first, payload_of(stage_get(s, "11=obs")));
	cr_assert(atol(first) > 0);
	cr_assert(strstr(stage_get(s, "11=obs"), " 12=# 14=#015180 pay="), "a day");
	unmount();
	mount_at("/", ", interval: 10ms");
	/* The clock of the machine goes on by itself. */
	strcpy(first, payload_of(stage_get(s, "11=obs")));
	while (strcmp(first, payload_of(stage_get(s, "11=obs"))) == 0)
		;
	strcpy(first, payload_of(stage_get(s, "11=obs-pumping")));
	while (strcmp(first, payload_of(stage_get(s, "11=obs-pumping"))) == 0)
		;
}

Test(plugtest, TD_COAP_OBS_07_08_09_update_and_delete)
{
	expect_ask(PUT, "11=obs 12=#32", "[1]", "ACK 2.04 pay=");
	cr_assert(strstr(stage_get(s, "11=obs"), " 12=#32 14=#015180 pay=[1]"));
	expect_ask(DELETE, "11=obs", NULL, "ACK 2.02 pay=");
	cr_assert(strstr(stage_get(s, "11=obs"), " 12=# 14="));
}

Test(plugtest, what_was_put_holds_until_the_next_change)
{
	unmount();
	mount_at("/", ", interval: 10ms");
	expect_ask(PUT, "11=obs 12=#", "x", "ACK 2.04 pay=");
	while (strcmp("x", payload_of(stage_get(s, "11=obs"))) == 0)
		;
	cr_assert(atol(payload_of(stage_get(s, "11=obs"))) > 0);
}

Test(plugtest, TD_COAP_OBS_13_14_large)
{
	const char *a = stage_get(s, "11=obs-large");

	cr_assert(strstr(a, " 23=#0e 28=#"), "%s", a);
	cr_assert_eq(strlen(payload_of(a)), 1024);
}

Test(plugtest, obs_reset)
{
	expect_ask(PUT, "11=obs 12=#", "x", "ACK 2.04 pay=");
	expect_ask(POST, "11=obs-reset", "please", "ACK 4.03 pay=");
	cr_assert_str_eq(payload_of(stage_get(s, "11=obs")), "x");
	expect_ask(POST, "11=obs-reset", "sesame", "ACK 2.04 pay=");
	cr_assert_str_neq(payload_of(stage_get(s, "11=obs")), "x");
}

/* --- LINK ------------------------------------------------------------------------------------- */

#define CORE "11=.well-known 11=core "

Test(plugtest, TD_COAP_LINK_02_to_08_filters)
{
	static const char link1[] = "</link1>;rt=\"Type1 Type2\";if=\"If1\"",
			  link2[] = "</link2>;rt=\"Type2 Type3\";if=\"If2\"",
			  link3[] = "</link3>;rt=\"Type1 Type3\";if=\"foo\"";
	char both[128];

	snprintf(both, sizeof both, "%s,%s", link1, link3);
	cr_assert_str_eq(payload_of(stage_get(s, CORE "15=rt=Type1")), both);
	snprintf(both, sizeof both, "%s,%s", link1, link2);
	cr_assert_str_eq(payload_of(stage_get(s, CORE "15=rt=Type2")), both);
	cr_assert_str_eq(payload_of(stage_get(s, CORE "15=if=If*")), both);
	cr_assert_str_eq(payload_of(stage_get(s, CORE "15=href=/link1")), link1);
	cr_assert(strstr(payload_of(stage_get(s, CORE "15=href=/link*")), link3));
	cr_assert(strstr(payload_of(stage_get(s, CORE "15=sz=*")), "</large>;"));
	cr_assert_null(strstr(payload_of(stage_get(s, CORE "15=sz=*")), "</test>"));
	cr_assert_null(strstr(payload_of(stage_get(s, CORE "15=rt=*")), "</test>"));
}

Test(plugtest, TD_COAP_LINK_09_hierarchy)
{
	cr_assert_str_eq(payload_of(stage_get(s, CORE "15=href=/path*")),
			 "</path>;title=\"Links to those below\";ct=40");
	expect_get("11=path", "ACK 2.05 12=#28 pay=</path/sub1>,</path/sub2>,</path/sub3>");
	cr_assert_str_eq(payload_of(stage_get(s, "11=path 11=sub2")), "/path/sub2");
	cr_assert_str_eq(payload_of(stage_get(s, "11=alternate")), "another way to say it");
}

/* --- beyond the tests ---------------------------------------------------------------------------- */

Test(plugtest, refuses_the_rest)
{
	expect_get("11=nothing", "ACK 4.04 pay=");
	expect_get("11=a-path-longer-than-any-of-those-that-are-here", "ACK 4.04 pay=");
	expect_get("11=.. 11=etc", "ACK 4.00 pay=option 11 Uri-Path is no segment of a path");
	expect_get("11=.lock", "ACK 4.04 pay=");
	expect_ask(POST, "11=validate", "x", "ACK 4.05 pay=");
	expect_ask(PUT, "11=large", "x", "ACK 4.05 pay=");
	expect_get("11=large-post", "ACK 4.05 pay=");
	expect_ask(FETCH, "11=test", "x", "ACK 4.05 pay=");
	cr_assert_not_null(strstr(stage_get(s, ""), "plugtest"));
}

Test(plugtest, workers_see_the_same)
{
	struct stage *one = s, *two;
	struct site *sites[] = { site, NULL };

	mount_at("/", "");
	two = s;
	sites[1] = site;
	s = one;
	expect_ask(PUT, "11=test 12=#", "here", "ACK 2.04 pay=");
	expect_ask(POST, "11=large-create", "1", "ACK 2.01 8=large-create 8=1 pay=");
	s = two;
	cr_assert_str_eq(payload_of(stage_get(s, "11=test")), "here");
	expect_ask(POST, "11=large-create", "2", "ACK 2.01 8=large-create 8=2 pay=");
	stage_free(two);
	site_free(sites[1]);
	s = one;
	site = sites[0];
	cr_assert_str_eq(payload_of(stage_get(s, "11=large-create 11=2")), "2");
}

/* Whether a process waits for a lock. */
static bool waits_for_lock(pid_t pid)
{
	FILE *f = fopen("/proc/locks", "r");
	bool waits = false;
	char line[256];
	int who;

	while (f && fgets(line, sizeof line, f))
		waits = waits || (sscanf(line, "%*d: -> FLOCK %*s %*s %d", &who) == 1 && who == pid);
	fclose(f);
	return waits;
}

/* Another worker: has the lock, and creates the resource when we wait for it. */
static void create_meanwhile(int ready, pid_t tester)
{
	char path[128];
	int lock;
	FILE *f;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(10);
	snprintf(path, sizeof path, "%s/.lock", directory);
	lock = open(path, O_RDWR);
	if (lock < 0 || flock(lock, LOCK_EX) || write(ready, "", 1) != 1)
		_exit(1);
	while (!waits_for_lock(tester))
		sched_yield();
	snprintf(path, sizeof path, "%s/create1", directory);
	f = fopen(path, "w");
	fwrite("plug\0\0\0\0theirs", 1, 14, f);
	fclose(f);
	_exit(0);
}

Test(plugtest, E37_workers_do_not_create_it_both)
{
	pid_t tester = getpid(), other;
	int ready[2], status;
	char byte;

	cr_assert_eq(pipe(ready), 0);
	other = fork();
	if (other == 0)
		create_meanwhile(ready[1], tester);
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	expect_ask(PUT, "5= 11=create1", "ours", "ACK 4.12 pay=");
	cr_assert_eq(waitpid(other, &status, 0), other);
	cr_assert_eq(status, 0);
	cr_assert_str_eq(payload_of(stage_get(s, "11=create1")), "theirs");
}

Test(plugtest, files_of_others_are_not_believed)
{
	static const char *const content[] = { "", "plug", "gulp\0\0\0\0body", "plug\xff\xff\0\0x" };
	char path[128];

	snprintf(path, sizeof path, "%s/test", directory);
	for (size_t i = 0; i < sizeof content / sizeof *content; i++) {
		FILE *f = fopen(path, "w");

		cr_assert(f);
		fwrite(content[i], 1, i < 2 ? strlen(content[i]) : 9, f);
		fclose(f);
		cr_assert_str_eq(payload_of(stage_get(s, "11=test")), "a test resource");
	}
	/* Nor are links followed. */
	unlink(path);
	cr_assert_eq(symlink("/etc/passwd", path), 0);
	expect_get("11=test", "ACK 5.00 pay=");
}
