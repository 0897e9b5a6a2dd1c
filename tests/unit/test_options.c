#include "supervisor/options.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct options o;
static struct err err;

static int read_line(char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	memset(&o, 0xff, sizeof o);
	err.text[0] = '\0';
	return options_read(&o, argc, argv, &err);
}

#define line(...) read_line((char *[]){ "coapd", ##__VA_ARGS__, NULL })

Test(options, nothing_runs_the_default_site)
{
	cr_assert_eq(line(), 0);
	cr_assert_eq(o.what, OPTIONS_RUN);
	cr_assert_str_eq(o.file, COAPD_SYSCONFDIR "/coapd/site.yaml");
	cr_assert_null(o.modules_dir);
}

Test(options, file_and_modules_directory_are_taken)
{
	cr_assert_eq(line("-c", "a.yaml", "-M", "mods"), 0);
	cr_assert_str_eq(o.file, "a.yaml");
	cr_assert_str_eq(o.modules_dir, "mods");
	cr_assert_eq(line("--config=b.yaml", "--modules-dir", "m2"), 0);
	cr_assert_str_eq(o.file, "b.yaml");
	cr_assert_str_eq(o.modules_dir, "m2");
}

Test(options, check_and_dump_take_a_bare_file)
{
	cr_assert_eq(line("--check", "a.yaml"), 0);
	cr_assert_eq(o.what, OPTIONS_CHECK);
	cr_assert_str_eq(o.file, "a.yaml");
	cr_assert_eq(line("-c", "b.yaml", "--dump"), 0);
	cr_assert_eq(o.what, OPTIONS_DUMP);
	cr_assert_str_eq(o.file, "b.yaml");
	cr_assert_eq(line("--check"), 0);
	cr_assert_str_eq(o.file, COAPD_SYSCONFDIR "/coapd/site.yaml");
}

Test(options, debug_takes_a_file)
{
	cr_assert_eq(line("--debug", "a.yaml"), 0);
	cr_assert_eq(o.what, OPTIONS_DEBUG);
	cr_assert_str_eq(o.file, "a.yaml");
	cr_assert_eq(line("--debug", "-c", "b.yaml", "-M", "m"), 0);
	cr_assert_str_eq(o.file, "b.yaml");
	cr_assert_eq(line("--debug", "--check"), -EINVAL);
}

Test(options, mounts_and_listeners_need_no_file)
{
	cr_assert_eq(line("--mount", "/=hello", "--listen", "coap://[::]", "--mount=/a=b=c"), 0);
	cr_assert_null(o.file);
	cr_assert_eq(o.mount.n, 2);
	cr_assert_str_eq(o.mount.value[1], "/a=b=c");
	cr_assert_eq(o.listen.n, 1);
	cr_assert_eq(line("--mount", "/=hello", "-c", "f"), 0);
	cr_assert_str_eq(o.file, "f");
	cr_assert_eq(line("--check", "--listen", "u", "f"), 0);
	cr_assert_str_eq(o.file, "f");
}

Test(options, two_files_are_compared)
{
	cr_assert_eq(line("--diff", "a", "b"), 0);
	cr_assert_eq(o.what, OPTIONS_DIFF);
	cr_assert_str_eq(o.file, "a");
	cr_assert_str_eq(o.other, "b");
	cr_assert_eq(line("--diff", "a"), -EINVAL);
	cr_assert_eq(line("--diff", "a", "b", "c"), -EINVAL);
	cr_assert_eq(line("--diff", "-c", "a", "b"), -EINVAL);
	cr_assert_eq(line("--diff"), -EINVAL);
	cr_assert(strstr(err.text, "two site files"));
}

Test(options, questions_about_modules)
{
	cr_assert_eq(line("--schema", "-M", "d"), 0);
	cr_assert_eq(o.what, OPTIONS_SCHEMA);
	cr_assert_str_eq(o.modules_dir, "d");
	cr_assert_eq(line("--list-modules"), 0);
	cr_assert_eq(o.what, OPTIONS_LIST_MODULES);
	cr_assert_eq(line("--schema", "file"), -EINVAL);
}

