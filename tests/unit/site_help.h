/* site_help.h - loading sites from strings, for the tests of daemon/config. */
#ifndef TESTS_SITE_HELP_H
#define TESTS_SITE_HELP_H

#include "config/site.h"

#include <criterion/criterion.h>
#include <string.h>

static struct config_errors help_errors;

static inline struct site *help_load(const char *text)
{
	return site_load_text("t.yaml", text, strlen(text), &help_errors);
}

/* The site of a text that must be fine. */
static inline struct site *help_site(const char *text)
{
	struct site *site = help_load(text);

	cr_assert_not_null(site, "%s", help_errors.text[0]);
	cr_assert_eq(help_errors.count, 0);
	return site;
}

/* The text must be refused, with exactly these messages, in this order; the list
 * ends with NULL. */
static inline void help_refused(const char *text, const char *const *messages)
{
	struct site *site = help_load(text);
	unsigned n = 0;

	cr_expect_null(site, "accepted: %s", text);
	site_free(site);
	for (; messages[n]; n++) {
		cr_expect_lt(n, help_errors.count, "not said of %s: %s", text, messages[n]);
		if (n < help_errors.count)
			cr_expect_str_eq(help_errors.text[n], messages[n]);
	}
	cr_expect_eq(help_errors.count, n, "said of %s too: %s", text,
		     help_errors.text[n < help_errors.count ? n : 0]);
}

#define REFUSED(text, ...) \
	help_refused(text, (const char *const[]){ __VA_ARGS__, NULL })

#endif
