#include "config/value.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

struct number {
	const struct value_scale *scale;
	const char *text;
	uint64_t v;
};

static const struct number good[] = {
	{ &value_number, "0", 0 },
	{ &value_number, "007", 7 },
	{ &value_number, "18446744073709551615", UINT64_MAX },
	{ &value_duration, "0", 0 },
	{ &value_duration, "0ms", 0 },
	{ &value_duration, "100ms", 100 },
	{ &value_duration, "2s", 2000 },
	{ &value_duration, "1.5s", 1500 },
	{ &value_duration, "0.001s", 1 },
	{ &value_duration, "1.0000s", 1000 },
	{ &value_duration, "2m", 120000 },
	{ &value_duration, "1h", 3600000 },
	{ &value_duration, "1d", 86400000 },
	{ &value_size, "512", 512 },
	{ &value_size, "512B", 512 },
	{ &value_size, "64KiB", 65536 },
	{ &value_size, "1.5MiB", 1572864 },
	{ &value_size, "1GiB", 1073741824 },
	{ &value_ratio, "1.5", 1500 },
	{ &value_ratio, "2", 2000 },
	{ &value_ratio, "0.001", 1 },
};

static const struct { const struct value_scale *scale; const char *text, *why; } bad[] = {
	{ &value_number, "", "\"\" is not a whole number" },
	{ &value_number, "-1", "\"-1\" is not a whole number" },
	{ &value_number, "+1", "\"+1\" is not a whole number" },
	{ &value_number, " 1", "\" 1\" is not a whole number" },
	{ &value_number, "1 ", "\"1 \" is not a whole number" },
	{ &value_number, "0x10", "\"0x10\" is not a whole number" },
	{ &value_number, "1.5", "\"1.5\" is finer than a whole number can be" },
	{ &value_number, "1.", "\"1.\" is not a whole number" },
	{ &value_number, "18446744073709551616", "\"18446744073709551616\" is too large" },
	{ &value_number, "184467440737095516160",
	  "\"184467440737095516160\" is too large" },
	{ &value_duration, "0.000000000000000000000000000000000000000000000000000000000000"
	  "00000001s", "\"0.0000000000000000000000000000000000000000000000\"... is finer "
	  "than a duration can be" },
	{ &value_duration, "5", "\"5\" needs a unit (ms, s, m, h, d)" },
	{ &value_duration, "5 s", "\"5 s\" has an unknown unit, these are known: "
	  "ms, s, m, h, d" },
	{ &value_duration, "5S", "\"5S\" has an unknown unit, these are known: "
	  "ms, s, m, h, d" },
	{ &value_duration, "1.5ms", "\"1.5ms\" is finer than a duration can be" },
	{ &value_duration, "1.0001s", "\"1.0001s\" is finer than a duration can be" },
	{ &value_duration, "s", "\"s\" is not a duration" },
	{ &value_duration, "1e3s", "\"1e3s\" has an unknown unit, these are known: "
	  "ms, s, m, h, d" },
	{ &value_duration, "18446744073709552s", "\"18446744073709552s\" is too large" },
	{ &value_size, "5KB", "\"5KB\" has an unknown unit, these are known: "
	  "B, KiB, MiB, GiB" },
	{ &value_ratio, "1.0005", "\"1.0005\" is finer than a ratio can be" },
	{ &value_ratio, ".5", "\".5\" is not a ratio" },
};

Test(value, numbers_with_units)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		const struct number *g = &good[i];
		struct err err;
		uint64_t v = 1;

		cr_expect_eq(value_read(g->scale, g->text, strlen(g->text), &v, &err), 0,
			     "%s", g->text);
		cr_expect_eq(v, g->v, "%s is %lu", g->text, v);
	}
}

Test(value, wrong_numbers_say_why)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err err = { "" };
		uint64_t v = 42;

		cr_expect_eq(value_read(bad[i].scale, bad[i].text, strlen(bad[i].text), &v,
					&err), -EINVAL, "%s", bad[i].text);
		cr_expect_str_eq(err.text, bad[i].why);
		cr_expect_eq(v, 42);
	}
}

Test(value, reads_no_further_than_told)
{
	uint64_t v;

	cr_assert_eq(value_read(&value_number, "12345", 2, &v, NULL), 0);
	cr_expect_eq(v, 12);
}

Test(value, printed_in_the_largest_unit_that_is_exact)
{
	static const struct number prints[] = {
		{ &value_number, "10", 10 },
		{ &value_duration, "0", 0 },
		{ &value_duration, "1500ms", 1500 },
		{ &value_duration, "90s", 90000 },
		{ &value_duration, "2m", 120000 },
		{ &value_duration, "2d", 172800000 },
		{ &value_size, "1", 1 },
		{ &value_size, "1025", 1025 },
		{ &value_size, "64KiB", 65536 },
		{ &value_ratio, "1.5", 1500 },
		{ &value_ratio, "10", 10000 },
		{ &value_ratio, "0.001", 1 },
		{ &value_ratio, "0", 0 },
	};
	char out[VALUE_TEXT];

	for (size_t i = 0; i < sizeof prints / sizeof *prints; i++) {
		value_print(prints[i].scale, prints[i].v, out);
		cr_expect_str_eq(out, prints[i].text);
	}
}

Test(value, what_is_printed_reads_back)
{
	static const struct value_scale *const scales[] = {
		&value_number, &value_duration, &value_size, &value_ratio,
	};
	uint64_t seed = 1;

	for (int i = 0; i < 4000; i++) {
		const struct value_scale *scale = scales[i % 4];
		uint64_t v, back = 0;
		char out[VALUE_TEXT];

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		v = seed >> (i % 63);
		value_print(scale, v, out);
		cr_assert_eq(value_read(scale, out, strlen(out), &back, NULL), 0, "%s", out);
		cr_assert_eq(back, v, "%s", out);
	}
}

Test(value, quotes_are_cut_between_characters)
{
	char out[VALUE_QUOTE];

	cr_expect_str_eq(value_quote("abc", 2, out), "\"ab\"");
	/* 47 letters and then 2-byte characters: the cut at 48 would split one */
	cr_expect_str_eq(value_quote("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				     "\xc3\xa9\xc3\xa9\xc3\xa9", 53, out),
			 "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"...");
}