Test(options, what_coapd_tells_itself)
{
	char text[8192] = "";
	FILE *out = fmemopen(text, sizeof text, "w");

	cr_assert_eq(line("--take-over=7", "-c", "f", "--listen", "u"), 0);
	cr_assert_eq(o.what, OPTIONS_TAKE_OVER);
	cr_assert_eq(o.state, 7);
	cr_assert_str_eq(o.file, "f");
	cr_assert_eq(line("--rehearse=8"), 0);
	cr_assert_eq(o.what, OPTIONS_REHEARSE);
	cr_assert_eq(line("--rehearse=2"), -EINVAL, "a standard stream");
	cr_assert_eq(line("--rehearse=7x"), -EINVAL);
	cr_assert_eq(line("--take-over="), -EINVAL);
	cr_assert_eq(line("--take-over=7", "--check"), -EINVAL);
	options_help(out);
	options_page(out);
	fclose(out);
	cr_assert_not(strstr(text, "take-over") || strstr(text, "rehearse"), "%s", text);
}

Test(options, mounts_that_are_none)
{
	static char *const wrong[] = { "hello", "=hello", "/hello", "a=b" };
	char *many[2 * OPTIONS_MANY + 4] = { "coapd" };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		cr_assert_eq(line("--mount", wrong[i]), -EINVAL);
		cr_assert(strstr(err.text, wrong[i]));
	}
	for (size_t i = 0; i < OPTIONS_MANY + 1; i++) {
		many[2 * i + 1] = "--listen";
		many[2 * i + 2] = "u";
	}
	cr_assert_eq(read_line(many), -EINVAL);
	many[2 * OPTIONS_MANY + 1] = NULL;
	cr_assert_eq(read_line(many), 0);
}

Test(options, version_and_help)
{
	cr_assert_eq(line("--version"), 0);
	cr_assert_eq(o.what, OPTIONS_VERSION);
	cr_assert_eq(line("--help"), 0);
	cr_assert_eq(o.what, OPTIONS_HELP);
	cr_assert_eq(line("-h"), 0);
	cr_assert_eq(o.what, OPTIONS_HELP);
}

Test(options, wrong_lines_are_refused_with_the_word_that_is_wrong)
{
	cr_assert_eq(line("--frob"), -EINVAL);
	cr_assert(strstr(err.text, "\"--frob\""));
	cr_assert_eq(line("-c"), -EINVAL);
	cr_assert(strstr(err.text, "\"-c\""));
	cr_assert_eq(line("site.yaml"), -EINVAL);
	cr_assert(strstr(err.text, "\"site.yaml\""));
	cr_assert_eq(line("-c", "a", "--check", "b"), -EINVAL);
	cr_assert_eq(line("--check", "a", "b"), -EINVAL);
	cr_assert(strstr(err.text, "\"b\""));
	cr_assert_eq(line("--check", "--dump"), -EINVAL);
}

Test(options, help_fits_one_screen_and_names_every_option)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	unsigned lines = 0;

	options_help(out);
	fclose(out);
	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	cr_assert_leq(lines, 24);
	cr_assert(strstr(text, "--config"));
	cr_assert(strstr(text, "--modules-dir"));
	cr_assert(strstr(text, "--check"));
	cr_assert(strstr(text, "--dump"));
	cr_assert(strstr(text, "--version"));
	free(text);
}

Test(options, page_names_what_help_does)
{
	char *help = NULL, *page = NULL;
	size_t n = 0, m = 0;
	FILE *out = open_memstream(&help, &n);
	char name[80];

	options_help(out);
	fclose(out);
	out = open_memstream(&page, &m);
	options_page(out);
	fclose(out);
	cr_assert(strstr(page, ".It Fl c Ar file , Fl -config Ar file\nThe site file ("));
	cr_assert(strstr(page, ".It Fl -check Op Ar file\n"));
	cr_assert(strstr(page, ".It Fl -mount Ar path=module\n"));
	for (const char *p = strstr(help, "\n  "); p && (p = strstr(p, " --")); p++) {
		snprintf(name, sizeof name, " Fl -%.*s", (int)strcspn(p + 3, " \n"), p + 3);
		cr_expect(strstr(page, name), "%s", name);
	}
	free(help);
	free(page);
}
