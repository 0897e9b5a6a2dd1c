/* What tells all workers of changes. */
#include "base/changes.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

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

Test(changes, who_is_far_behind_finds_all_of_them_changed)
{
	uint32_t from = 0;

	for (unsigned round = 0; round < 1000; round++)
		for (uint32_t w = 0; w < CHANGES_WORDS; w++)
			changes_tell(&c, w);
	for (uint32_t w = 0; w < CHANGES_WORDS; w++)
		cr_assert_eq(next(&from), w);
	cr_assert_eq(next(&from), CHANGES_WORDS);
}

/* One that tells of each word in turn is killed anywhere: those before are told of, those behind
 * are not, and nothing is in the way of others. */
Test(changes, a_teller_that_dies_leaves_none_half_told)
{
	struct changes *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(shared, MAP_FAILED);
	for (unsigned round = 1; round < 100; round++) {
		uint64_t sum = changes_value(shared, 0), word;
		pid_t pid = fork();
		uint32_t w = 0;

		if (pid == 0)
			for (;; w++)
				changes_tell(shared, w % CHANGES_WORDS);
		while (changes_value(shared, round) == sum)
			;
		kill(pid, SIGKILL);
		cr_assert_eq(waitpid(pid, NULL, 0), pid);
		/* They fall by one at most once, where it was. */
		word = changes_value(shared, 0);
		while (++w < CHANGES_WORDS && changes_value(shared, w) == word)
			;
		for (; w < CHANGES_WORDS; w++)
			cr_assert_eq(changes_value(shared, w), word - 1);
		memset(shared->word, 0, sizeof shared->word);
	}
	munmap(shared, sizeof *shared);
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

Test(changes, who_listens_for_a_word_is_known)
{
	cr_assert(!changes_listens(&c, 3, 9));
	changes_listen(&c, 3, 9, true);
	changes_listen(&c, 3, 9, true);
	changes_listen(&c, 67, 9, true);
	cr_assert(changes_listens(&c, 3, 9) && changes_listens(&c, 67, 9));
	cr_assert(!changes_listens(&c, 2, 9) && !changes_listens(&c, 3, 8));
	cr_assert_eq(changes_listeners(&c, 9, 0), 1u << 3);
	cr_assert_eq(changes_listeners(&c, 9, 64), 1u << 3);
	cr_assert_eq(changes_listeners(&c, 9, 128), 0);
	changes_listen(&c, 3, 9, false);
	changes_listen(&c, 3, 9, false);
	cr_assert(!changes_listens(&c, 3, 9) && changes_listens(&c, 67, 9));
	changes_listen(&c, CHANGES_READERS - 1, CHANGES_WORDS - 1, true);
	cr_assert_eq(changes_listeners(&c, CHANGES_WORDS - 1, CHANGES_READERS - 64), 1ull << 63);
}
