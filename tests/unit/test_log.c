#include "base/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char got[8192];
static int saved, file;

/* Standard error goes to a file without a name. */
static void catch_stderr(void)
{
	saved = dup(STDERR_FILENO);
	file = memfd_create("log", 0);
	cr_assert_geq(file, 0);
	dup2(file, STDERR_FILENO);
	unsetenv("JOURNAL_STREAM");
}

static void restore(void)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(file);
}

TestSuite(log, .init = catch_stderr, .fini = restore);

/* What was written since the last call. */
static const char *written(void)
{
	static off_t from;
	ssize_t n = pread(file, got, sizeof got - 1, from);

	cr_assert_geq(n, 0);
	from += n;
	got[n] = 0;
	return got;
}

static const char *prefixed(const char *rest)
{
	static char line[2048];

	snprintf(line, sizeof line, "coapd[%d] worker 1: %s", (int)getpid(), rest);
	return line;
}

/* The environment of a journal stream whose inode is off by that much. */
static void journal_env(unsigned long off)
{
	struct stat st;
	char text[64];

	cr_assert_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(text, sizeof text, "%lu:%lu", (unsigned long)st.st_dev,
		 (unsigned long)st.st_ino + off);
	setenv("JOURNAL_STREAM", text, 1);
}

Test(log, record_names_process_level_and_text)
{
	log_setup(LOG_INFO, "worker 1");
	log_warn("port %d is taken", 5683);
	cr_assert_str_eq(written(), prefixed("warn: port 5683 is taken\n"));
}

Test(log, level_bounds_what_is_printed)
{
	log_setup(LOG_NOTICE, "worker 1");
	cr_assert_eq(log_most(), LOG_NOTICE);
	log_debug("no");
	log_info("no");
	cr_assert_str_eq(written(), "");
	log_notice("yes");
	cr_assert_str_eq(written(), prefixed("notice: yes\n"));
	log_error("yes");
	cr_assert_str_eq(written(), prefixed("error: yes\n"));
	log_setup(LOG_DEBUG, "worker 1");
	log_debug("yes");
	cr_assert_str_eq(written(), prefixed("debug: yes\n"));
}

Test(log, levels_have_names)
{
	static const char *const name[] = { "error", "warn", "notice", "info", "debug" };

	for (int i = LOG_ERROR; i <= LOG_DEBUG; i++) {
		cr_assert_str_eq(log_level_name(i), name[i]);
		cr_assert_eq(log_level_parse(name[i]), i);
	}
	cr_assert_eq(log_level_parse("loud"), -1);
	cr_assert_eq(log_level_parse(""), -1);
	cr_assert_eq(log_level_parse("WARN"), -1);
}

Test(log, journal_gets_the_priority_in_front)
{
	journal_env(0);
	log_setup(LOG_DEBUG, "supervisor");
	log_error("a");
	log_warn("b");
	log_notice("c");
	log_info("d");
	log_debug("e");
	cr_assert_str_eq(written(), "<3>supervisor: a\n<4>supervisor: b\n<5>supervisor: c\n"
				    "<6>supervisor: d\n<7>supervisor: e\n");
}

Test(log, journal_of_another_stream_is_not_ours)
{
	journal_env(1);
	log_setup(LOG_INFO, "worker 1");
	log_info("x");
	cr_assert_str_eq(written(), prefixed("info: x\n"));
	setenv("JOURNAL_STREAM", "", 1);
	log_setup(LOG_INFO, "worker 1");
	log_info("x");
	cr_assert_str_eq(written(), prefixed("info: x\n"));
}

Test(log, control_characters_are_escaped)
{
	log_setup(LOG_INFO, "worker 1");
	log_info("a\nb\r\t\x1b[31m\x7f%c.", 1);
	cr_assert_str_eq(written(), prefixed("info: a\\x0ab\\x0d\\x09\\x1b[31m\\x7f\\x01.\n"));
}

Test(log, utf8_passes_and_what_is_none_is_escaped)
{
	log_setup(LOG_INFO, "worker 1");
	log_info("gr\xc3\xb6\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x8c\xa1");
	cr_assert_str_eq(written(), prefixed("info: gr\xc3\xb6\xc3\x9f" "e \xe2\x82\xac "
					     "\xf0\x9f\x8c\xa1\n"));
	log_info("\xc2\x9b|\x9b|\xff|\xc3|\xe2\x82");
	cr_assert_str_eq(written(), prefixed("info: \\xc2\\x9b|\\x9b|\\xff|\\xc3|\\xe2\\x82\n"));
}

