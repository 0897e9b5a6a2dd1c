#include "files_bed.h"

#include <errno.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/uio.h>

TestSuite(files, .init = build, .fini = clean);

Test(files, reads_with_format_and_etag)
{
	char options[100];
	const char *a;

	serve("");
	a = stage_get(s, "11=f 11=a.json");
	cr_assert(is(a, " 12=#32 ", "{}"), "%s", a);
	snprintf(options, sizeof options, "4=%.17s 11=f 11=a.json", strstr(a, " 4=#") + 3);
	cr_assert(strstr(stage_get(s, options), "2.03"));
	write_file("root/a.json", "[1]");
	cr_assert(is(stage_get(s, options), "2.05", "[1]"));
	cr_assert(is(stage_get(s, "11=f 11=sub 11=b.txt"), "2.05", "in sub"));
	write_file("root/empty", "");
	cr_assert(is(stage_get(s, "11=f 11=empty"), "2.05", ""));
	expect_get("11=f 11=a.json 17=#", "ACK 4.06 pay=");
	expect_get("11=f 11=none", "ACK 4.04 pay=");
	expect_get("11=f 11=sub", "ACK 4.04 pay=");
	expect_get("11=f 11=a.json 11=", "ACK 4.04 pay=");
	expect_ask(COAP_PUT, "11=f 11=a.json", "x", "ACK 4.05 pay=");
	expect_ask(COAP_DELETE, "11=f 11=a.json", NULL, "ACK 4.05 pay=");
}

Test(files, lists_directories)
{
	serve("");
	write_file("root/sub/x y", "");
	write_file("root/.coapd-1", "");
	symlink("../outside", at("root/out"));
	mkfifo(at("root/pipe"), 0600);
	cr_assert(strstr(stage_get(s, "11=f 11="), "</f/a.json>;ct=50;sz=2"));
	cr_assert(strstr(stage_get(s, "11=f"), "</f/sub/>;ct=40"));
	cr_assert(!strstr(stage_get(s, "11=f"), "coapd-"));
	cr_assert(!strstr(stage_get(s, "11=f"), "out"));
	cr_assert(!strstr(stage_get(s, "11=f"), "pipe"));
	cr_assert(strstr(stage_get(s, "11=f 11=sub 11="), "</f/sub/x%20y>;ct=42;sz=0"));
	expect_get("11=f 11= 17=#", "ACK 4.06 pay=");
}

Test(files, serves_an_index)
{
	serve(", index: b.txt");
	cr_assert(is(stage_get(s, "11=f 11=sub 11="), "2.05", "in sub"));
	cr_assert(strstr(stage_get(s, "11=f 11="), "</f/a.json>"));
}

Test(files, nothing_leads_out)
{
	char name[300], options[400];

	serve(", write: yes");
	symlink("../outside", at("root/out"));
	symlink("../outside/secret", at("root/leak"));
	symlink("/etc", at("root/etc"));
	symlink("/proc/self/root", at("root/proc"));
	symlink("sub/b.txt", at("root/in"));
	mkfifo(at("root/pipe"), 0600);
	cr_assert(strstr(stage_get(s, "11=f 11=.. 11=outside 11=secret"), "4.00"));
	cr_assert(strstr(stage_get(s, "11=f 11=. 11=a.json"), "4.00"));
	expect_get("11=f 11= 11=a.json", "ACK 4.00 pay=");
	expect_get("11=f 11=#2e2e2f6f757473696465", "ACK 4.00 pay=");
	expect_get("11=f 11=#612e6a736f6e00", "ACK 4.00 pay=");
	expect_get("11=f 11=out 11=secret", "ACK 4.04 pay=");
	expect_get("11=f 11=out 11=", "ACK 4.04 pay=");
	expect_get("11=f 11=leak", "ACK 4.04 pay=");
	expect_get("11=f 11=etc 11=passwd", "ACK 4.04 pay=");
	expect_get("11=f 11=proc 11=etc 11=passwd", "ACK 4.04 pay=");
	expect_get("11=f 11=pipe", "ACK 4.04 pay=");
	cr_assert(is(stage_get(s, "11=f 11=in"), "2.05", "in sub"));
	expect_ask(COAP_PUT, "11=f 11=out 11=new", "x", "ACK 4.04 pay=");
	expect_ask(COAP_DELETE, "11=f 11=out 11=secret", NULL, "ACK 4.04 pay=");
	expect_ask(COAP_PUT, "11=f 11=pipe", "x", "ACK 4.03 pay=");
	expect_ask(COAP_PUT, "11=f 11=.coapd-x", "x", "ACK 4.04 pay=");
	memset(name, 'n', 255);
	name[255] = 0;
	snprintf(options, sizeof options, "11=f 11=%s", name);
	expect_get(options, "ACK 4.04 pay=");
	cr_assert_str_eq(read_file("outside/secret"), "secret");
	/* A link is replaced itself. */
	expect_ask(COAP_PUT, "11=f 11=leak", "mine", "ACK 2.04 pay=");
	cr_assert_str_eq(read_file("outside/secret"), "secret");
	cr_assert_str_eq(read_file("root/leak"), "mine");
}

