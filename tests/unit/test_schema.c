#include "config/schema.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum colour { RED, GREEN, BLUE };

struct conf {
	bool loud;
	uint64_t big;
	uint32_t few;
	uint64_t delay, room;
	uint32_t factor;
	const char *name, *formats;
	unsigned colour;
	uint64_t port;
};

#define AT(member) offsetof(struct conf, member)

static const struct config_row rows[] = {
	{ "loud", "bool", "no", NULL, NULL, "Text.", AT(loud) },
	{ "big", "uint", "7", NULL, NULL, "Text.", AT(big) },
	{ "few", "count or auto", "auto", "1..9", "things", "Text.", AT(few) },
	{ "delay", "duration", "1s", "10ms..1m", NULL, "Text.", AT(delay) },
	{ "room", "size", "1KiB", "..1GiB", NULL, "Text.", AT(room) },
	{ "factor", "ratio", "1.5", "1..", NULL, "Text.", AT(factor) },
	{ "name", "string", "x", "1..5", "bytes", "Text.", AT(name) },
	{ "formats", "uints", "", "0..65535", NULL, "Text.", AT(formats) },
	{ "colour", "enum red|green|blue", "green", NULL, NULL, "Text.", AT(colour) },
};

#define NROWS (sizeof rows / sizeof *rows)

#define PAIR(name, text, line_, column_) { .key = name, .value = text, \
	.key_at = { .line = line_, .column = 1 }, .value_at = { .line = line_, .column = column_ } }

static const struct config_place at = { .line = 9, .column = 1 };
static struct config_errors errors;

static bool apply(struct conf *conf, const struct config_pair *pairs, size_t n)
{
	memset(conf, 0, sizeof *conf);
	errors_begin(&errors, "t");
	return config_apply_rows(rows, NROWS, conf, pairs, n, at, &errors);
}

Test(schema, defaults_are_stored)
{
	struct conf c;

	cr_assert(apply(&c, NULL, 0));
	cr_expect_not(c.loud);
	cr_expect_eq(c.big, 7);
	cr_expect_eq(c.few, 0);
	cr_expect_eq(c.delay, 1000);
	cr_expect_eq(c.room, 1024);
	cr_expect_eq(c.factor, 1500);
	cr_expect_str_eq(c.name, "x");
	cr_expect_str_eq(c.formats, "");
	cr_expect_eq(c.colour, GREEN);
}

Test(schema, pairs_are_stored_over_defaults)
{
	static const struct config_pair pairs[] = {
		PAIR("loud", "On", 1, 7),
		PAIR("big", "18446744073709551615", 2, 6),
		PAIR("few", "9", 3, 6),
		PAIR("delay", "10ms", 4, 8),
		PAIR("room", "1GiB", 5, 7),
		PAIR("factor", "1", 6, 9),
		PAIR("name", "hello", 7, 7),
		PAIR("formats", "0 50 65535", 8, 10),
		PAIR("colour", "blue", 9, 9),
	};
	struct conf c;

	cr_assert(apply(&c, pairs, NROWS), "%s", errors.text[0]);
	cr_expect(c.loud);
	cr_expect_eq(c.big, UINT64_MAX);
	cr_expect_eq(c.few, 9);
	cr_expect_eq(c.delay, 10);
	cr_expect_eq(c.room, 1 << 30);
	cr_expect_eq(c.factor, 1000);
	cr_expect_eq(c.name, pairs[6].value, "strings are borrowed");
	cr_expect_str_eq(c.formats, "0 50 65535");
	cr_expect_eq(c.colour, BLUE);
}

Test(schema, storing_stays_within_its_storage)
{
	struct { uint32_t before, v, after; } s = { ~0u, 0, ~0u };
	static const struct config_row row = {
		"v", "count", "1", NULL, NULL, "Text.", 4
	}, wide = {
		"v", "count", "1", "1..5000000000", NULL, "Text.", 4
	};

	cr_assert_eq(schema_store(&row, "4294967295", &s, NULL), 0);
	cr_expect_eq(s.v, UINT32_MAX);
	cr_expect_eq(s.before, ~0u);
	cr_expect_eq(s.after, ~0u);
	cr_expect_eq(schema_store(&row, "4294967296", &s, NULL), -EINVAL);
	cr_expect_eq(schema_store(&wide, "4294967296", &s, NULL), -EINVAL);
}

