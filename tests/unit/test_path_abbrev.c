/* Paths written as numbers (draft-ietf-core-uri-path-abbrev). */
#include <criterion/criterion.h>

#include "coap/message.h"
#include "coap/path_abbrev.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>

static const struct path_abbrev *of_number(uint64_t number)
{
	uint8_t bytes[8];

	return path_abbrev(span_of(bytes, option_uint_encode(number, bytes)));
}

static const char *print(const struct path_abbrev *a)
{
	static char text[64];

	text[0] = 0;
	for (unsigned i = 0; i < a->n; i++) {
		strcat(text, "/");
		strcat(text, a->segment[i]);
	}
	return text;
}

Test(path_abbrev, table_is_the_registry)
{
	FILE *f = fopen(vectors_path("uri_path_abbrev.csv"), "r");
	unsigned rows = 0, known = 0;
	char line[256], *field[3];

	cr_assert(f);
	cr_assert(fgets(line, sizeof line, f));
	for (; fgets(line, sizeof line, f); rows++) {
		cr_assert_eq(csv_split(line, field, 3), 3, "%s", line);
		cr_assert(of_number(strtoul(field[0], NULL, 10)), "%s", field[0]);
		cr_assert_str_eq(print(of_number(strtoul(field[0], NULL, 10))), field[1]);
	}
	fclose(f);
	for (uint32_t n = 0; n <= 70000; n++)
		known += of_number(n) != NULL;
	cr_assert_eq(rows, 12);
	cr_assert_eq(known, rows);
}

Test(path_abbrev, E29_leading_zeros_are_no_other_number)
{
	cr_assert_eq(path_abbrev(span_of("\0\0", 2)), of_number(0));
	cr_assert_eq(path_abbrev(span_of("\0\1\x2d", 3)), of_number(301));
	cr_assert_null(path_abbrev(span_of("\1\1\1\1\1\1\1\1\1", 9)));
}

/* --- in messages ----------------------------------------------------------------- */

static struct span options_of(uint32_t number, const char *value, bool abbreviated, uint8_t *out)
{
	struct writer w = writer_of(out, 64);
	struct option_writer ow = option_writer(&w);

	if (number == OPT_URI_PATH)
		option_write(&ow, number, span_str(value));
	option_write_uint(&ow, OPT_CONTENT_FORMAT, 40);
	if (abbreviated)
		option_write_uint(&ow, OPT_URI_PATH_ABBREV, 302);
	option_write(&ow, OPT_URI_QUERY, span_str("q"));
	return span_of(out, (size_t)(w.p - out));
}

Test(path_abbrev, is_found_among_options)
{
	uint8_t bytes[64];

	cr_assert_eq(path_abbrev_of(options_of(0, NULL, true, bytes)), of_number(302));
	cr_assert_null(path_abbrev_of(options_of(OPT_URI_PATH, "a", false, bytes)));
	cr_assert_null(path_abbrev_of(span_of(NULL, 0)));
}

Test(path_abbrev, a_walk_of_the_path_meets_its_segments)
{
	uint8_t bytes[64];
	struct message m = { .code = COAP_GET, .options = options_of(0, NULL, true, bytes) };
	struct message_walk walk = message_walk(&m, OPT_URI_PATH);
	struct span s;

	for (unsigned i = 0; i < 3; i++) {
		cr_assert(message_walk_next(&walk, &s));
		cr_assert(span_eq(s, span_str(of_number(302)->segment[i])));
	}
	cr_assert(!message_walk_next(&walk, &s));
	cr_assert(!message_walk_next(&walk, &s));
	cr_assert(message_option(&m, OPT_URI_PATH, 2, &s));
	cr_assert(!message_option(&m, OPT_URI_PATH, 3, &s));
	/* Walks of others know nothing of it. */
	cr_assert(message_option(&m, OPT_URI_QUERY, 0, &s));
	cr_assert(span_eq(s, span_str("q")));
}

Test(path_abbrev, unknown_ones_and_those_beside_a_path_are_refused)
{
	static struct option_set known;
	struct option_fault fault;
	uint8_t bytes[64];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct option_writer ow = option_writer(&w);

	option_set_add(&known, OPT_URI_PATH);
	option_set_add(&known, OPT_URI_QUERY);
	option_set_add(&known, OPT_URI_PATH_ABBREV);
	cr_assert_eq(option_check(options_of(0, NULL, true, bytes), COAP_GET, &known, &fault),
		     OPTIONS_OK);
	cr_assert_eq(option_check(options_of(OPT_URI_PATH, "a", true, bytes), COAP_GET, &known,
				  &fault), OPTIONS_BAD);
	/* It is the abbreviation that could not be processed, not the path. */
	cr_assert_eq(fault.number, OPT_URI_PATH_ABBREV);
	cr_assert_eq(fault.flaw, FLAW_MISPLACED);
	option_write_uint(&ow, OPT_URI_PATH_ABBREV, 3);
	cr_assert_eq(option_check(span_of(bytes, (size_t)(w.p - bytes)), COAP_GET, &known, &fault),
		     OPTIONS_BAD);
	cr_assert_eq(fault.flaw, FLAW_VALUE);
	/* Twice the same is one too many. */
	cr_assert_eq(option_check(span_of("\xd0\0\0", 3), COAP_GET, &known, &fault), OPTIONS_BAD);
	cr_assert_eq(fault.flaw, FLAW_REPEATED);
}
