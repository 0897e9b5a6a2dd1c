/* changes.h - what changed, told to all workers so that none of them can miss it.
 *
 * One table of counters for the whole daemon, in memory that the supervisor shares out
 * before it forks.  What can change (a resource) has the word that a hash of its name
 * picks; to tell of a change is one atomic increment.  A reader keeps the value it
 * knew: another one means changed.  So nothing is queued, nothing can run over, and
 * whoever was dead or asleep meanwhile finds out by comparing.  Two names with one
 * word cost a needless look, no more.  Any worker, at any time. */
#ifndef BASE_CHANGES_H
#define BASE_CHANGES_H

#include "base/hash.h"

#include <stdbool.h>
#include <stdint.h>

#define CHANGES_WORDS 4096u     /* a power of 2 */
#define CHANGES_READERS 256u

struct changes {
	struct hash_key key;            /* so that no stranger can choose a word */
	uint64_t word[CHANGES_WORDS];
	uint32_t listening[CHANGES_READERS];    /* 1: that worker has to be woken */
	uint64_t drawn;                 /* by changes_draw() */
};

/* The word of a name. */
static inline uint32_t changes_word(const struct changes *c, uint64_t owner,
				    const void *name, size_t n)
{
	uint64_t h = hash_words(&c->key, owner, hash_bytes(&c->key, name, n));

	return (uint32_t)(h >> 32) % CHANGES_WORDS;
}

/* To be read before the state it speaks of. */
static inline uint64_t changes_value(const struct changes *c, uint32_t word)
{
	return __atomic_load_n(&c->word[word], __ATOMIC_SEQ_CST);
}

/* To be called after the state has changed. */
static inline void changes_tell(struct changes *c, uint32_t word)
{
	__atomic_fetch_add(&c->word[word], 1, __ATOMIC_SEQ_CST);
}

/* A number that nobody has drawn before. */
static inline uint64_t changes_draw(struct changes *c)
{
	return __atomic_add_fetch(&c->drawn, 1, __ATOMIC_SEQ_CST);
}

/* Reader number i wants to be woken from now on, or no longer.  What it compares after
 * this call, it cannot miss. */
static inline void changes_listen(struct changes *c, unsigned i, bool wanted)
{
	if (__atomic_load_n(&c->listening[i % CHANGES_READERS], __ATOMIC_RELAXED) != wanted)
		__atomic_store_n(&c->listening[i % CHANGES_READERS], wanted, __ATOMIC_SEQ_CST);
}

static inline bool changes_listens(const struct changes *c, unsigned i)
{
	return __atomic_load_n(&c->listening[i % CHANGES_READERS], __ATOMIC_SEQ_CST);
}

/* The next word, from *from on, that is not as in seen, which learns its value;
 * CHANGES_WORDS if there is none.  *from goes on behind it. */
uint32_t changes_next(const struct changes *c, uint64_t seen[CHANGES_WORDS], uint32_t *from);

#endif