Test(log, record_is_bounded_and_says_that_it_was_cut)
{
	char big[4000];

	log_setup(LOG_INFO, "worker 1");
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = 0;
	log_info("%s", big);
	cr_assert_eq(strlen(written()), 1024);
	cr_assert_str_eq(got + 1020, "...\n");
}

/* Every length around the bound: whole escapes, whole characters, one line. */
Test(log, cut_never_splits_an_escape_or_a_character)
{
	static const char *const unit[] = { "\n", "\xe2\x82\xac", "a" };

	log_setup(LOG_INFO, "worker 1");
	for (unsigned u = 0; u < 3; u++) {
		for (unsigned lead = 0; lead < 4; lead++) {
			char big[4000] = "";
			size_t n;

			memset(big, 'y', lead);
			for (n = lead; n < 1100; n += strlen(unit[u]))
				strcpy(big + n, unit[u]);
			log_info("%s", big);
			n = strlen(written());
			cr_assert_leq(n, 1024);
			cr_assert_geq(n, 1020);
			cr_assert_str_eq(got + n - 4, "...\n");
			cr_assert_eq(strchr(got, '\n'), got + n - 1);
			cr_assert_neq(got[n - 5], '\\');
			if (u == 0)
				cr_assert_eq(memcmp(got + n - 8, "\\x0a", 4), 0);
			if (u == 1)
				cr_assert_eq(memcmp(got + n - 7, "\xe2\x82\xac", 3), 0);
		}
	}
}

Test(log, text_that_just_fits_is_whole)
{
	char big[1025];
	size_t room = 1024 - strlen(prefixed("info: ")) - 1;

	log_setup(LOG_INFO, "worker 1");
	memset(big, 'z', sizeof big);
	big[room] = 0;
	log_info("%s", big);
	cr_assert_eq(strlen(written()), 1024);
	cr_assert_str_eq(got + 1022, "z\n");
}

Test(log, limited_records_pass_in_bursts)
{
	struct log_limit limit = { 0 };

	log_setup(LOG_INFO, "worker 1");
	for (int i = 0; i < 10; i++)
		log_limited(&limit, 5000 + (uint64_t)i, 3, LOG_WARN, "peer %d", i);
	written();
	cr_assert_not_null(strstr(got, "peer 2\n"));
	cr_assert_null(strstr(got, "peer 3"));
	log_limited(&limit, 6000, 3, LOG_WARN, "peer 10");
	cr_assert_str_eq(written(), prefixed("warn: (7 like it left out) peer 10\n"));
	log_limited(&limit, 6001, 3, LOG_WARN, "peer 11");
	cr_assert_str_eq(written(), prefixed("warn: peer 11\n"));
}

Test(log, limit_does_not_count_what_the_level_hides)
{
	struct log_limit limit = { 0 };

	log_setup(LOG_WARN, "worker 1");
	for (int i = 0; i < 10; i++)
		log_limited(&limit, 5000, 1, LOG_INFO, "quiet");
	log_limited(&limit, 5000, 1, LOG_WARN, "loud");
	cr_assert_str_eq(written(), prefixed("warn: loud\n"));
}

Test(log, left_out_records_are_told_however_late)
{
	struct log_limit limit = { 0 };

	log_setup(LOG_INFO, "worker 1");
	log_limited(&limit, 0, 1, LOG_INFO, "one");
	log_limited(&limit, 999, 1, LOG_INFO, "two");
	written();
	log_limited(&limit, 86400000, 1, LOG_INFO, "three");
	cr_assert_str_eq(written(), prefixed("info: (1 like it left out) three\n"));
}

Test(log, long_names_are_cut_and_errno_is_kept)
{
	char who[200];

	memset(who, 'w', sizeof who - 1);
	who[sizeof who - 1] = 0;
	log_setup(LOG_INFO, who);
	errno = ENOSPC;
	log_info("%m");
	cr_assert_eq(errno, ENOSPC);
	cr_assert_not_null(strstr(written(), ": info: No space left on device\n"));
}