static const char *put(unsigned num, bool more, const char *name)
{
	char options[100];

	snprintf(options, sizeof options, "11=f %s 27=#%02x", name, num << 4 | more << 3);
	return ask(COAP_PUT, options, more ? "0123456789abcdef" : "last");
}

Test(files, writes_whole_files)
{
	serve(", write: yes");
	expect_ask(COAP_PUT, "11=f 11=new", "text", "ACK 2.01 pay=");
	cr_assert_str_eq(read_file("root/new"), "text");
	cr_assert(strstr(put(0, true, "11=new"), "2.31"));
	cr_assert(strstr(put(1, true, "11=new"), "2.31"));
	cr_assert_str_eq(read_file("root/new"), "text");
	stage_crash(s);
	cr_assert(strstr(put(2, false, "11=new"), "2.04"));
	cr_assert_str_eq(read_file("root/new"), "0123456789abcdef0123456789abcdeflast");
	expect_ask(COAP_PUT, "11=f 11=none 11=new", "text", "ACK 4.04 pay=");
	expect_ask(COAP_PUT, "11=f 11=sub", "text", "ACK 4.03 pay=");
	expect_ask(COAP_PUT, "11=f 11=sub 11=", "text", "ACK 4.05 pay=");
	expect_ask(COAP_PUT, "5= 11=f 11=new", "text", "ACK 4.12 pay=");
	expect_ask(COAP_DELETE, "1=#01 11=f 11=new", NULL, "ACK 4.12 pay=");
	expect_ask(COAP_DELETE, "11=f 11=new", NULL, "ACK 2.02 pay=");
	expect_ask(COAP_DELETE, "11=f 11=sub", NULL, "ACK 4.03 pay=");
	cr_assert_str_eq(read_file("root/new"), "none");
}

static unsigned hidden(void)
{
	DIR *d = opendir(at("root"));
	unsigned n = 0;

	for (const struct dirent *e; (e = readdir(d)); )
		n += strncmp(e->d_name, ".coapd-", 7) == 0;
	closedir(d);
	return n;
}

Test(files, undoes_what_is_given_up)
{
	serve(", write: yes");
	put(0, true, "11=new");
	cr_assert_eq(hidden(), 1);
	stage_wait(s, 60000);
	cr_assert_eq(hidden(), 0);
	cr_assert_str_eq(read_file("root/new"), "none");
}

Test(files, a_directory_that_becomes_a_link_leads_nowhere)
{
	serve(", write: yes");
	cr_assert(strstr(put(0, true, "11=sub 11=new"), "2.31"));
	cr_assert_eq(rename(at("root/sub"), at("root/was")), 0);
	symlink("../outside", at("root/sub"));
	cr_assert(strstr(put(1, false, "11=sub 11=new"), "4.04"));
	cr_assert_str_eq(read_file("outside/new"), "none");
	cr_assert_eq(hidden(), 0);
}

