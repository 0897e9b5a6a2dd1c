#include "base/arena.h"

#include <criterion/criterion.h>
#include <string.h>

Test(arena, pieces_are_aligned_and_do_not_overlap)
{
	_Alignas(16) uint8_t mem[256];
	struct arena a = arena_of(mem, sizeof mem);
	uint8_t *x = arena_take(&a, 5), *y = arena_take(&a, 17), *z = arena_take(&a, 1);

	cr_assert_eq(((uintptr_t)x | (uintptr_t)y | (uintptr_t)z) % 16, 0);
	cr_assert_geq(y, x + 5);
	cr_assert_geq(z, y + 17);
	cr_assert(!a.full);
}

Test(arena, pieces_are_aligned_wherever_the_memory_begins)
{
	uint8_t mem[256];

	for (unsigned shift = 0; shift < 16; shift++) {
		struct arena a = arena_of(mem + shift, 200);

		for (unsigned i = 0; i < 5; i++) {
			uint8_t *x = arena_take(&a, 7);

			cr_assert_not_null(x);
			cr_assert_eq((uintptr_t)x % 16, 0);
			cr_assert_leq(x + 7, mem + shift + 200);
		}
	}
}

Test(arena, the_last_byte_fits_and_one_more_does_not)
{
	_Alignas(16) uint8_t mem[64];
	struct arena a = arena_of(mem, sizeof mem);

	cr_assert_not_null(arena_take(&a, 64));
	cr_assert(!a.full);
	cr_assert_null(arena_take(&a, 1));
	cr_assert(a.full);
}

Test(arena, full_sticks_until_the_reset)
{
	_Alignas(16) uint8_t mem[64];
	struct arena a = arena_of(mem, sizeof mem);

	cr_assert_null(arena_take(&a, 65));
	cr_assert_null(arena_take(&a, 1), "there would be room, but something is missing");
	cr_assert(a.full);
	arena_reset(&a);
	cr_assert_not_null(arena_take(&a, 64));
}

Test(arena, sizes_that_overflow_are_refused)
{
	_Alignas(16) uint8_t mem[64];
	struct arena a = arena_of(mem, sizeof mem);

	arena_take(&a, 33);
	cr_assert_null(arena_take(&a, SIZE_MAX - 8));
	cr_assert(a.full);
}
