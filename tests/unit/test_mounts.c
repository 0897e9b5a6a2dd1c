#include "worker/mounts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct bed {
	struct site *site;
	struct resource_mount_spec spec[4];
	struct config_errors *errors;
	bool fine;
};

/* A site whose modules are those of tests/unit/modules. */
static struct bed load(const char *resources)
{
	const char *top = getenv("COAPD_BUILDDIR");
	struct bed b = { .errors = calloc(1, sizeof *b.errors) };
	char yaml[4096];

	snprintf(yaml, sizeof yaml, "modules-dir: \"%s/tests/unit/modules/.libs\"\n"
		 "resources:\n%s", top ? top : ".", resources);
	b.site = site_load_text("test.yaml", yaml, strlen(yaml), b.errors);
	cr_assert(b.site, "%s", b.errors->text[0]);
	errors_begin(b.errors, "test.yaml");
	b.fine = mounts_load(b.site, b.spec, b.errors);
	return b;
}

static void bed_close(struct bed *b)
{
	site_free(b->site);
	free(b->errors);
}

struct numbers {
	uint64_t least, most;
};

Test(mounts, modules_come_with_their_settings)
{
	struct bed b = load("  /a:\n"
			    "    module: sample\n"
			    "    link: {title: \"A sample\", rt: \"x y\"}\n"
			    "    most: 77\n"
			    "  /b/c:\n"
			    "    module: sample\n");
	const struct numbers *n;

	cr_assert(b.fine, "%s", b.errors->text[0]);
	n = b.spec[0].conf;
	cr_expect_eq(n->least, 1);
	cr_expect_eq(n->most, 77);
	cr_expect_str_eq(b.spec[0].path, "/a");
	cr_expect_str_eq(b.spec[0].link.title, "A sample");
	cr_expect_str_eq(b.spec[0].link.rt, "x y");
	cr_expect_str_eq(b.spec[0].module->desc.name, "sample");
	n = b.spec[1].conf;
	cr_expect_eq(n->most, 2);
	cr_expect_eq(b.spec[1].nsegments, 2);
	cr_expect_str_eq(b.spec[1].segments[1], "c");
	mounts_free(b.spec, 2);
	cr_expect_null(b.spec[0].module);
	bed_close(&b);
}

Test(mounts, every_mistake_is_told_with_its_place)
{
	struct bed b = load("  /a:\n"
			    "    module: sample\n"
			    "    least: nine\n"
			    "  /b:\n"
			    "    module: nowhere\n"
			    "  /c:\n"
			    "    module: sample\n"
			    "    least: 5\n"
			    "    most: 4\n"
			    "  /d:\n"
			    "    module: sample\n");

	cr_expect_not(b.fine);
	cr_assert_eq(b.errors->count, 3);
	cr_expect(strstr(b.errors->text[0], "test.yaml:5:12: "), "%s", b.errors->text[0]);
	cr_expect(strstr(b.errors->text[0], "least"), "%s", b.errors->text[0]);
	cr_expect(strstr(b.errors->text[1], "test.yaml:7:13: "), "%s", b.errors->text[1]);
	cr_expect(strstr(b.errors->text[1], "nowhere"), "%s", b.errors->text[1]);
	cr_expect(strstr(b.errors->text[2], "test.yaml:10:12: "), "%s", b.errors->text[2]);
	cr_expect(strstr(b.errors->text[2], "is more than most"), "%s", b.errors->text[2]);
	for (unsigned i = 0; i < 4; i++)
		cr_expect(!b.spec[i].module && !b.spec[i].conf);
	bed_close(&b);
}

Test(mounts, E47_each_has_its_own_longest_body)
{
	struct bed b = load("  /a: sample\n"
			    "  /b: { module: sample, body-size: 20KiB }\n");

	cr_assert(b.fine, "%s", b.errors->text[0]);
	cr_expect_eq(b.spec[0].body_size, b.site->limits.body_size);
	cr_expect_eq(b.spec[1].body_size, 20480);
	mounts_free(b.spec, 2);
	bed_close(&b);
}

Test(mounts, a_key_of_every_mount_is_no_setting_of_a_module)
{
	struct bed b = load("  /a: takenrow\n");

	cr_assert_not(b.fine);
	cr_expect_eq(b.errors->count, 1);
	cr_expect(strstr(b.errors->text[0], "module takenrow is broken: \"body-size\" is a key of "
			 "every mount"), "%s", b.errors->text[0]);
	bed_close(&b);
}
