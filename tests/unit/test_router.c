/* Longest prefix over segments. */
#include <criterion/criterion.h>

#include "coap/option.h"
#include "resource/router.h"

#include <errno.h>
#include <stdio.h>

static const char *const a[] = { "a" };
static const char *const ab[] = { "a", "b" };
static const char *const abcd[] = { "a", "b", "c", "d" };
static const char *const slash[] = { "a/b" };

enum { ROOT, A, AB, ABCD, SLASH, ROUTES };
static const struct route routes[ROUTES] = {
	[ROOT] = { NULL, 0, NULL }, [A] = { a, 1, NULL }, [AB] = { ab, 2, NULL },
	[ABCD] = { abcd, 4, NULL }, [SLASH] = { slash, 1, NULL },
};

static struct router router;
static size_t segments;
static const char *host;        /* that is asked */

/* Looks up what the options say, as a message that was taken apart and as one that was not. */
static uint32_t look_up(const uint8_t *bytes, const struct writer *w)
{
	struct message m = { .code = COAP_GET }, bare = { .code = COAP_GET };
	size_t again;
	uint32_t i;

	bare.options = span_of(bytes, (size_t)(w->p - bytes));
	cr_assert(message_parse_body(bare.options, &m));
	i = router_find(&router, host, &m, &segments);
	cr_assert_eq(router_find(&router, host, &bare, &again), i);
	cr_assert_eq(again, segments);
	return i;
}

/* Looks up a path whose segments "|" separates; NULL has none. */
static uint32_t find(const char *path)
{
	uint8_t bytes[512];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct option_writer ow = option_writer(&w);

	option_write(&ow, OPT_URI_HOST, span_str("host"));
	for (const char *end = path; path; path = end ? end + 1 : NULL) {
		end = strchr(path, '|');
		option_write(&ow, OPT_URI_PATH,
			     span_of(path, end ? (size_t)(end - path) : strlen(path)));
	}
	option_write(&ow, OPT_URI_QUERY, span_str("a"));
	return look_up(bytes, &w);
}

/* The same for a path written as a number. */
static uint32_t find_number(uint32_t number)
{
	uint8_t bytes[64];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct option_writer ow = option_writer(&w);

	option_write_uint(&ow, OPT_CONTENT_FORMAT, 60);
	option_write_uint(&ow, OPT_URI_PATH_ABBREV, number);
	option_write(&ow, OPT_URI_QUERY, span_str("a"));
	return look_up(bytes, &w);
}

static void setup(void)
{
	uint32_t which;

	cr_assert_eq(router_init(&router, routes, ROUTES, &which), 0);
}

static void teardown(void)
{
	router_free(&router);
}

TestSuite(router, .init = setup, .fini = teardown);

Test(router, abbreviated_paths)
{
	static const char *const est[] = { ".well-known", "est" };
	static const char *const core[] = { ".well-known", "core" };
	static const struct route wellknown[] = { { est, 2, NULL }, { core, 2, NULL } };
	uint32_t which;

	cr_assert_eq(find_number(0), ROOT);
	cr_assert_eq(segments, 2);
	router_free(&router);
	cr_assert_eq(router_init(&router, wellknown, 2, &which), 0);
	cr_assert_eq(find_number(0), 1);
	cr_assert_eq(find_number(305), 0);
	cr_assert_eq(segments, 3);
	cr_assert_eq(find_number(401), ROUTER_NONE);
}

Test(router, longest_prefix_wins)
{
	cr_assert_eq(find("a"), A);
	cr_assert_eq(find("a|x"), A);
	cr_assert_eq(find("a|b"), AB);
	cr_assert_eq(find("a|b|c"), AB);
	cr_assert_eq(find("a|b|c|d"), ABCD);
	cr_assert_eq(find("a|b|c|d|e|f|g"), ABCD);
	cr_assert_eq(segments, 7);
	cr_assert_eq(find("b|a"), ROOT);
	cr_assert_eq(find("ab"), ROOT);
}

Test(router, E32_no_path_is_the_root_and_an_empty_segment_is_a_segment)
{
	cr_assert_eq(find(NULL), ROOT);
	cr_assert_eq(segments, 0);
	cr_assert_eq(find(""), ROOT);
	cr_assert_eq(segments, 1);
	cr_assert_eq(find("a|"), A);
	cr_assert_eq(segments, 2);
	cr_assert_eq(find("|a"), ROOT);
}