Test(schema, every_mistake_is_told_at_its_place)
{
	static const struct config_pair pairs[] = {
		PAIR("laud", "on", 1, 7),
		PAIR("loud", "2", 2, 7),
		PAIR("few", "0", 3, 6),
		PAIR("few", "10", 4, 6),
		PAIR("delay", "9ms", 5, 8),
		PAIR("delay", "61s", 6, 8),
		PAIR("factor", "0.999", 7, 9),
		PAIR("name", "", 8, 7),
		PAIR("name", "toolong", 9, 7),
		PAIR("formats", "0  1", 10, 10),
		PAIR("formats", "1 ", 11, 10),
		PAIR("formats", "65536", 12, 10),
		PAIR("colour", "Red", 13, 9),
		PAIR("colour", "", 14, 9),
		PAIR("colour", "red|green", 15, 9),
		PAIR("delay", "auto", 16, 9),
		PAIR("something", "else", 17, 9),
	};
	static const char *const told[] = {
		"t:1:1: unknown key \"laud\", did you mean \"loud\"?",
		"t:2:7: loud: \"2\" is neither true nor false",
		"t:3:6: few: \"0\" is out of range, 1..9 things",
		"t:4:6: few: \"10\" is out of range, 1..9 things",
		"t:5:8: delay: \"9ms\" is out of range, 10ms..1m",
		"t:6:8: delay: \"61s\" is out of range, 10ms..1m",
		"t:7:9: factor: \"0.999\" is out of range, 1..",
		"t:8:7: name: \"\" has 0 bytes, 1..5 are possible",
		"t:9:7: name: \"toolong\" has 7 bytes, 1..5 are possible",
		"t:10:10: formats: \"\" is not a whole number",
		"t:11:10: formats: \"1 \" ends with a space",
		"t:12:10: formats: \"65536\" is out of range, 0..65535",
		"t:13:9: colour: \"Red\" is none of red|green|blue",
		"t:14:9: colour: \"\" is none of red|green|blue",
		"t:15:9: colour: \"red|green\" is none of red|green|blue",
		"t:16:9: delay: \"auto\" is not a duration",
		"t:17:9: unknown key \"something\"",
	};
	size_t n = sizeof pairs / sizeof *pairs;
	struct conf c;

	cr_assert_not(apply(&c, pairs, n));
	cr_assert_eq(errors.count, n);
	for (size_t i = 0; i < n - 1; i++)
		cr_expect_str_eq(errors.text[i], told[i]);
}

Test(schema, a_value_that_may_be_secret_is_not_told)
{
	static const struct config_pair pairs[] = {
		{ .key = "few", .value = "hunter2", .written = "${V}",
		  .key_at = { .line = 1, .column = 1 }, .value_at = { .line = 1, .column = 6 } },
		{ .key = "loud", .value = "hunter2", .written = "${V}",
		  .key_at = { .line = 2, .column = 1 }, .value_at = { .line = 2, .column = 7 } },
	};
	struct conf c;

	cr_expect_not(apply(&c, pairs, 2));
	cr_expect_str_eq(errors.text[0], "t:1:6: few: what \"${V}\" holds does not fit, it takes "
			 "count or auto 1..9");
	cr_expect_str_eq(errors.text[1], "t:2:7: loud: what \"${V}\" holds does not fit, it takes "
			 "bool");
}

Test(schema, a_row_without_default_must_be_given)
{
	static const struct config_row must[] = {
		{ "name", "string", NULL, NULL, NULL, "Text.", AT(name) },
	};
	static const struct config_pair pair = PAIR("name", "x", 1, 1);
	struct conf c = { 0 };

	errors_begin(&errors, "t");
	cr_expect_not(config_apply_rows(must, 1, &c, NULL, 0, at, &errors));
	cr_expect_str_eq(errors.text[0], "t:9:1: \"name\" is missing");
	errors_begin(&errors, "t");
	cr_expect(config_apply_rows(must, 1, &c, &pair, 1, at, &errors));
	cr_expect_str_eq(c.name, "x");
}

