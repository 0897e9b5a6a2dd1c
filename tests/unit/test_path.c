#include "config/path.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct pool *pool;

static void setup(void)
{
	pool = pool_new();
}

static void teardown(void)
{
	pool_free(pool);
}

TestSuite(path, .init = setup, .fini = teardown);

Test(path, segments_and_normal_form)
{
	static const struct { const char *in, *out; size_t n; const char *last; } paths[] = {
		{ "/", "/", 0, NULL },
		{ "/a", "/a", 1, "a" },
		{ "/a/b", "/a/b", 2, "b" },
		{ "/%41", "/A", 1, "A" },
		{ "/a%20b", "/a%20b", 1, "a b" },
		{ "/a b", "/a%20b", 1, "a b" },
		{ "/%c3%a9", "/%C3%A9", 1, "\xc3\xa9" },
		{ "/\xc3\xa9", "/%C3%A9", 1, "\xc3\xa9" },
		{ "/a:@!$&'()*+,;=-._~", "/a:@!$&'()*+,;=-._~", 1, "a:@!$&'()*+,;=-._~" },
		{ "/a?b#c", "/a%3Fb%23c", 1, "a?b#c" },
		{ "/...", "/...", 1, "..." },
		{ "/.well-known/other", "/.well-known/other", 2, "other" },
	};

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct path path;
		struct err err;

		cr_assert_eq(path_read(pool, paths[i].in, &path, &err), 0, "%s", err.text);
		cr_expect_str_eq(path.text, paths[i].out);
		cr_expect_eq(path.nsegments, paths[i].n);
		if (paths[i].n)
			cr_expect_str_eq(path.segments[paths[i].n - 1], paths[i].last);
	}
}

Test(path, what_is_no_path_says_why)
{
	static const struct { const char *in, *why; } bad[] = {
		{ "", "a path begins with \"/\"" },
		{ "a", "a path begins with \"/\"" },
		{ "//", "a path has no empty segments (is there a \"/\" too many?)" },
		{ "/a/", "a path has no empty segments (is there a \"/\" too many?)" },
		{ "/a//b", "a path has no empty segments (is there a \"/\" too many?)" },
		{ "/.", "a path has no segment \".\"" },
		{ "/a/../b", "a path has no segment \"..\"" },
		{ "/%2e%2E", "a path has no segment \"..\"" },
		{ "/a%2fb", "a segment cannot contain %2F" },
		{ "/a%00", "a segment cannot contain %00" },
		{ "/a%", "\"%\" begins an encoded byte and needs two digits 0-9, A-F" },
		{ "/a%4", "\"%\" begins an encoded byte and needs two digits 0-9, A-F" },
		{ "/a%4/x", "\"%\" begins an encoded byte and needs two digits 0-9, A-F" },
		{ "/a%g0", "\"%\" begins an encoded byte and needs two digits 0-9, A-F" },
		{ "/%ff", "a segment of the path is not UTF-8" },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct path path;
		struct err err = { "" };

		cr_expect_eq(path_read(pool, bad[i].in, &path, &err), -EINVAL);
		cr_expect_str_eq(err.text, bad[i].why);
	}
}

Test(path, a_segment_has_255_bytes_at_most)
{
	char text[300] = "/";
	struct path path;
	struct err err;

	memset(text + 1, 'a', 256);
	cr_expect_eq(path_read(pool, text, &path, &err), -EINVAL);
	text[256] = 0;
	cr_assert_eq(path_read(pool, text, &path, &err), 0);
	cr_expect_eq(strlen(path.segments[0]), 255);
}

Test(path, there_are_64_segments_at_most)
{
	char text[2 * 65 + 1];
	struct path path;
	struct err err;

	for (int i = 0; i < 65; i++)
		memcpy(text + 2 * i, "/a", 3);
	cr_expect_eq(path_read(pool, text, &path, &err), -EINVAL);
	cr_expect_str_eq(err.text, "a path has at most 64 segments");
	text[2 * 64] = 0;
	cr_assert_eq(path_read(pool, text, &path, &err), 0);
	cr_expect_eq(path.nsegments, 64);
}

Test(path, the_normal_form_has_1000_bytes_at_most)
{
	char text[1200];
	struct path path;
	struct err err;

	for (int i = 0; i < 5; i++) {
		text[200 * i] = '/';
		memset(text + 200 * i + 1, 'a', 199);
	}
	text[1000] = 0;
	cr_expect_eq(path_read(pool, text, &path, &err), 0);
	text[999] = ' ';
	cr_expect_eq(path_read(pool, text, &path, &err), -EINVAL);
	cr_expect_str_eq(err.text, "a path has at most 1000 bytes");
}

Test(path, normal_forms_are_their_own)
{
	struct path once, twice;

	cr_assert_eq(path_read(pool, "/%7e/a b/\xc3\xa9%25", &once, NULL), 0);
	cr_assert_eq(path_read(pool, once.text, &twice, NULL), 0);
	cr_expect_str_eq(once.text, "/~/a%20b/%C3%A9%25");
	cr_expect_str_eq(twice.text, once.text);
}
