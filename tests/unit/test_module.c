/* Loading modules, good ones and others. */
#include <criterion/criterion.h>

#include "resource/resource.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct module *module;
static struct err err;
static char dir[4096];

/* The modules that were built for this test. */
static const char *built(const char *folder)
{
	const char *top = getenv("COAPD_BUILDDIR");

	snprintf(dir, sizeof dir, "%s/%s/.libs", top ? top : ".", folder);
	return dir;
}

static int load(const char *name)
{
	return module_load(name, built("tests/unit/modules"), &err, &module);
}

#define expect_refused(name, status, why) \
	do { \
		cr_assert_eq(load(name), status); \
		cr_assert(strstr(err.text, why), "%s", err.text); \
		cr_assert(!strchr(err.text, '\n')); \
	} while (0)

Test(module, a_good_one_is_loaded)
{
	cr_assert_eq(load("sample"), 0, "%s", err.text);
	cr_assert_str_eq(module->desc.name, "sample");
	cr_assert_eq(module->desc.nrows, 2);
	module_free(module);
}

Test(module, those_we_ship_are_good)
{
	static const char *const names[] = { "hello", "separate" };

	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(module_load(names[i], built("modules"), &err, &module), 0,
			     "%s", err.text);
		cr_assert_str_eq(module->desc.name, names[i]);
		module_free(module);
	}
}

Test(module, two_loads_are_two_modules)
{
	struct module *first;

	cr_assert_eq(load("sample"), 0);
	first = module;
	cr_assert_eq(load("sample"), 0);
	cr_assert_neq(module, first);
	module_free(first);
	cr_assert_str_eq(module->desc.name, "sample");
	module_free(module);
}

Test(module, an_older_and_shorter_descriptor_is_filled_up)
{
	/* What lies behind the end of it must be zero, and is not looked at. */
	cr_assert_eq(load("older"), 0, "%s", err.text);
	cr_assert_lt(module->desc.size, sizeof(struct coapd_module));
	cr_assert_null(module->desc.counters);
	cr_assert_eq(module->desc.ncounters, 0);
	module_free(module);
}

Test(module, missing_file)
{
	expect_refused("nothere", -ENOENT, "module nothere: ");
	expect_refused("nothere", -ENOENT, "/nothere.so: No such file or directory");
}

Test(module, no_shared_object)
{
	char path[] = "/tmp/coapd-test-module-XXXXXX", file[64];
	FILE *f;

	cr_assert_not_null(mkdtemp(path));
	snprintf(file, sizeof file, "%s/text.so", path);
	f = fopen(file, "w");
	fputs("not a module\n", f);
	fclose(f);
	cr_assert_eq(module_load("text", path, &err, &module), -ENOEXEC);
	cr_assert(strstr(err.text, "module text: cannot be loaded: "), "%s", err.text);
	cr_assert(strstr(err.text, file), "%s", err.text);
	unlink(file);
	rmdir(path);
}

Test(module, undefined_function)
{
	expect_refused("undefined", -ENOEXEC, "coapd_of_the_future");
}

Test(module, no_descriptor)
{
	expect_refused("nodescriptor", -ENOEXEC,
		       "module nodescriptor: is no coapd module, it exports no coapd_module");
}

Test(module, other_abi_says_both_numbers)
{
	expect_refused("otherabi", -ENOEXEC,
		       "module otherabi: made for module interface 77, this coapd has 1");
}

Test(module, descriptor_of_another_size)
{
	expect_refused("longer", -ENOEXEC, "made with another coapd/module.h");
	expect_refused("shorter", -ENOEXEC, "made with another coapd/module.h");
}

Test(module, another_name)
{
	expect_refused("othername", -ENOEXEC, "module othername: calls itself impostor");
}

Test(module, unknown_flags)
{
	expect_refused("flags", -ENOEXEC, "asks for what this coapd does not have (flags 0x40000000)");
}

Test(module, no_hook)
{
	expect_refused("nohook", -ENOEXEC, "module nohook: its descriptor is incomplete");
}

Test(module, counters)
{
	cr_assert_eq(load("sample"), 0, "%s", err.text);
	cr_assert_eq(module->desc.ncounters, 1);
	cr_assert_str_eq(module->desc.counters[0], "fine");
	module_free(module);
	expect_refused("badcounter", -ENOEXEC, "module badcounter: counter 1 has no name of 1 to"
		       " 31 small letters, digits and \"-\"");
	expect_refused("nocounter", -ENOEXEC, "module nocounter: counter 0 has no name");
	expect_refused("twocounters", -ENOEXEC, "module twocounters: counter a is there twice");
	expect_refused("manycounters", -ENOEXEC, "module manycounters: has 17 counters, at most 16"
		       " are possible");
}

Test(module, no_name_leads_out_of_the_directory)
{
	static const char *const names[] = { "", ".", "..", "../modules/hello", "/etc/passwd",
					     "a/b", "a.b", "a b", "caf\xc3\xa9" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		cr_assert_eq(load(names[i]), -EINVAL, "%s", names[i]);
		cr_assert(strstr(err.text, "a name is made of letters"));
	}
}

Test(module, check_tells_the_row)
{
	uint64_t conf[2] = { 1, 2 };
	const char *row = "unset";

	cr_assert_eq(load("sample"), 0);
	cr_assert_eq(module_check(module, conf, &err, &row), 0);
	cr_assert_null(row);
	conf[0] = 3;
	cr_assert_neq(module_check(module, conf, &err, &row), 0);
	cr_assert_str_eq(row, "least");
	cr_assert_str_eq(err.text, "module sample: least: is more than most");
	module_free(module);
}

Test(module, free_of_nothing)
{
	module_free(NULL);
}
