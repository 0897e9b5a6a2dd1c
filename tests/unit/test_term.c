#include "kit/term.h"

#include "coap/message.h"
#include "kit_script.h"

static struct words words;
static struct command command;
static struct reading reading;

static void begin(const char *line)
{
	errors_begin(&kit_errors, "t");
	pool_free(words.pool);
	words = (struct words){ .pool = pool_new(), .errors = &kit_errors, .line = line,
				.at = line, .end = line + strlen(line), .number = 1 };
	command = (struct command){ .how = PAYLOAD_ANY };
	reading = (struct reading){ .words = &words, .c = &command };
}

static void end(void)
{
	pool_free(words.pool);
}

TestSuite(term, .fini = end);

/* The first word of a line. */
static struct word first(const char *line)
{
	struct word w;

	begin(line);
	cr_assert(words_next(&words, &w));
	return w;
}

Test(term, times_and_peers)
{
	uint64_t ms;

	begin("1.5s x");
	cr_expect(term_time(&reading, &ms));
	cr_expect_eq(ms, 1500);
	cr_expect_not(term_time(&reading, &ms));
	begin("400d");
	cr_expect_not(term_time(&reading, &ms));
	begin("17");
	cr_expect(term_peer(&reading));
	cr_expect_eq(command.peer, 17);
	begin("100");
	cr_expect_not(term_peer(&reading));
}

Test(term, codes_and_methods)
{
	struct word w = first("2.31");

	cr_expect(term_is_code(&w));
	cr_expect(term_code(&reading, &w));
	cr_expect_eq(command.code, COAP_CONTINUE);
	w = first("2.32");
	cr_expect(term_is_code(&w) && !term_code(&reading, &w));
	w = first("2.050");
	cr_expect_not(term_is_code(&w));
	w = first("iPatch");
	cr_expect_eq(term_method(&w), COAP_IPATCH);
	w = first("\"get\"");
	cr_expect_eq(term_method(&w), -1);
}

Test(term, payloads_end_the_line)
{
	struct word w = first("0x00fF # remark");

	cr_assert(term_is_payload(&w));
	cr_expect(term_payload(&reading, &w));
	cr_expect(span_eq(command.payload, span_of("\0\xff", 2)));
	cr_expect_eq(command.how, PAYLOAD_EQUAL);
	w = first("\"a\" b");
	cr_expect_not(term_payload(&reading, &w));
}

Test(term, options_are_taken_sorted_or_not)
{
	struct script_option *o;
	struct word w = first("Max-Age=1");
	size_t n;

	cr_assert(term_is_option(&w));
	cr_expect(term_option(&reading, &w, true));
	w = (struct word){ .text = (char[]){ "ETag=*" }, .n = 6 };
	cr_expect(term_option(&reading, &w, true));
	term_take_options(&reading, true, &o, &n);
	cr_assert_eq(n, 2);
	cr_expect_eq(o[0].number, OPT_ETAG);
	cr_expect(o[0].any);
	cr_expect_eq(reading.noptions, 0);
	begin("Size2");
	cr_expect(term_absent(&reading));
	term_take_options(&reading, false, &o, &n);
	cr_expect(n == 1 && o[0].absent);
}

Test(term, paths_are_those_of_uris)
{
	struct script_option *o;
	size_t n;

	begin("/a/%2e%2e/b%2fc?x=%26");
	cr_assert(term_path(&reading), "%s", kit_errors.text[0]);
	term_take_options(&reading, true, &o, &n);
	cr_expect(n > 1);
	cr_expect(span_eq(o[n - 1].value, span_str("x=&")));
	begin("/a b#");
	cr_assert(term_path(&reading));
	cr_expect_not(term_ends(&reading));
	begin("/a#b");
	cr_expect_not(term_path(&reading));
}
