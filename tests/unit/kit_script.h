/* kit_script.h - scripts as texts, for the tests of daemon/kit. */
#ifndef UNIT_KIT_SCRIPT_H
#define UNIT_KIT_SCRIPT_H

#include "kit/script.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct config_errors kit_errors;

static inline struct script *kit_read(const char *text)
{
	return script_read("t", text, strlen(text), &kit_errors);
}

/* The script of a text that must be fine. */
static inline struct script *kit_script(const char *text)
{
	struct script *s = kit_read(text);

	cr_assert(s, "%s", kit_errors.text[0]);
	return s;
}

/* The text must be refused, and the first message is this. */
static inline void kit_refused(const char *text, const char *message)
{
	struct script *s = kit_read(text);

	cr_assert(!s, "taken: %s", text);
	cr_expect_str_eq(kit_errors.text[0], message);
}

/* Where modules of the build are; two places, as they are built in two. */
static inline const char *kit_modules(const char *folder)
{
	static char path[1024];
	const char *top = getenv("COAPD_BUILDDIR");

	snprintf(path, sizeof path, "%s/%s/.libs", top ? top : ".", folder);
	return path;
}

#endif