/* --- what is not in memory ----------------------------------------------------------------- */

static struct jobs jobs;
static sem_t over;

static void ready(void *arg)
{
	(void)arg;
	sem_post(&over);
}

static void serve_with_jobs(void)
{
	serve("");
	sem_init(&over, 0, 0);
	cr_assert_eq(jobs_init(&jobs, 1, 2, ready, NULL), 0);
	resources_jobs(s->R, &jobs);
}

/* The answer that a job is needed for. */
static const char *after_a_job(void)
{
	cr_assert_str_eq(stage_next(s), "nothing");
	cr_assert_eq(stage_tasks(s), 1);
	sem_wait(&over);
	stage_wait(s, 0);
	return stage_next(s);
}

/* On a disk; false: none, or it forgets nothing. */
static bool make_cold(const char *name, size_t n)
{
	static uint8_t bytes[1 << 20];
	struct iovec v = { bytes, 1 };
	int fd = open(at(name), O_RDWR | O_CREAT, 0644);
	bool cold = write(fd, bytes, n) == (ssize_t)n && fsync(fd) == 0 &&
		    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0 &&
		    preadv2(fd, &v, 1, (off_t)n / 2, RWF_NOWAIT) < 0 && errno == EAGAIN &&
		    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0;

	close(fd);
	return cold;
}

Test(files, what_is_not_in_memory_is_read_by_a_job)
{
	if (!make_cold("root/big", 1 << 20))
		cr_skip_test("no file can be out of memory here");
	serve_with_jobs();
	stage_ask(s, COAP_GET, ++mid, "11=f 11=big 23=#3ff6");
	cr_assert(strstr(after_a_job(), "2.05"));
	/* The same is at hand now, and so is what follows the first block. */
	cr_assert(strstr(stage_get(s, "11=f 11=big 23=#3ff6"), "2.05"));
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert(jobs_end(&jobs, 2000));
}

Test(files, what_is_in_memory_is_answered_at_once)
{
	uint8_t byte;
	struct iovec v = { &byte, 1 };
	int fd = open(at("root/a.json"), O_RDONLY);

	if (preadv2(fd, &v, 1, 0, RWF_NOWAIT) != 1)
		cr_skip_test("this file system does not tell what is in memory");
	serve_with_jobs();
	cr_assert(is(stage_get(s, "11=f 11=a.json"), "2.05", "{}"));
	cr_assert_eq(jobs.started, 0);
	cr_assert(jobs_end(&jobs, 2000));
}

Test(files, lists_are_read_by_a_job)
{
	const char *a;

	serve_with_jobs();
	stage_ask(s, COAP_GET, ++mid, "11=f 11=sub 11=");
	cr_assert(strstr(after_a_job(), "</f/sub/b.txt>;ct=0;sz=6"));
	symlink("../outside", at("root/out"));
	stage_ask(s, COAP_GET, ++mid, "11=f 11=out 11=");
	a = stage_next(s);              /* the kernel may know it, or may have to look */
	if (strcmp(a, "nothing") == 0) {
		sem_wait(&over);
		stage_wait(s, 0);
		a = stage_next(s);
	}
	cr_assert_str_eq(a, "ACK 4.04 pay=", "nor does it lead out");
	cr_assert(jobs_end(&jobs, 2000));
}

Test(files, a_death_does_not_lose_who_waits_for_a_job)
{
	serve_with_jobs();
	stage_ask(s, COAP_GET, ++mid, "11=f 11=sub 11=");
	stage_crash(s);
	stage_wait(s, 0);
	cr_assert(strstr(stage_next(s), "</f/sub/b.txt>;ct=0;sz=6"));
	cr_assert(jobs_end(&jobs, 2000));
}

