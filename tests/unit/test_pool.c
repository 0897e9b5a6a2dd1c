#include "config/pool.h"

#include <criterion/criterion.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

Test(pool, pieces_are_zeroed_aligned_and_apart)
{
	struct pool *pool = pool_new();
	unsigned char *last = NULL;
	size_t last_n = 0;

	for (size_t n = 1; n < 40000; n = n * 3 / 2 + 1) {
		unsigned char *p = pool_get(pool, n);

		cr_expect_eq((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			cr_assert_eq(p[i], 0);
		memset(p, 0xff, n);
		if (last)
			cr_expect(p >= last + last_n || p + n <= last);
		last = p;
		last_n = n;
	}
	pool_free(pool);
	pool_free(NULL);
}

Test(pool, copies_end_with_zero)
{
	struct pool *pool = pool_new();
	char *a = pool_copy(pool, "abc", 2), *b = pool_copy(pool, NULL, 0);

	cr_expect_str_eq(a, "ab");
	cr_expect_str_eq(b, "");
	pool_free(pool);
}

Test(pool, an_array_may_be_larger_than_a_block)
{
	struct pool *pool = pool_new();
	uint64_t *a = pool_array(pool, 100000, sizeof *a);
	char *b = pool_copy(pool, "x", 1);

	a[99999] = 1;
	cr_expect_str_eq(b, "x");
	cr_expect_eq(a[0], 0);
	pool_free(pool);
}
