#include "config/merge.h"

#include <criterion/criterion.h>
#include <string.h>

static struct pool *pool;
static struct config_errors errors;
static struct config_file files[2] = { { .name = "a.yaml" }, { .name = "b.yaml", .number = 1 } };

static void setup(void)
{
	pool = pool_new();
	errors_begin(&errors, "a.yaml");
}

static void teardown(void)
{
	pool_free(pool);
}

TestSuite(merge, .init = setup, .fini = teardown);

static struct node *tree(unsigned i, const char *text)
{
	struct node *root;

	files[i].text = text;
	files[i].n = strlen(text);
	root = yaml_read(pool, &files[i], &errors);
	cr_assert_not_null(root);
	return root;
}

static const struct node *get(const struct node *map, const char *key)
{
	for (const struct node *m = map->first; m; m = m->next)
		if (strcmp(m->key, key) == 0)
			return m;
	cr_assert_fail("no %s", key);
	return NULL;
}

Test(merge, members_and_lists_are_put_together)
{
	struct node *a = tree(0, "workers: 2\nlimits: { x: 1 }\nlisten: u\n");

	merge_site(pool, a, tree(1, "limits: { y: 2 }\nlisten: [v, w]\ndrain: 1s\n"), &errors);
	cr_expect_eq(errors.count, 0);
	cr_expect_eq(a->count, 4);
	cr_expect_eq(get(a, "limits")->count, 2);
	cr_expect_str_eq(get(get(a, "limits"), "y")->text, "2");
	cr_expect_eq(get(a, "listen")->kind, NODE_LIST);
	cr_expect_eq(get(a, "listen")->count, 3);
	cr_expect_str_eq(get(a, "listen")->first->text, "u");
	cr_expect_str_eq(get(a, "listen")->first->next->next->text, "w");
	cr_expect_str_eq(get(a, "drain")->text, "1s");
}

Test(merge, a_key_in_both_is_refused)
{
	struct node *a = tree(0, "\nworkers: 2\nlimits: { x: 1 }\nlisten: u\nlog: {}\n");

	merge_site(pool, a, tree(1, "workers: 3\nlimits:\n  x: 1\n  y: 2\nlisten: { a: b }\n"
				 "log: x\n"), &errors);
	cr_assert_eq(errors.count, 4);
	cr_expect_str_eq(errors.text[0], "b.yaml:1:1: key \"workers\" is there twice, before "
			 "that in line 2 of a.yaml");
	cr_expect_str_eq(errors.text[1], "b.yaml:3:3: key \"x\" is there twice, before that in "
			 "line 3 of a.yaml");
	cr_expect_str_eq(errors.text[2], "b.yaml:5:1: key \"listen\" is there twice, before "
			 "that in line 4 of a.yaml");
	cr_expect_str_eq(errors.text[3], "b.yaml:6:1: key \"log\" is there twice, before that "
			 "in line 5 of a.yaml");
	cr_expect_str_eq(get(a, "workers")->text, "2");
	cr_expect_eq(get(a, "limits")->count, 2);
}