Test(log, nowhere_to_write_is_nobodys_error)
{
	struct log_limit limit = { 0 };

	log_setup(LOG_INFO, "worker 1");
	close(STDERR_FILENO);
	errno = ENOSPC;
	log_info("lost");
	log_limited(&limit, 0, 1, LOG_INFO, "lost");
	cr_assert_eq(errno, ENOSPC);
}

/* --- where else it may go ---------------------------------------------------------- */

static int listen_at(char path[108])
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "/tmp/coapd-test-log-%d", (int)getpid());
	unlink(a.sun_path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	strcpy(path, a.sun_path);
	return fd;
}

static const char *received(int fd)
{
	ssize_t n = recv(fd, got, sizeof got - 1, 0);

	got[n > 0 ? n : 0] = 0;
	return got;
}

static const struct log_field place[] = { { "path", "/a\nPRIORITY=0" }, { "module", "crash" } };

static struct log_conf conf_to(enum log_to to)
{
	struct log_conf conf = { .to = to };

	for (unsigned p = 0; p < LOG_PARTS_N; p++)
		conf.most[p] = LOG_INFO;
	return conf;
}

Test(log, the_journal_gets_fields)
{
	struct log_conf conf = conf_to(LOG_TO_JOURNAL);
	char path[108];
	int fd = listen_at(path);

	conf.journal = path;
	log_configure(&conf, "worker 1");
	cr_assert_geq(log_fd(), 0);
	log_record(LOG_PART_WORKER, LOG_WARN, (struct log_fields){ place, 2 }, "it hangs");
	cr_assert_str_eq(received(fd), "PRIORITY=4\nSYSLOG_IDENTIFIER=coapd\n"
			 "COAPD_PROCESS=worker 1\nCOAPD_PART=worker\nMESSAGE=worker 1: it hangs\n"
			 "COAPD_PATH=/a\\x0aPRIORITY=0\nCOAPD_MODULE=crash\n");
	cr_assert_str_eq(written(), "");
	unlink(path);
	log_info("nobody takes it");
	cr_assert_str_eq(written(), prefixed("info: nobody takes it\n"));
	/* Another one in its place needs no word of ours. */
	close(fd);
	fd = listen_at(path);
	log_info("again");
	cr_assert(strstr(received(fd), "again"));
	unlink(path);
}

Test(log, auto_is_the_journal_only_where_standard_error_goes_there)
{
	struct log_conf conf = conf_to(LOG_TO_AUTO);
	char path[108];
	int fd = listen_at(path);

	conf.journal = path;
	log_configure(&conf, "worker 1");
	log_info("x");
	cr_assert_str_eq(written(), prefixed("info: x\n"));
	journal_env(0);
	log_configure(&conf, "worker 1");
	log_info("y");
	cr_assert_str_eq(written(), "");
	cr_assert(strstr(received(fd), "MESSAGE=worker 1: y\n"));
	/* Without its socket there is still the stream. */
	unlink(path);
	log_configure(&conf, "worker 1");
	log_info("z");
	cr_assert_str_eq(written(), "<6>worker 1: z\n");
}

Test(log, syslog_gets_a_line)
{
	struct log_conf conf = conf_to(LOG_TO_SYSLOG);
	char path[108], want[64];
	int fd = listen_at(path);

	conf.syslog = path;
	log_configure(&conf, "worker 1");
	log_error("bad\nworse");
	received(fd);
	cr_assert_eq(strncmp(got, "<27>", 4), 0, "%s", got);
	snprintf(want, sizeof want, " coapd[%d]: worker 1: bad\\x0aworse", (int)getpid());
	cr_assert(strstr(got, want), "%s", got);
	unlink(path);
}

/* Nothing is waited for: a worker must not stand still because its log does. */
Test(log, a_full_socket_is_not_waited_for)
{
	struct log_conf conf = conf_to(LOG_TO_JOURNAL);
	char path[108];
	int fd = listen_at(path);

	(void)fd;
	conf.journal = path;
	log_configure(&conf, "worker 1");
	for (int i = 0; i < 2000; i++)
		log_info("%d", i);
	cr_assert(strstr(written(), ": info: "));
	unlink(path);
}

