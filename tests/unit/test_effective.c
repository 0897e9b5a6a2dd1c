/* The effective site; the inventory is played by this file: it does as a module's name says. */
#include "supervisor/effective.h"
#include "worker/inventory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config_errors errors;
static char said[4000], complained[400];

int inventory_dump(const struct site *site, FILE *out, FILE *complaints)
{
	const char *module = site->mounts[0].module;

	(void)complaints;
	if (!strcmp(module, "crash"))
		raise(SIGSEGV);
	else if (!strcmp(module, "exit"))
		exit(0);
	else if (!strcmp(module, "full"))
		return -ENOSPC;
	else if (!strcmp(module, "hang"))
		for (;;)
			pause();
	fputs("all of it\n", out);
	return fflush(out);
}

static void read_back(FILE *f, char *text, size_t cap)
{
	rewind(f);
	text[fread(text, 1, cap - 1, f)] = '\0';
	fclose(f);
}

static int dump_of(const char *module, unsigned limit_ms)
{
	FILE *out = tmpfile(), *complaints = tmpfile();
	struct site *site;
	char text[100];
	int rc;

	snprintf(text, sizeof text, "resources: { /a: %s }", module);
	site = site_load_text("t.yaml", text, strlen(text), &errors);
	cr_assert_not_null(site);
	rc = effective_dump(site, limit_ms, out, complaints);
	read_back(out, said, sizeof said);
	read_back(complaints, complained, sizeof complained);
	site_free(site);
	return rc;
}

Test(effective, is_what_the_child_says)
{
	cr_expect_eq(dump_of("fine", 60000), 0);
	cr_expect_str_eq(said, "all of it\n");
	cr_expect_str_eq(complained, "");
	cr_expect_eq(dump_of("full", 60000), -EIO);
}

static void falls_back(const char *module, unsigned limit_ms, const char *why)
{
	cr_expect_eq(dump_of(module, limit_ms), 0);
	cr_expect_not_null(strstr(said, "\nresources:\n  /a:\n"), "%s", said);
	cr_expect_eq(strncmp(complained, why, strlen(why)), 0, "%s", complained);
	cr_expect_not_null(strstr(complained, "; the defaults of their settings are left out\n"));
}

Test(effective, modules_that_do_harm_are_left_out)
{
	falls_back("crash", 60000, "a module died of SIGSEGV while it was loaded;");
	falls_back("exit", 60000, "the modules cannot be loaded;");
	falls_back("hang", 10, "loading the modules took longer than 10 ms;");
}
