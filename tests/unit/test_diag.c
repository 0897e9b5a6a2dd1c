#include "client/diag.h"

#include "client/edn.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static char text[4096];

static size_t bytes_of(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++)
		sscanf(hex + 2 * i, "%2hhx", &out[i]);
	return n;
}

/* What is written, or NULL if nothing is. */
static const char *written(const char *hex, bool sequence, bool color)
{
	uint8_t *bytes = malloc(strlen(hex) / 2 + 1);
	size_t n = bytes_of(hex, bytes);
	FILE *f = tmpfile();
	struct pour out;
	bool done;

	bytes = realloc(bytes, n ? n : 1);      /* so that a read past the end is seen */
	pour_begin(&out, fileno(f));
	done = diag_write(&out, span_of(bytes, n), sequence, color);
	cr_assert_eq(pour_end(&out), 0);
	rewind(f);
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	free(bytes);
	if (!done)
		cr_expect_str_eq(text, "");
	return done ? text : NULL;
}

Test(diag, examples_of_the_standard)    /* RFC 8949 appendix A */
{
	static const char *const examples[][2] = {
		{ "00", "0" }, { "17", "23" }, { "1818", "24" }, { "1903e8", "1000" },
		{ "1bffffffffffffffff", "18446744073709551615" },
		{ "3bffffffffffffffff", "-18446744073709551616" }, { "20", "-1" },
		{ "3903e7", "-1000" }, { "f90000", "0.0" }, { "f98000", "-0.0" },
		{ "f93c00", "1.0" }, { "fb3ff199999999999a", "1.1" }, { "f93e00", "1.5" },
		{ "f97bff", "65504.0" }, { "fa47c35000", "1e+05" },
		{ "fa7f7fffff", "3.4028234663852886e+38" }, { "fb7e37e43c8800759c", "1e+300" },
		{ "f90001", "5.9604644775390625e-08" }, { "f90400", "6.103515625e-05" },
		{ "f97c00", "Infinity" }, { "f97e00", "NaN" }, { "f9fc00", "-Infinity" },
		{ "f4", "false" }, { "f5", "true" }, { "f6", "null" }, { "f7", "undefined" },
		{ "f0", "simple(16)" }, { "f8ff", "simple(255)" },
		{ "c11a514b67b0", "1(1363896240)" }, { "d74401020304", "23(h'01020304')" },
		{ "40", "h''" }, { "60", "\"\"" }, { "62225c", "\"\\\"\\\\\"" },
		{ "62c3bc", "\"\xc3\xbc\"" }, { "80", "[]" }, { "a0", "{}" },
		{ "5f42010243030405ff", "(_ h'0102', h'030405')" },
		{ "7f657374726561646d696e67ff", "(_ \"strea\", \"ming\")" }, { "9fff", "[_]" },
		{ "bfff", "{_}" }, { "5fff", "(_)" },
	};

	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		const char *got = written(examples[i][0], false, false);

		cr_assert(got, "%s", examples[i][0]);
		text[strlen(text) - 1] = 0;
		cr_expect_str_eq(text, examples[i][1], "%s: %s", examples[i][0], text);
	}
}

Test(diag, members_have_lines)
{
	cr_expect_str_eq(written("a2616101616282029f03ff", false, false),
			 "{\n  \"a\": 1,\n  \"b\": [\n    2,\n    [_\n      3\n    ]\n  ]\n}\n");
	cr_expect_str_eq(written("0102", true, false), "1,\n2\n");
	cr_expect_str_eq(written("a10161" "7f", false, false), "{\n  1: \"\\u007f\"\n}\n");
	cr_expect_str_eq(written("a1" "0162c29b", false, false), "{\n  1: \"\\u009b\"\n}\n");
}

Test(diag, is_painted)
{
	cr_expect_str_eq(written("a101820261" "61", false, true),
			 "{\n  \033[36m1\033[0m: [\n    \033[33m2\033[0m,\n"
			 "    \033[32m\"a\"\033[0m\n  ]\n}\n");
}

Test(diag, what_is_not_well_formed_stays_as_it_is)      /* RFC 8949 appendix F */
{
	static const char *const bad[] = {
		"", "18", "19", "1a", "1b", "1901", "1a0102", "1b01020304050607", "38", "58", "78",
		"98", "9a01ff00", "b8", "d8", "f8", "f900", "fa0000", "fb000000", "41", "61",
		"5affffffff00", "5bffffffffffffffff010203", "7affffffff00",
		"7b7fffffffffffffff010203", "81", "818181818181818181", "8200", "a1", "a20102",
		"a100", "a2000000", "c0", "5f4100", "7f6100", "9f", "9f0102", "bf", "bf01020102",
		"819f", "9f8000", "9f9f9f9f9fffffffff", "9f819f819f9fffffff", "1c", "1d", "1e", "3c",
		"5c", "7c", "9c", "bc", "dc", "fc", "fd", "fe", "f800", "f801", "f818", "f81f",
		"5f00ff", "5f21ff", "5f6100ff", "5f80ff", "5fa0ff", "5fc000ff", "5fe0ff", "7f4100ff",
		"5f5f4100ffff", "7f7f6100ffff", "ff", "81ff", "8200ff", "a1ff", "a1ff00", "a100ff",
		"a20000ff", "9f81ff", "bf00ff", "bf000000ff", "1f", "3f", "df", "61ff", "0000",
		"9bffffffffffffffff", "bbffffffffffffffff",
	};
	char deep[4000];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_null(written(bad[i], false, false), "%s", bad[i]);
	for (unsigned i = 0; i < 1000; i++)
		memcpy(deep + 2 * i, i % 2 ? "81" : "c1", 2);
	strcpy(deep + 2000, "00");
	cr_expect_null(written(deep, false, false));
}

Test(diag, comes_back_as_it_was)
{
	static const char hex[] = "a301820220f5" "fb3ff199999999999a" "43000102" "d818816122";
	uint8_t before[64], after[512];
	size_t n = bytes_of(hex, before);
	struct writer w = writer_of(after, sizeof after);
	struct err err;

	cr_assert(written(hex, true, false));
	cr_assert_eq(edn_encode(&w, span_str(text), true, &err), 0, "%s", err.text);
	cr_expect_eq((size_t)(w.p - after), n);
	cr_expect_eq(memcmp(before, after, n), 0);
}
