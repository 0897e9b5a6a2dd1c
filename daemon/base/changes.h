/* changes.h - what changed, told to all workers so that none of them can miss it.
 *
 * One table of counters for the whole daemon, in memory that the supervisor shares out
 * before it forks.  What can change (a resource) has the word that a hash of its name
 * picks; to tell of a change is one atomic increment.  A reader keeps the value it
 * knew: another one means changed.  So nothing is queued, nothing can run over, and
 * whoever was dead or asleep meanwhile finds out by comparing.  Each reader says of which
 * words it wants to be woken (base/wake.h), as most of what changes is observed in few.  Two names with one
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
	/* A bit for each worker that has to be woken for the word. */
	uint64_t listening[CHANGES_WORDS][CHANGES_READERS / 64];
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

/* 64 readers, from this one on, which is a multiple of 64: those that want to be woken for
 * the word. */
static inline uint64_t changes_listeners(const struct changes *c, uint32_t word, unsigned from)
{
	return __atomic_load_n(&c->listening[word][from % CHANGES_READERS / 64], __ATOMIC_SEQ_CST);
}

static inline bool changes_listens(const struct changes *c, unsigned i, uint32_t word)
{
	return changes_listeners(c, word, i) >> i % 64 & 1;
}

/* Reader number i wants to be woken for the word from now on, or no longer.  What it compares
 * after this call, it cannot miss.  There is one process with a number at a time. */
static inline void changes_listen(struct changes *c, unsigned i, uint32_t word, bool wanted)
{
	uint64_t *at = &c->listening[word][i % CHANGES_READERS / 64], bit = 1ull << i % 64;

	if (changes_listens(c, i, word) == wanted)
		return;
	if (wanted)
		__atomic_fetch_or(at, bit, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_and(at, ~bit, __ATOMIC_SEQ_CST);
}

/* The next word, from *from on, that is not as in seen, which learns its value;
 * CHANGES_WORDS if there is none.  *from goes on behind it. */
uint32_t changes_next(const struct changes *c, uint64_t seen[CHANGES_WORDS], uint32_t *from);

#endif
