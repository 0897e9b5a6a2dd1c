#include "config/pairs.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct config_row rows[] = {
	{ "one", "string", "", NULL, NULL, "Text.", 0 },
	{ "two", "string", "", NULL, NULL, "Text.", 8 },
	{ "part", "section", "", NULL, NULL, "Text.", 0 },
};

static struct pool *pool;
static struct config_errors errors;

static void setup(void)
{
	pool = pool_new();
	errors_begin(&errors, "t");
}

static void teardown(void)
{
	pool_free(pool);
}

TestSuite(pairs, .init = setup, .fini = teardown);

static struct pairs pairs_in(const char *text, const struct config_row *some, size_t n)
{
	const struct config_file file = { .name = "t", .text = text, .n = strlen(text) };
	struct node *root = yaml_read(pool, &file, &errors);

	cr_assert_not_null(root);
	return pairs_of(pool, root, some, n, &errors);
}

Test(pairs, values_in_the_order_of_the_file)
{
	struct pairs p = pairs_in("two: b\none: a\npart: { x: y }\n", rows, 3);

	cr_assert_eq(p.n, 2);
	cr_expect_eq(errors.count, 0);
	cr_expect_str_eq(p.list[0].key, "two");
	cr_expect_str_eq(p.list[0].value, "b");
	cr_expect_eq(p.list[0].key_at.line, 1);
	cr_expect_eq(p.list[0].value_at.column, 6);
	cr_expect_str_eq(p.list[1].key, "one");
}

Test(pairs, nothing_has_no_pairs)
{
	struct pairs p = pairs_of(pool, NULL, rows, 3, &errors);

	cr_expect_eq(p.n, 0);
	cr_expect_eq(errors.count, 0);
}

Test(pairs, what_is_no_single_value_is_told_and_left_out)
{
	struct pairs p = pairs_in("one: [a]\ntwo:\n", rows, 3);

	cr_expect_eq(p.n, 0);
	cr_assert_eq(errors.count, 2);
	cr_expect_str_eq(errors.text[0], "t:1:6: \"one\" must have a single value, not a list");
	cr_expect_str_eq(errors.text[1], "t:2:1: \"two\" must have a single value, not nothing");
}

Test(pairs, an_unknown_key_is_kept_to_be_told_whatever_it_has)
{
	struct pairs p = pairs_in("three: [a]\n", rows, 3);

	cr_assert_eq(p.n, 1);
	cr_expect_str_eq(p.list[0].key, "three");
	cr_expect_eq(errors.count, 0);
}

Test(pairs, without_rows_every_value_is_single)
{
	struct pairs p = pairs_in("a: b\nc: { d: e }\n", NULL, 0);

	cr_assert_eq(p.n, 1);
	cr_assert_eq(errors.count, 1);
	cr_expect_str_eq(errors.text[0], "t:2:4: \"c\" must have a single value, not a mapping");
}

Test(pairs, what_may_be_secret_has_a_veil)
{
	static const struct config_pair list[] = {
		{ .key = "a", .value = "hunter2", .written = "${credential:key}" },
		{ .key = "b", .value = "plain" },
		{ .key = "c", .written = "${WRONG}" },
	};
	size_t n;
	struct veil *veils = pairs_veils(pool, list, 3, &n);

	cr_assert_eq(n, 1);
	cr_expect_str_eq(veils[0].value, "hunter2");
	cr_expect_str_eq(veils[0].by, "${credential:key}");
}

Test(pairs, only_settings_of_modules_may_be_secret)
{
	struct node value = { .kind = NODE_TEXT, .text = "v", .written = "${V}", .key = "one" },
		map = { .kind = NODE_MAP, .first = &value, .count = 1 };

	cr_expect_null(pairs_of(pool, &map, rows, 3, &errors).list[0].written);
	cr_expect_str_eq(pairs_of(pool, &map, NULL, 0, &errors).list[0].written, "${V}");
}
