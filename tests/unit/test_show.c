#include "client/show.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

static struct show s;
static struct arguments args;
static char *text;
static size_t n;
static FILE *out;

/* Something like a terminal needs a descriptor, a stream in memory has none. */
static void open_with(struct arguments a)
{
	args = a;
	out = tmpfile();
	show_open(&s, &args, out);
}

static const char *shown(void)
{
	show_close(&s);
	n = (size_t)ftell(out);
	rewind(out);
	text = calloc(1, n + 1);
	cr_assert_eq(fread(text, 1, n, out), n);
	fclose(out);
	return text;
}

static void begin(void)
{
	unsetenv("NO_COLOR");
	setenv("LC_ALL", "C", 1);
}

static void end(void)
{
	free(text);
}

TestSuite(show, .init = begin, .fini = end);

Test(show, errors_bear_the_programs_name_and_remarks_do_not)
{
	open_with((struct arguments){ 0 });
	show_error(&s, "no %s", "way");
	show_remark(&s, "%d", 5);
	cr_expect_str_eq(shown(), "coap: no way\n5\n");
}

Test(show, no_line_commands_the_terminal)
{
	open_with((struct arguments){ .color = 1 });
	show_remark(&s, "%s", "a\033[2Jb\r\nc\x7f\xc2\x9b" "d\xc2\xa7\xc2");
	show_error(&s, "\033");
	cr_expect_str_eq(shown(), "a?[2Jb??c???d\xc2\xa7\xc2\n"
				  "\033[1;31mcoap:\033[0m ?\n");
}

Test(show, quiet_leaves_out_remarks)
{
	open_with((struct arguments){ .quiet = 1 });
	show_error(&s, "no");
	show_remark(&s, "yes");
	cr_expect_str_eq(shown(), "coap: no\n");
}

Test(show, a_long_line_is_cut_and_ended)
{
	char line[3000];

	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = 0;
	open_with((struct arguments){ 0 });
	show_remark(&s, "%s", line);
	shown();
	cr_expect_leq(n, 1024);
	cr_expect_eq(text[n - 1], '\n');
	cr_expect_eq(text[n - 2], 'x');
}

Test(show, colour_is_for_who_wants_it)
{
	open_with((struct arguments){ 0 });
	cr_expect_not(s.color, "a file is no terminal");
	cr_expect(show_wants_color(&(struct arguments){ .color = 1 }, fileno(out)));
	cr_expect_not(show_wants_color(&(struct arguments){ .color = -1 }, fileno(out)));
	shown();
	free(text);
	open_with((struct arguments){ .color = 1 });
	show_error(&s, "no");
	cr_expect_str_eq(shown(), "\033[1;31mcoap:\033[0m no\n");
}

Test(show, a_line_of_progress_gives_way)
{
	open_with((struct arguments){ 0 });
	show_progress(&s, "");
	show_progress(&s, "1 %");
	show_progress(&s, "2 %");
	show_remark(&s, "done");
	show_progress(&s, "3 %");
	cr_expect_str_eq(shown(), "\r1 %\033[K\r2 %\033[K\r\033[Kdone\n\r3 %\033[K\r\033[K");
}

Test(show, a_wrong_text_is_marked)
{
	char text_of[2000];

	open_with((struct arguments){ 0 });
	show_mark(&s, "coap://h o/", 8);
	cr_expect_str_eq(shown(), "  coap://h o/\n          ^\n");
	free(text);
	memset(text_of, 'x', sizeof text_of - 1);
	text_of[sizeof text_of - 1] = 0;
	text_of[1000] = '\t';
	open_with((struct arguments){ 0 });
	show_mark(&s, text_of, 1000);
	shown();
	cr_expect_lt(strcspn(text, "\n"), 80);
	cr_expect_eq(text[strlen(text) - 2], '^');
	cr_expect_eq(text[strlen(strchr(text, '\n') + 1) - 2], '\\');
}

static const uint8_t get[] = { 0x41, 1, 0, 7, 0xaa, 0xb1, 'x' };
static const uint8_t content[] = { 0x61, 0x45, 0, 7, 0xaa, 0xff, 'h', 'i', 27, '[', '2', 'J' };

static void datagram(bool sent, bool lost, double at, const void *p, size_t size)
{
	struct net_datagram d = { .out = sent, .lost = lost, .at = at,
				  .bytes = span_of(p, size) };

	addr_parse("[::1]:5683", &d.peer);
	show_datagram(&s, &d);
}

Test(show, messages_are_lines_and_repetitions_are_told)
{
	open_with((struct arguments){ .verbose = 1 });
	datagram(true, false, 0, get, sizeof get);
	datagram(true, true, 2.5, get, sizeof get);
	datagram(true, false, 7.25, get, sizeof get);
	datagram(false, false, 7.251, content, sizeof content);
	cr_expect_str_eq(shown(),
		"    0.000 -> [::1]:5683 CON GET mid=7 token=aa Uri-Path=x\n"
		"    2.500 -> [::1]:5683 CON GET mid=7 token=aa Uri-Path=x (again 1)"
		" (lost on purpose)\n"
		"    7.250 -> [::1]:5683 CON GET mid=7 token=aa Uri-Path=x (again 2)\n"
		"    7.251 <- [::1]:5683 ACK 2.05 Content mid=7 token=aa payload=6 bytes\n",
		"%s", text);
}

Test(show, another_peer_or_message_is_no_repetition)
{
	uint8_t other[sizeof get];

	memcpy(other, get, sizeof get);
	other[3]++;
	open_with((struct arguments){ .verbose = 1 });
	datagram(true, false, 0, get, sizeof get);
	datagram(true, false, 0, other, sizeof other);
	other[0] = 0x51;
	datagram(true, false, 0, other, sizeof other);
	cr_expect_null(strstr(shown(), "again"), "%s", text);
}

Test(show, twice_verbose_shows_bytes)
{
	open_with((struct arguments){ .verbose = 2 });
	datagram(true, false, 0, get, sizeof get);
	cr_expect_str_eq(shown(),
		"    0.000 -> [::1]:5683 CON GET mid=7 token=aa Uri-Path=x\n"
		"           0000  41 01 00 07 aa b1 78                              |A.....x|\n",
		"%s", text);
}

Test(show, a_datagram_of_any_size_is_one_line)
{
	static uint8_t large[DGRAM_RX_MAX];

	memset(large, 'x', sizeof large);
	memcpy(large, get, sizeof get);
	large[5] = 0xff;
	open_with((struct arguments){ .verbose = 1 });
	datagram(false, false, 0, large, sizeof large);
	datagram(false, false, 0, large, 0);
	shown();
	cr_expect_eq(strchr(text, '\n') + 1 - text, (long)(strstr(text, "\n    0.000") + 1 - text));
}