Test(router, E31_a_slash_inside_a_segment_separates_nothing)
{
	cr_assert_eq(find("a/b"), SLASH);
	cr_assert_eq(segments, 1);
	cr_assert_eq(find("a/b|c"), SLASH);
	cr_assert_eq(find("a|b"), AB);
}

Test(router, shorter_ones_follow)
{
	cr_assert_eq(router_shorter(&router, ABCD), AB);
	cr_assert_eq(router_shorter(&router, AB), A);
	cr_assert_eq(router_shorter(&router, A), ROOT);
	cr_assert_eq(router_shorter(&router, SLASH), ROOT);
	cr_assert_eq(router_shorter(&router, ROOT), ROUTER_NONE);
}

Test(router, nothing_matches_without_a_root)
{
	struct router r;
	uint32_t which;

	cr_assert_eq(router_init(&r, routes + 1, ROUTES - 1, &which), 0);
	router_free(&router);
	router = r;
	cr_assert_eq(find(NULL), ROUTER_NONE);
	cr_assert_eq(find("x"), ROUTER_NONE);
	cr_assert_eq(find("a"), A - 1);
	cr_assert_eq(router_shorter(&router, A - 1), ROUTER_NONE);
}

Test(router, no_routes_at_all)
{
	struct router r;
	uint32_t which;

	cr_assert_eq(router_init(&r, NULL, 0, &which), 0);
	router_free(&router);
	router = r;
	cr_assert_eq(find("a"), ROUTER_NONE);
}

Test(router, one_path_has_one_mount)
{
	const struct route twice[] = { { a, 1, NULL }, { ab, 2, NULL }, { a, 1, NULL } };
	struct router r;
	uint32_t which;

	cr_assert_eq(router_init(&r, twice, 3, &which), -EEXIST);
	cr_assert_eq(which, 2);
}

Test(router, depth_is_bounded)
{
	const char *deep[ROUTER_DEPTH + 1];
	const struct route route = { deep, ROUTER_DEPTH + 1, NULL };
	struct router r;
	uint32_t which;

	for (size_t i = 0; i <= ROUTER_DEPTH; i++)
		deep[i] = "x";
	cr_assert_eq(router_init(&r, &route, 1, &which), -E2BIG);
}

Test(router, hash_tells_paths_apart)
{
	static const char *const joined[] = { "ab" };
	static const char *const empty_b[] = { "ab", "" };
	const struct route one = { ab, 2, NULL }, two = { joined, 1, NULL },
		three = { empty_b, 2, NULL };

	cr_assert_neq(router_hash(&one), router_hash(&two));
	cr_assert_neq(router_hash(&two), router_hash(&three));
	/* Tasks in memory name their mount by it: the number is for ever. */
	cr_assert_eq(router_hash(&one), router_hash(&routes[AB]));
}

Test(router, a_thousand_routes)
{
	enum { N = 1000 };
	static char name[N][8];
	static const char *segment[N];
	static struct route many[N];
	struct router r;
	uint32_t which;

	for (unsigned i = 0; i < N; i++) {
		snprintf(name[i], sizeof name[i], "r%u", i);
		segment[i] = name[i];
		many[i] = (struct route){ &segment[i], 1, NULL };
	}
	cr_assert_eq(router_init(&r, many, N, &which), 0);
	router_free(&router);
	router = r;
	for (unsigned i = 0; i < N; i++)
		cr_assert_eq(find(name[i]), i);
	cr_assert_eq(find("r1000"), ROUTER_NONE);
}

Test(router, each_host_has_paths_of_its_own)
{
	static const struct route hosted[] = {
		{ a, 1, NULL }, { a, 1, "one" }, { NULL, 0, "two" }, { ab, 2, "one" },
	};
	const struct route again[] = { { a, 1, "one" }, { a, 1, "one" } };
	char copy[] = "one";
	uint32_t which;

	router_free(&router);
	cr_assert_eq(router_init(&router, hosted, 4, &which), 0);
	cr_expect_eq(find("a|b"), 0);
	host = copy;
	cr_expect_eq(find("a|b"), 3);
	cr_expect_eq(router_shorter(&router, 3), 1);
	cr_expect_eq(find("b"), ROUTER_NONE);
	host = "two";
	cr_expect_eq(find("a|b"), 2);
	host = "three";
	cr_expect_eq(find("a|b"), ROUTER_NONE);
	cr_expect_neq(router_hash(&hosted[0]), router_hash(&hosted[1]));
	router_free(&router);
	cr_expect_eq(router_init(&router, again, 2, &which), -EEXIST);
}
