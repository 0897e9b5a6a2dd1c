#include "worker/shelf.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[] = "/tmp/test_shelf_XXXXXX";

static void setup(void)
{
	static const char *const files[] = { "hello.so", "block.so", "a-b_2.so", "Bad.so", ".so",
					     "hello.so.1", "libx.a", "note.txt" };

	cr_assert_not_null(mkdtemp(dir));
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[100];
		FILE *f;

		snprintf(path, sizeof path, "%s/%s", dir, files[i]);
		f = fopen(path, "w");
		cr_assert_not_null(f);
		fclose(f);
	}
}

static void teardown(void)
{
	char command[100];

	snprintf(command, sizeof command, "rm -r %s", dir);
	cr_expect_eq(system(command), 0);
}

TestSuite(shelf, .init = setup, .fini = teardown);

Test(shelf, what_can_be_a_module)
{
	char **names;
	int n = shelf_names(dir, &names);

	cr_assert_eq(n, 3);
	cr_expect_str_eq(names[0], "a-b_2");
	cr_expect_str_eq(names[1], "block");
	cr_expect_str_eq(names[2], "hello");
	shelf_free(names, n);
	cr_expect_eq(shelf_names("/nonexistent", &names), -ENOENT);
}

Test(shelf, what_was_meant)
{
	char name[SHELF_NAME];

	cr_assert(shelf_nearest(dir, "helo", name));
	cr_expect_str_eq(name, "hello");
	cr_expect_not(shelf_nearest(dir, "xyzzy", name));
	cr_expect_not(shelf_nearest("/nonexistent", "hello", name));
}
