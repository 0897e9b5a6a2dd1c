#include "client/progress.h"

#include <criterion/criterion.h>

Test(progress, what_is_over_in_a_moment_is_not_shown)
{
	struct progress p = { 0 };

	cr_expect_not(progress_due(&p, 100));
	cr_expect_not(progress_due(&p, 100.4));
	cr_expect(progress_due(&p, 100.6));
	cr_expect_not(progress_due(&p, 100.65));
	cr_expect(progress_due(&p, 100.75));
}

Test(progress, a_line_says_how_far_and_how_fast)
{
	char line[PROGRESS_LINE];

	cr_expect_str_eq(progress_line(line, 1536, 3072, 2), "1.5 KiB of 3.0 KiB, 50 %, 768 B/s");
	cr_expect_str_eq(progress_line(line, 1536, 0, 1), "1.5 KiB, 1.5 KiB/s");
	cr_expect_str_eq(progress_line(line, 1536, 100, 1), "1.5 KiB, 1.5 KiB/s",
			 "an estimate that is too small is none");
	cr_expect_str_eq(progress_line(line, 0, 100, 0), "0 B of 100 B, 0 %, 0 B/s");
	progress_line(line, UINT64_MAX, UINT64_MAX, 1e-9);
}

Test(progress, sizes_have_units)
{
	char text[PROGRESS_SIZE];

	cr_expect_str_eq(progress_size(text, 999), "999 B");
	cr_expect_str_eq(progress_size(text, 1000), "1.0 KiB");
	cr_expect_str_eq(progress_size(text, 20480), "20 KiB");
	cr_expect_str_eq(progress_size(text, 1048576), "1.0 MiB");
	cr_expect_str_eq(progress_size(text, 1073741824.0 * 2.5), "2.5 GiB");
}
