#include "worker/where.h"

#include <criterion/criterion.h>

Test(where, nobody_need_note_it)
{
	where_begin(NULL);
	cr_assert_eq(where_lost(NULL), 0);
}

Test(where, who_died_there_is_counted_once)
{
	struct where p = { 0 };

	where_begin(&p);
	cr_assert_eq(where_lost(&p), 0);
	p.mount = 3;
	where_begin(&p);
	cr_assert_eq(p.mount, 0);
	p.mount = 1;
	where_begin(&p);
	cr_assert_eq(where_lost(&p), 2);
	where_begin(&p);
	cr_assert_eq(where_lost(&p), 0);
}

Test(where, only_a_mount_is_believed)
{
	struct where p = { 0 };

	cr_expect_eq(where_mount(&p, 2), -1);
	p.mount = 2;
	cr_expect_eq(where_mount(&p, 2), 1);
	p.mount = 3;
	cr_expect_eq(where_mount(&p, 2), -1);
}
