#include "worker/accessline.h"

#include "coap/code.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char out[ACCESSLINE_MAX + 1];

static const char *ended(size_t n)
{
	cr_assert_lt(n, ACCESSLINE_MAX);
	out[n] = '\0';
	return out;
}

static struct accessline a_line(void)
{
	struct accessline l = { .at = { 1795890600, 5000000 }, .method = COAP_POST,
				.code = COAP_CHANGED, .path = "/a/b", .received = 300, .bytes = 12,
				.block = 3, .retransmissions = 2, .us = 1234567 };

	cr_assert_eq(addr_parse("[2001:db8::1]:40000", &l.peer), 0);
	return l;
}

Test(accessline, has_words_or_names)
{
	struct accessline l = a_line();

	cr_assert_str_eq(ended(accessline_text(&l, out)),
			 "2026-11-28T18:30:00.005Z [2001:db8::1]:40000 POST /a/b 2.04 received=300 "
			 "bytes=12 block=3 retransmissions=2 us=1234567\n");
	cr_assert_str_eq(ended(accessline_json(&l, out)),
			 "{\"time\":\"2026-11-28T18:30:00.005Z\",\"peer\":\"[2001:db8::1]:40000\","
			 "\"method\":\"POST\",\"path\":\"/a/b\",\"code\":\"2.04\",\"received\":300,"
			 "\"bytes\":12,\"block\":3,\"retransmissions\":2,\"microseconds\":1234567}\n");
}

Test(accessline, a_method_without_a_name_has_its_number)
{
	struct accessline l = a_line();

	l.method = 31;
	cr_assert(strstr(ended(accessline_text(&l, out)), " 0.31 /a/b "), "%s", out);
}

static const char *path_of(const char *const *segments, size_t n)
{
	static uint8_t options[4096];
	static char path[ACCESSLINE_PATH];
	struct writer w = writer_of(options, sizeof options);
	struct option_writer ow = option_writer(&w);
	struct message m = { .code = COAP_GET };

	for (size_t i = 0; i < n; i++)
		option_write(&ow, OPT_URI_PATH, span_str(segments[i]));
	option_write(&ow, OPT_URI_QUERY, span_str("key=secret"));
	m.options = span_of(options, (size_t)(w.p - options));
	accessline_path(&m, path);
	return path;
}

Test(accessline, paths_are_those_of_a_URI_without_its_query)
{
	static const char *const plain[] = { "a", "b:c@d" }, *const empty[] = { "a", "" },
				 *const odd[] = { "x\n\"\\ /\x7f" "\xc3\xbc" };

	cr_expect_str_eq(path_of(NULL, 0), "/");
	cr_expect_str_eq(path_of(plain, 2), "/a/b:c@d");
	cr_expect_str_eq(path_of(empty, 2), "/a/");
	cr_expect_str_eq(path_of(odd, 1), "/x%0A%22%5C%20%2F%7F%C3%BC");
}

/* Whatever its length: terminated, and not cut within an encoding. */
Test(accessline, long_paths_are_cut)
{
	char one[256];
	const char *segments[] = { one, one };

	for (size_t n = 70; n < 256; n++) {
		const char *path;
		size_t len;

		memset(one, n % 2 ? '\n' : 'a', n);
		one[n] = '\0';
		path = path_of(segments, 2);
		len = strlen(path);
		cr_assert_lt(len, ACCESSLINE_PATH);
		if (len < 2 * (n + 1))
			cr_assert_str_eq(path + len - 3, "...");
	}
}

Test(accessline, the_longest_fits)
{
	struct accessline l = a_line();

	memset(l.path, 'p', sizeof l.path - 1);
	l.received = l.bytes = l.us = UINT64_MAX;
	l.block = l.retransmissions = UINT32_MAX;
	ended(accessline_text(&l, out));
	ended(accessline_json(&l, out));
}
