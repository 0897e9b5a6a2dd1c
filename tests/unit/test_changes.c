/* What tells all workers of changes. */
#include "base/changes.h"

#include <criterion/criterion.h>

static struct changes c;
static uint64_t seen[CHANGES_WORDS];

static uint32_t next(uint32_t *from)
{
	return changes_next(&c, seen, from);
}

Test(changes, each_change_is_seen_once)
{
	uint32_t from = 0;

	changes_tell(&c, 0);
	changes_tell(&c, 65);
	changes_tell(&c, 65);
	changes_tell(&c, CHANGES_WORDS - 1);
	cr_assert_eq(next(&from), 0);
	cr_assert_eq(next(&from), 65);
	cr_assert_eq(next(&from), CHANGES_WORDS - 1);
	cr_assert_eq(next(&from), CHANGES_WORDS);
	cr_assert_eq(seen[65], 2);
	from = 0;
	cr_assert_eq(next(&from), CHANGES_WORDS);
	changes_tell(&c, 65);
	from = 0;
	cr_assert_eq(next(&from), 65);
}

Test(changes, a_word_depends_on_owner_name_and_key)
{
	uint32_t w;

	c.key.k[0] = 0x1234567890abcdefu;
	c.key.k[1] = 0xfedcba0987654321u;
	w = changes_word(&c, 1, "a", 1);

	cr_assert_lt(w, CHANGES_WORDS);
	cr_assert_eq(w, changes_word(&c, 1, "a", 1));
	cr_assert_neq(w, changes_word(&c, 2, "a", 1));
	cr_assert_neq(w, changes_word(&c, 1, "b", 1));
	c.key.k[0] = 77;
	cr_assert_neq(w, changes_word(&c, 1, "a", 1));
}

Test(changes, who_listens_is_known)
{
	cr_assert(!changes_listens(&c, 3));
	changes_listen(&c, 3, true);
	cr_assert(changes_listens(&c, 3));
	cr_assert(!changes_listens(&c, 2));
	changes_listen(&c, 3, false);
	cr_assert(!changes_listens(&c, 3));
}
