#include "config/refusal.h"
#include "site_help.h"

#include <stdlib.h>
#include <string.h>

static struct config_errors errors;

/* How much of it is refused; the errors are there. */
static unsigned refused(const char *served, const char *wanted)
{
	struct site *a = help_site(served), *b = help_site(wanted);
	unsigned n;

	errors_begin(&errors, b->file);
	n = refusal_find(a, b, &errors);
	cr_expect_eq(n, errors.count);
	site_free(a);
	site_free(b);
	return n;
}

Test(refusal, most_can_change)
{
	cr_expect_eq(refused("workers: 4\nslots: 4\n", "workers: 2\nslots: 4\nuser: root\n"
			     "listen: coap://127.0.0.1\nlimits: {dedup: 70}\nresources: {/a: m}\n"), 0);
}

Test(refusal, what_cannot_is_named_with_its_place_and_what_to_do)
{
	cr_expect_eq(refused("slots: 4\n", "workers: 1\nslots: 5\n"), 1);
	cr_expect(strstr(errors.text[0], ":2:8: slots: 4 cannot become 5 while coapd runs"), "%s",
		  errors.text[0]);
	cr_expect(strstr(errors.text[0], "restart it"), "%s", errors.text[0]);
}

Test(refusal, of_a_section)
{
	cr_expect_eq(refused("control: {socket: /a}\n", "control: {socket: /b, timeout: 1s}\n"), 2);
	cr_expect(strstr(errors.text[0], "control.socket: /a cannot become /b"), "%s",
		  errors.text[0]);
}

Test(refusal, stands_where_the_value_does)
{
	cr_expect_eq(refused("control: {socket: /a}\n", "control:\n  socket: /b\n"), 1);
	cr_expect(strstr(errors.text[0], ":2:11: control.socket"), "%s", errors.text[0]);
}

/* How much is refused of a site with so many mistakes. */
static unsigned refused_besides(const char *served, const char *wanted, unsigned mistakes)
{
	struct site *a = help_site(served), *b = site_read_text("site.yaml", wanted,
								strlen(wanted), &errors);
	unsigned n;

	cr_expect_eq(errors.count, mistakes, "%u: %s", errors.count, errors.text[0]);
	cr_assert_not_null(b);
	n = refusal_find(a, b, &errors);
	cr_expect_eq(errors.count, mistakes + n);
	site_free(a);
	site_free(b);
	return n;
}

Test(refusal, what_is_told_already_is_not_refused_besides)
{
	static const char *const slots[] = { "many", "[ 4 ]", "0.5", "${NO_SUCH_VARIABLE}", "{}" };
	char wanted[100];

	for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
		snprintf(wanted, sizeof wanted, "slots: %s\ncontrol: { socket: /b }\n", slots[i]);
		cr_expect_eq(refused_besides("slots: 4\n", wanted, 1), 1, "%s", slots[i]);
	}
	cr_expect_eq(refused_besides("control: {socket: /a}\n", "control: [ /b ]\n", 1), 0);
	cr_expect_eq(refused_besides("slots: 4\n", "slots: 4\nworkers: 5x\n", 1), 0);
}

Test(refusal, more_workers_than_slots)
{
	cr_expect_eq(refused("workers: 2\nslots: 4\n", "workers: 4\nslots: 4\n"), 0);
}

Test(refusal, names_rows_that_exist)
{
	static const struct config_row slots = { .name = "slots" }, none = { .name = "workers" };

	cr_expect_not_null(refusal_why("", &slots));
	cr_expect_null(refusal_why("limits", &slots));
	cr_expect_null(refusal_why("", &none));
}
