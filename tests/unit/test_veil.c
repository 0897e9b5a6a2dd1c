#include "base/veil.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct veil list[] = {
	{ "hunter2", "${credential:key}" }, { "", "${EMPTY}" }, { "x", "${x}" },
};

static void expect(const char *text, size_t cap, const char *veiled)
{
	char room[64];

	cr_assert_lt(strlen(text), cap);
	strcpy(room, text);
	veil_text(list, 3, room, cap);
	cr_expect_str_eq(room, veiled, "%s", text);
	cr_expect_lt(strlen(room), cap);
}

Test(veil, wherever_it_stands)
{
	expect("hunter2 and plain, hunter2", 64, "${credential:key} and plain, ${credential:key}");
	expect("xx", 64, "${x}${x}");
	expect("", 64, "");
	expect("hunter", 64, "hunter");
}

Test(veil, what_does_not_fit_is_cut_off)
{
	expect("a hunter2 b c d", 16, "a ${credential:");
}

Test(veil, what_was_cut_is_not_seen_either)
{
	expect("the key hunter", 15, "the key ");
	expect("the key hunter", 16, "the key hunter");
	expect("a hu", 5, "a ");
	expect("hunter2", 8, "");
}
