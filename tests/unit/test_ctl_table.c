#include "client/ctl_table.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(ctl_table, columns_are_as_wide_as_they_have_to_be)
{
	static const char *const names[] = { "who", "how many", NULL };
	struct ctl_table t;
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	ctl_table_begin(&t, 2);
	ctl_table_head(&t, names);
	ctl_table_text(&t, "a\xc3\xa4");
	ctl_table_number(&t, 1234567);
	ctl_table_text(&t, "\033[2J");
	ctl_table_bytes(&t, 0);
	ctl_table_format(&t, "%d", 5);
	ctl_table_age(&t, 3661000);
	ctl_table_end(&t, f);
	fclose(f);
	cr_expect_str_eq(text, "who         how many\n"
			       "a\xc3\xa4         1,234,567\n"
			       "\"\\x1b[2J\"        0 B\n"
			       "5            1:01:01\n");
	free(text);
}

Test(ctl_table, numbers_for_people)
{
	char t[CTL_TEXT];

	cr_expect_str_eq(ctl_number(0, t), "0");
	cr_expect_str_eq(ctl_number(999, t), "999");
	cr_expect_str_eq(ctl_number(1000, t), "1,000");
	cr_expect_str_eq(ctl_number(UINT64_MAX, t), "18,446,744,073,709,551,615");
	cr_expect_str_eq(ctl_bytes(1023, t), "1023 B");
	cr_expect_str_eq(ctl_bytes(1536, t), "1.5 KiB");
	cr_expect_str_eq(ctl_bytes(UINT64_MAX, t), "16777216.0 TiB");
	cr_expect_str_eq(ctl_age(59999, t), "0:00:59");
	cr_expect_str_eq(ctl_age(90061000, t), "1d 1:01:01");
}
