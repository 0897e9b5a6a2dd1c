/* The check child against modules of every bad kind; worker_check() is played by
 * this file: a module does what its name says. */
#include "supervisor/check.h"
#include "worker/worker.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct config_errors errors;
static struct site_mount mount[3];
static struct site site = { .file = "site.yaml", .mounts = mount };

bool worker_check(const struct site *which, struct config_errors *e)
{
	bool fine = true;

	for (size_t i = 0; i < which->nmounts; i++) {
		const struct site_mount *m = &which->mounts[i];

		if (!strcmp(m->module, "wrong"))
			fine = errors_add(e, m->at, "module wrong: no such row");
		else if (!strcmp(m->module, "crash"))
			raise(SIGSEGV);
		else if (!strcmp(m->module, "exit"))
			exit(0x55);
		else if (!strcmp(m->module, "scribble"))
			memset(e, 0x55, sizeof *e), raise(SIGBUS);
		else if (!strcmp(m->module, "hang"))
			for (;;)
				pause();
	}
	/* What only goes wrong in company. */
	if (which->nmounts == 2 && !strcmp(mount[0].module, "rival"))
		raise(SIGABRT);
	return fine;
}

static bool check(const char *a, const char *b, const char *c, unsigned limit_ms)
{
	const char *const names[] = { a, b, c };

	site.nmounts = 0;
	for (unsigned i = 0; i < 3 && names[i]; i++) {
		mount[i].module = names[i];
		mount[i].at = mount[i].module_at = place_at(10 + i, 3);
		site.nmounts++;
	}
	return check_modules(&site, limit_ms, &errors) == CHECK_FINE;
}

Test(check, a_good_site_has_no_errors)
{
	cr_assert(check("fine", "fine", NULL, CHECK_MS));
	cr_assert_eq(errors.count, 0u);
	cr_assert(check(NULL, NULL, NULL, CHECK_MS));
}

Test(check, errors_come_back_from_the_child)
{
	cr_assert_not(check("fine", "wrong", "wrong", CHECK_MS));
	cr_assert_eq(errors.count, 2u);
	cr_assert_str_eq(errors.text[0], "site.yaml:11:3: module wrong: no such row");
}

Test(check, a_module_that_crashes_is_named)
{
	cr_assert_not(check("fine", "crash", "wrong", CHECK_MS));
	cr_assert_eq(errors.count, 2u);
	cr_assert_str_eq(errors.text[0], "site.yaml:11:3: module crash died of SIGSEGV "
			 "while it was loaded and checked");
	cr_assert_str_eq(errors.text[1], "site.yaml:12:3: module wrong: no such row");
}

Test(check, a_module_that_exits_is_named)
{
	cr_assert_not(check("exit", NULL, NULL, CHECK_MS));
	cr_assert_str_eq(errors.text[0], "site.yaml:10:3: module exit ended the process "
			 "while it was loaded and checked");
}

Test(check, a_module_that_hangs_is_named_in_bounded_time)
{
	/* Alone, as the time goes for each, and a good one may need more of it. */
	cr_assert_not(check("hang", NULL, NULL, 50));
	cr_assert_eq(errors.count, 1u);
	cr_assert_str_eq(errors.text[0], "site.yaml:10:3: module hang took longer than "
			 "50 ms to load and check its settings");
}

Test(check, what_goes_wrong_in_company_only_is_told)
{
	cr_assert_not(check("rival", "rival", NULL, CHECK_MS));
	cr_assert_eq(errors.count, 1u);
	cr_assert(strstr(errors.text[0], "loading all modules into one process died of SIGABRT"));
}

Test(check, a_child_that_scribbles_over_the_list_does_no_harm)
{
	cr_assert_not(check("scribble", NULL, NULL, CHECK_MS));
	cr_assert_leq(errors.count, CONFIG_ERRORS_MAX);
	for (unsigned i = 0; i < errors.count; i++)
		cr_assert_lt(strnlen(errors.text[i], sizeof errors.text[i]),
			     sizeof errors.text[i]);
}

Test(check, without_a_child_the_site_is_not_to_blame)
{
	struct rlimit none = { 3, 3 };

	site.nmounts = 0;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	cr_assert_eq(check_modules(&site, CHECK_MS, &errors), CHECK_IMPOSSIBLE);
	cr_assert_str_eq(errors.text[0], "site.yaml: cannot fork to check modules: Too many open "
			 "files");
}
