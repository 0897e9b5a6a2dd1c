#include "worker/inventory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static char *out_text, *complaint_text;
static size_t out_n, complaint_n;
static struct err err;

/* The modules of tests/unit/modules, which are good and bad. */
static const char *modules(void)
{
	static char dir[4096];
	const char *top = getenv("COAPD_BUILDDIR");

	snprintf(dir, sizeof dir, "%s/tests/unit/modules/.libs", top ? top : ".");
	return dir;
}

static int collect(const char *dir, int (*what)(const char *dir, FILE *out, FILE *complaints,
						struct err *err))
{
	FILE *out = open_memstream(&out_text, &out_n);
	FILE *complaints = open_memstream(&complaint_text, &complaint_n);
	int status = what(dir, out, complaints, &err);

	fclose(out);
	fclose(complaints);
	return status;
}

static void drop(void)
{
	free(out_text);
	free(complaint_text);
}

Test(inventory, modules_and_their_settings)
{
	cr_assert_eq(collect(modules(), inventory_list), 0, "%s", err.text);
	cr_expect_not_null(strstr(out_text, "sample 1: does next to nothing\n"), "%s", out_text);
	cr_expect_not_null(strstr(out_text, "\n    most: uint, default 2\n"), "%s", out_text);
	cr_expect_null(strstr(out_text, "otherabi"), "%s", out_text);
	cr_expect_not_null(strstr(complaint_text, "module otherabi: made for module interface "), "%s", complaint_text);
	drop();
	cr_expect_eq(collect("/nonexistent", inventory_list), -ENOENT);
	cr_expect_str_eq(err.text, "cannot read directory /nonexistent: No such file or directory");
	drop();
}

Test(inventory, schema)
{
	json_t *json;

	cr_assert_eq(collect(modules(), inventory_schema), 0, "%s", err.text);
	cr_expect_not_null(strstr(out_text, "\"sample\""), "%s", out_text);
	json = json_loads(out_text, 0, NULL);
	cr_expect_not_null(json);
	json_decref(json);
	drop();
	cr_assert_eq(collect("/nonexistent", inventory_schema), 0, "%s", err.text);
	json = json_loads(out_text, 0, NULL);
	cr_expect_not_null(json);
	json_decref(json);
	drop();
}

static void dump_of(const char *text)
{
	static struct config_errors errors;
	struct site *site = site_load_text("t.yaml", text, strlen(text), &errors);
	FILE *out = open_memstream(&out_text, &out_n);
	FILE *complaints = open_memstream(&complaint_text, &complaint_n);

	cr_assert_not_null(site, "%s", errors.text[0]);
	site->modules_dir = modules();
	cr_expect_eq(inventory_dump(site, out, complaints), 0);
	fclose(out);
	fclose(complaints);
	site_free(site);
}

Test(inventory, defaults_of_modules_are_in_a_dump)
{
	dump_of("resources:\n  /a: sample\n  /b: { module: sample, most: 7 }\n");
	cr_expect_str_eq(complaint_text, "");
	cr_expect_not_null(strstr(strstr(out_text, "\n  /a:\n"), "\n    most: 2\n"), "%s", out_text);
	cr_expect_not_null(strstr(strstr(out_text, "\n  /b:\n"), "\n    most: 7\n"), "%s", out_text);
	cr_expect_null(strstr(strstr(out_text, "\n  /b:\n"), "\n    most: 2\n"), "%s", out_text);
	drop();
	dump_of("resources:\n  /a: otherabi\n  /b: { module: sample, most: 7 }\n");
	cr_expect_eq(strncmp(complaint_text, "t.yaml:2:7: module otherabi: ", 29), 0, "%s", complaint_text);
	cr_expect_not_null(strstr(complaint_text, "; the defaults of its settings are left out\n"), "%s",
			   complaint_text);
	cr_expect_not_null(strstr(out_text, "\n    most: 7\n"), "%s", out_text);
	drop();
}

Test(inventory, page)
{
	FILE *out = open_memstream(&out_text, &out_n);

	cr_assert_eq(inventory_page(modules(), "sample", out, &err), 0, "%s", err.text);
	fclose(out);
	cr_expect_not_null(strstr(out_text, ".Dt COAPD-SAMPLE 5\n"), "%s", out_text);
	cr_expect_not_null(strstr(out_text, ".It Cm most : "), "%s", out_text);
	free(out_text);
	cr_expect_lt(inventory_page(modules(), "nosuch", stderr, &err), 0);
}