Test(log, lines_may_be_json)
{
	struct log_conf conf = conf_to(LOG_TO_STDERR);

	conf.format = LOG_JSON;
	log_configure(&conf, "worker 1");
	log_record(LOG_PART_MODULE, LOG_NOTICE, (struct log_fields){ place, 2 }, "a \"b\"");
	written();
	cr_assert_eq(strncmp(got, "{\"time\":\"2", 10), 0, "%s", got);
	cr_assert(strstr(got, "\"part\":\"module\",\"message\":\"a \\\"b\\\"\","
			      "\"path\":\"/a\\\\x0aPRIORITY=0\",\"module\":\"crash\"}\n"), "%s",
		  got);
}

Test(log, a_file_has_lines_with_their_time)
{
	char path[] = "/tmp/test_log_XXXXXX", *at;
	int fd = mkstemp(path), read_from = open(path, O_RDONLY);
	struct log_conf conf = conf_to(LOG_TO_STDERR);

	unlink(path);
	log_configure(&conf, "supervisor");
	log_file(fd);
	cr_assert_eq(log_fd(), fd);
	log_configure(&conf, "worker 1");
	log_info("x");
	cr_assert_str_eq(written(), "");
	memset(got, 0, sizeof got);
	cr_assert_gt(read(read_from, got, sizeof got), 0);
	at = strchr(got, ' ');
	cr_assert(at && at[-1] == 'Z' && got[0] == '2', "%s", got);
	cr_assert_eq(strncmp(at + 1, prefixed("info: x\n"), strlen(prefixed("info: x\n"))), 0, "%s", got);
	/* Who looks at standard error alone sees what is wrong. */
	log_error("y");
	cr_assert_str_eq(written(), prefixed("error: y\n"));
	memset(got, 0, sizeof got);
	cr_assert_gt(read(read_from, got, sizeof got), 0);
	cr_assert(strstr(got, "error: y\n"), "%s", got);
}

Test(log, what_a_file_does_not_take_is_not_lost)
{
	struct log_conf conf = conf_to(LOG_TO_STDERR);

	log_configure(&conf, "worker 1");
	log_file(open("/dev/null", O_RDONLY));
	log_info("x");
	cr_assert_str_eq(written(), prefixed("info: x\n"));
	log_file(open("/dev/null", O_WRONLY));
	log_info("y");
	cr_assert_str_eq(written(), "");
}

Test(log, each_part_has_its_level)
{
	struct log_limit limit = { 0 };

	log_setup(LOG_WARN, "worker 1");
	log_set_level(LOG_PART_MODULE, LOG_DEBUG);
	cr_assert_eq(log_level_of(LOG_PART_MODULE), LOG_DEBUG);
	cr_assert_eq(log_level_of(LOG_PART_WORKER), LOG_WARN);
	log_record(LOG_PART_WORKER, LOG_NOTICE, LOG_NO_FIELDS, "no");
	log_limited_record(LOG_PART_WORKER, &limit, 0, 1, LOG_NOTICE, LOG_NO_FIELDS, "no");
	cr_assert_str_eq(written(), "");
	log_record(LOG_PART_MODULE, LOG_DEBUG, LOG_NO_FIELDS, "yes");
	cr_assert_str_eq(written(), prefixed("debug: yes\n"));
	log_limited_record(LOG_PART_MODULE, &limit, 0, 1, LOG_DEBUG, LOG_NO_FIELDS, "yes");
	cr_assert_str_eq(written(), prefixed("debug: yes\n"));
	for (unsigned p = 0; p < LOG_PARTS_N; p++)
		cr_expect_gt(strlen(log_part_name((enum log_part)p)), 0);
}

Test(log, one_record_is_one_write)
{
	int pair[2];
	char buf[2048];

	cr_assert_eq(pipe2(pair, O_DIRECT | O_NONBLOCK), 0);
	log_setup(LOG_INFO, "worker 1");
	dup2(pair[1], STDERR_FILENO);
	log_info("first");
	log_info("second");
	cr_assert_eq(read(pair[0], buf, sizeof buf), (ssize_t)strlen(prefixed("info: first\n")));
	cr_assert_eq(read(pair[0], buf, sizeof buf), (ssize_t)strlen(prefixed("info: second\n")));
	close(pair[0]);
	close(pair[1]);
}