Test(files, when_no_job_can_be_had_it_is_read_all_the_same)
{
	serve_with_jobs();
	for (unsigned i = 0; i < 2; i++)
		stage_ask(s, COAP_GET, ++mid, "11=f 11=sub 11=");
	cr_assert(strstr(stage_get(s, "11=f 11=sub 11="), "</f/sub/b.txt>;ct=0;sz=6"));
	cr_assert(jobs_end(&jobs, 2000));
}

Test(files, a_new_run_removes_what_an_old_one_left)
{
	struct timespec old[2] = { { 1000000000, 0 }, { 1000000000, 0 } };

	write_file("root/.coapd-1", "old");
	utimensat(AT_FDCWD, at("root/.coapd-1"), old, 0);
	utimensat(AT_FDCWD, at("root/a.json"), old, 0);
	mkdir(at("root/.coapd-3"), 0755);
	utimensat(AT_FDCWD, at("root/.coapd-3"), old, 0);
	serve("");
	cr_assert_eq(hidden(), 2, "nothing is removed where nothing may be put");
	unmount();
	s = NULL;
	serve(", write: yes");
	cr_assert_eq(hidden(), 1);
	cr_assert_str_eq(read_file("root/a.json"), "{}");
	expect_ask(COAP_PUT, "11=f 11=new", "text", "ACK 2.01 pay=");
}

Test(files, what_is_no_file_is_not_touched)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	serve(", write: yes");
	snprintf(sa.sun_path, sizeof sa.sun_path, "%s", at("root/door"));
	cr_assert_eq(bind(fd, (const struct sockaddr *)&sa, sizeof sa), 0);
	mkfifo(at("root/pipe"), 0600);
	if (mknod(at("root/null"), S_IFCHR | 0666, makedev(1, 3)))
		symlink("pipe", at("root/null"));
	symlink("loop", at("root/loop"));
	for (unsigned i = 0; i < 3; i++) {
		static const char *const name[] = { "11=f 11=door", "11=f 11=pipe", "11=f 11=null" };

		expect_get(name[i], "ACK 4.04 pay=");
		cr_assert(!strstr(ask(COAP_DELETE, name[i], NULL), "5.00"));
	}
	expect_get("11=f 11=loop", "ACK 4.04 pay=");
	expect_ask(COAP_PUT, "11=f 11=door", "x", "ACK 4.03 pay=");
	expect_ask(COAP_PUT, "11=f 11=loop 11=x", "x", "ACK 4.04 pay=");
	cr_assert(!strstr(stage_get(s, "11=f 11="), "door"));
}

/* 255 bytes are a name, and a path of many of them is one that no file has. */
Test(files, long_names_have_their_codes)
{
	char name[256], options[8 * 262];
	size_t n = 0;

	serve(", write: yes");
	memset(name, 'n', 255);
	name[255] = 0;
	snprintf(options, sizeof options, "11=f 11=%s", name);
	expect_get(options, "ACK 4.04 pay=");
	expect_ask(COAP_PUT, options, "x", "ACK 2.01 pay=");
	cr_assert(is(stage_get(s, options), "2.05", "x"));
	n = (size_t)snprintf(options, sizeof options, "11=f");
	for (unsigned i = 0; i < 3; i++)
		n += (size_t)snprintf(options + n, sizeof options - n, " 11=%s", name);
	expect_get(options, "ACK 4.04 pay=");
	expect_ask(COAP_PUT, options, "x", "ACK 4.04 pay=");
}

Test(files, says_what_is_wrong_with_a_site)
{
	cr_assert(!try_mount("  /f: files"));
	cr_assert(strstr(site_errors.text[0], "root"), "%s", site_errors.text[0]);
	cr_assert(!try_mount("  /f: { module: files, root: /tmp, index: a/b }"));
	cr_assert(strstr(site_errors.text[site_errors.count - 1], "index"), "%s",
		  site_errors.text[site_errors.count - 1]);
	site = NULL;
}
