#include "worker/accesslog.h"

#include "coap/code.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct site site = { .access_format = LOG_TEXT, .access_each = 1, .access_paths = "" };
static struct accesslog *l;
static int file;
static char got[65536];

static void begin(void)
{
	file = memfd_create("access", 0);
	cr_assert_geq(file, 0);
	l = accesslog_new(&site, file);
	cr_assert_not_null(l);
}

/* All that is in the file by now. */
static const char *lines(void)
{
	ssize_t n = pread(file, got, sizeof got - 1, 0);

	got[n > 0 ? n : 0] = '\0';
	return got;
}

static unsigned count(const char *text)
{
	unsigned n = 0;

	for (const char *p = lines(); (p = strstr(p, text)); p++)
		n++;
	return n;
}

static struct request a_request(const char *segment)
{
	static uint8_t options[300];
	struct writer w = writer_of(options, sizeof options);
	struct option_writer ow = option_writer(&w);
	struct request r = { .msg = { .code = COAP_GET, .payload = span_str("abc") } };

	option_write(&ow, OPT_URI_PATH, span_str(segment));
	r.msg.options = span_of(options, (size_t)(w.p - options));
	cr_assert_eq(addr_parse("[::1]:5", &r.from), 0);
	return r;
}

static void answer(const char *segment, ref_t waited, bool separate)
{
	static const uint8_t body[] = { 0xff, 'h', 'i' };
	struct request r = a_request(segment);
	struct answered a = { .request = &r, .code = COAP_CONTENT, .waited = waited,
			      .body = span_of(body, sizeof body), .separate = separate };

	l->witness.answered(&l->witness, &a);
}

Test(accesslog, an_answer_has_a_line_once_it_is_flushed)
{
	begin();
	answer("a", 0, false);
	cr_assert_str_eq(lines(), "");
	accesslog_flush(l);
	cr_assert(strstr(lines(), " [::1]:5 GET /a 2.05 received=3 bytes=2 block=0 "
			 "retransmissions=0 us="), "%s", got);
	accesslog_flush(l);
	cr_assert_eq(count("\n"), 1);
	accesslog_free(l);
}

Test(accesslog, a_separate_answer_has_its_line_when_it_is_over)
{
	begin();
	l->witness.waits(&l->witness, 77);
	answer("a", 77, true);
	l->witness.ended(&l->witness, 78, 1);
	accesslog_flush(l);
	cr_assert_eq(count("\n"), 0);
	l->witness.ended(&l->witness, 77, 4);
	l->witness.ended(&l->witness, 77, 5);
	accesslog_free(l);
	cr_assert_eq(count("retransmissions=4"), 1);
	cr_assert_eq(count("\n"), 1);
}

/* The time runs from when it came. */
Test(accesslog, time_of_waiting_counts)
{
	struct timespec t;
	uint64_t us;

	begin();
	clock_gettime(CLOCK_MONOTONIC, &t);
	l->now_ns = (uint64_t)t.tv_sec * 1000000000u - 5000000000u;
	l->witness.waits(&l->witness, 77);
	l->now_ns += 5000000000u;
	answer("a", 77, false);
	l->witness.ended(&l->witness, 77, 0);
	accesslog_flush(l);
	cr_assert_eq(sscanf(strstr(lines(), "us="), "us=%lu", &us), 1);
	cr_assert_geq(us, 5000000);
	cr_assert_eq(count("\n"), 1);
	accesslog_free(l);
}

/* More than the table has are told of, if not with all that will become of them. */
Test(accesslog, nothing_is_left_out_when_the_table_is_full)
{
	begin();
	for (ref_t r = 1; r <= 3 * ACCESSLOG_OPEN; r++) {
		l->witness.waits(&l->witness, r);
		answer("a", r, true);
	}
	for (ref_t r = 1; r <= 3 * ACCESSLOG_OPEN; r++)
		l->witness.ended(&l->witness, r, 0);
	accesslog_free(l);
	cr_assert_eq(lseek(file, 0, SEEK_END) % (off_t)strcspn(lines(), "\n"), lseek(file, 0, SEEK_END) %
		     (off_t)strcspn(got, "\n"));
	cr_assert_gt(lseek(file, 0, SEEK_END), (off_t)(3 * ACCESSLOG_OPEN * 60));
}

Test(accesslog, one_of_so_many)
{
	site.access_each = 10;
	begin();
	for (int i = 0; i < 100; i++)
		answer("a", 0, false);
	accesslog_free(l);
	cr_assert_eq(count("\n"), 10);
}

Test(accesslog, only_what_is_at_these_paths_or_below)
{
	static const char *const segments[] = { "a", "ab", "b", "c", "d" };

	site.access_paths = " /a  /c/ ";
	begin();
	for (size_t i = 0; i < 5; i++)
		answer(segments[i], 0, false);
	accesslog_free(l);
	cr_assert_eq(count("\n"), 2);
	cr_assert(strstr(got, " /a 2.05") && strstr(got, " /c 2.05"), "%s", got);
}

Test(accesslog, lines_may_be_JSON_and_go_to_another_file)
{
	int old;

	site.access_format = LOG_JSON;
	begin();
	answer("a", 0, false);
	old = file;
	file = memfd_create("other", 0);
	accesslog_turn(l, dup(file));
	cr_assert_str_eq(lines(), "");
	answer("b", 0, false);
	accesslog_free(l);
	cr_assert(strstr(lines(), "\"path\":\"/b\""), "%s", got);
	cr_assert_eq(count("\n"), 1);
	file = old;
	cr_assert(strstr(lines(), "\"path\":\"/a\""), "%s", got);
}

Test(accesslog, a_full_disk_is_survived)
{
	begin();
	accesslog_turn(l, open("/dev/full", O_WRONLY));
	for (int i = 0; i < 1000; i++)
		answer("a", 0, false);
	accesslog_turn(l, dup(file));
	answer("b", 0, false);
	accesslog_free(l);
	cr_assert_eq(count("\n"), 1);
}
