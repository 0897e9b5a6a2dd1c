#include "base/err.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(err, text_is_set_and_code_returned)
{
	struct err e;

	cr_assert_eq(err_set(&e, -ENOENT, "%s: no such file", "site.yaml"), -ENOENT);
	cr_assert_str_eq(e.text, "site.yaml: no such file");
}

Test(err, nobody_need_listen)
{
	cr_assert_eq(err_set(NULL, -EPERM, "%d", 1), -EPERM);
}

Test(err, long_text_is_cut_and_terminated)
{
	struct err e;
	char big[2000];

	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = 0;
	err_set(&e, -EIO, "%s", big);
	cr_assert_eq(strlen(e.text), sizeof e.text - 1);
}

Test(err, text_can_be_wrapped_in_a_longer_one)
{
	struct err e;

	err_set(&e, -EIO, "disk is full");
	cr_assert_eq(err_set(&e, -EIO, "store: %s (%s)", e.text, e.text), -EIO);
	cr_assert_str_eq(e.text, "store: disk is full (disk is full)");
}