Test(schema, what_is_printed_stores_the_same)
{
	static const struct config_pair pairs[] = {
		PAIR("loud", "yes", 1, 1),
		PAIR("delay", "1.5s", 1, 1),
		PAIR("few", "3", 1, 1),
		PAIR("factor", "2.25", 1, 1),
		PAIR("colour", "red", 1, 1),
		PAIR("formats", "0 50", 1, 1),
	};
	static const char *const printed[] = {
		"true", "7", "3", "1500ms", "1KiB", "2.25", "x", "0 50", "red",
	};
	struct conf c, back = { 0 };
	char buf[NROWS][SCHEMA_TEXT];

	cr_assert(apply(&c, pairs, sizeof pairs / sizeof *pairs));
	for (size_t i = 0; i < NROWS; i++) {
		const char *text = schema_print(&rows[i], &c, buf[i]);

		cr_expect_str_eq(text, printed[i]);
		cr_expect_eq(schema_store(&rows[i], text, &back, NULL), 0);
	}
	cr_expect_eq(back.loud, c.loud);
	cr_expect_eq(back.few, c.few);
	cr_expect_eq(back.delay, c.delay);
	cr_expect_eq(back.factor, c.factor);
	cr_expect_eq(back.colour, c.colour);
}

Test(schema, rows_of_others_are_looked_at_first)
{
	static const struct { struct config_row row; const char *why; } bad[] = {
		{ { "a", "float", "1", NULL, NULL, "Text.", 0 },
		  "row \"a\": has a type nobody knows, \"float\"" },
		{ { "a", NULL, "1", NULL, NULL, "Text.", 0 },
		  "row \"a\": has a type nobody knows, \"\"" },
		{ { "a", "bool or auto", "no", NULL, NULL, "Text.", 0 },
		  "row \"a\": has a type nobody knows, \"bool or auto\"" },
		{ { "a", "enum", "no", NULL, NULL, "Text.", 0 },
		  "row \"a\": has a type nobody knows, \"enum\"" },
		{ { "a", "uint", "x", NULL, NULL, "Text.", 0 },
		  "row \"a\": \"x\" is not a whole number" },
		{ { "a", "uint", "5", "6..9", NULL, "Text.", 0 },
		  "row \"a\": \"5\" is out of range, 6..9" },
		{ { "a", "uint", "5", "9", NULL, "Text.", 0 },
		  "row \"a\": range \"9\" cannot be read" },
		{ { "a", "uint", "5", "9..6", NULL, "Text.", 0 },
		  "row \"a\": range \"9..6\" is empty" },
		{ { "a", "duration", "5s", "1..6s", NULL, "Text.", 0 },
		  "row \"a\": \"1\" needs a unit (ms, s, m, h, d)" },
		{ { "a", "bool", "no", "0..1", NULL, "Text.", 0 },
		  "row \"a\": range \"0..1\" cannot be read" },
		{ { "a", "count or auto", "auto", "0..1", NULL, "Text.", 0 },
		  "row \"a\": has auto and 0, which are stored alike" },
		{ { "a", "enum aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|b", "b", NULL, NULL, "Text.",
		    0 }, "row \"a\": has a word longer than 31 bytes" },
		{ { "a", "bool", "no", NULL, NULL, "", 0 },
		  "row \"a\": does not say what it is for" },
		{ { "", "bool", "no", NULL, NULL, "Text.", 0 }, "row 1 has no name" },
	};
	struct config_row twice[] = { rows[0], rows[1], rows[0] };
	struct err err;

	cr_expect_eq(schema_sane(rows, NROWS, &err), 0, "%s", err.text);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_expect_eq(schema_sane(&bad[i].row, 1, &err), -EINVAL, "%zu", i);
		cr_expect_str_eq(err.text, bad[i].why);
	}
	cr_expect_eq(schema_sane(twice, 3, &err), -EINVAL);
	cr_expect_str_eq(err.text, "row \"loud\" is there twice");
}
