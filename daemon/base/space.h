/* space.h - a space: all state of one slot behind one mapping, and its one
 * commit point.
 *
 * A space is memory that outlives the worker that runs it: the supervisor owns
 * the memfd for its whole life, one worker at a time maps and changes it.  (A
 * worker's private space is the same thing over anonymous memory and dies with
 * it.)  It holds a control block, an undo log, slabs of fixed-size objects, a
 * root record and the datagram batch.  struct space is the process-private
 * handle: offsets and capacities in it come from the definition, never from the
 * memory, so damaged memory cannot lead outside.
 *
 * Transactions.  A worker is single-threaded, so at most one transaction is
 * half done.  Every word that must be undone by a death is changed through
 * undo_set(): log the old word, compiler barrier, store.  space_commit() ends
 * the transaction with one 64-bit store that also says how far the batch has
 * come.  Death is at an instruction boundary, so compiler barriers suffice; no
 * fence is needed.  Reserve everything before the first mutation: nothing can
 * be taken back while the process lives. */
#ifndef BASE_SPACE_H
#define BASE_SPACE_H

#include "base/durations.h"
#include "base/hash.h"
#include "base/kind.h"
#include "base/windows.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPACE_SLABS 16          /* slabs a space can have */
#define SPACE_COUNTERS 128
#define SPACE_CODES 256         /* of messages, one byte each (RFC 7252 3) */
#define UNDO_MAX 512u           /* words one transaction may change; a power of 2 */
#define SPACE_FREES 64          /* objects one transaction may free */
#define SPACE_ROOT 256          /* bytes of root record */
/* "coapdsl5": there is a state.  Another one wherever words of a state come to mean something
 * else under the same names, such as hashes made in another way: nothing of it is taken over
 * then (import.h). */
#define SPACE_MAGIC 0x636f617064736c35u

/* What one slab is to hold. */
struct slab_def {
	const char *name;
	uint16_t magic;         /* upper half of every object's first word */
	uint32_t size;          /* bytes per object, a multiple of 8 */
	uint32_t cap;           /* objects there is memory for */
	const struct mem_kind *kind;        /* what they are made of; NULL: just bytes */
	bool late;              /* most of it may never be used: its memory comes with use, where
				 * that of the others is reserved (of one slab at most) */
	bool by_cap;            /* the capacity is the limit: nobody else counts them */
	uint32_t beyond;        /* how much of it no new object may take: there is more than
				 * the limit where a layout that had another is taken over */
};

/* A whole space; the definition must outlive the handle (borrow). */
struct space_def {
	struct slab_def slab[SPACE_SLABS];
	unsigned nslabs;
	uint32_t extra;         /* bytes behind the slabs, no part of transactions:
				 * the batch */
	const struct mem_kind *extra_kind, *root_kind;      /* NULL: just bytes */
	unsigned windowed;      /* slabs from here on have windows, */
	struct windows_def windows;     /* behind all the rest and no part of the space: a
				 * class each; 0 of them: none */
};

/* The commit word: everything that a death must not tear apart. */
union commit {
	uint64_t v;
	struct {
		uint16_t undo_n;        /* words logged by the transaction under way */
		uint16_t rx_next;       /* datagrams of the batch done with */
		uint16_t tx_n;          /* datagrams waiting to be sent */
		uint16_t exec;          /* 1: an outside effect is under way, see root */
	} s;
};

/* A value of 16 bits where it is in the word. */
#define COMMIT_SHIFT(part) (8 * (unsigned)offsetof(union commit, s.part))
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define COMMIT_PART(part, value) ((uint64_t)(uint16_t)(value) << COMMIT_SHIFT(part))
#else
#define COMMIT_PART(part, value) ((uint64_t)(uint16_t)(value) << (48 - COMMIT_SHIFT(part)))
#endif

struct undo_entry {
	uint32_t off;           /* of the word, in units of 4 bytes */
	uint32_t old;
};

/* The control block, at the start of the memory. */
struct space_ctl {
	uint64_t magic;         /* stored last when a space is made */
	uint64_t layout;        /* of which definition and structs: hash of the legend;
				 * stored last when one is taken over (import.h) */
	uint32_t legend_at, legend_n;   /* where the legend is (legend.h) */
	struct hash_key key;
	uint64_t epoch;         /* adoptions so far */
	uint32_t tries;         /* weight of the deaths since an event was survived (adopt.c) */
	uint32_t where;         /* mount whose hook runs, index + 1; 0 none */
	uint32_t hwm[SPACE_SLABS];      /* objects ever used */
	uint32_t live[SPACE_SLABS];     /* derived, for those who look on */
	uint64_t counter[SPACE_COUNTERS];
	uint64_t code[SPACE_CODES];     /* requests by method, answers made by code */
	struct durations served;        /* how long requests took, of those timed */
	struct durations waited;        /* those that waited, until they were answered */
	uint64_t zero[3];       /* nothing: no byte of it is without a row */
	_Alignas(64) union commit commit;
	struct undo_entry undo[UNDO_MAX];
	uint64_t zero_too[7];
	_Alignas(64) uint8_t root[SPACE_ROOT];
};

/* Process-private view of a slab; functions in slab.h. */
struct slab {
	uint8_t *at;
	uint32_t size, cap;
	uint32_t limit;         /* objects that may be taken, at most cap */
	uint16_t magic;
	uint8_t number;         /* within the space */
	uint8_t shift;          /* size is an odd number shifted by this, and */
	uint64_t inverse;       /* what undoes a multiplication by that one (slab_index()) */
	uint64_t name;          /* space and slab, as they are in references */
	uint32_t free_head;     /* derived: first free object, SLAB_NIL none */
	uint32_t free_n;        /* derived: free below the high-water mark */
};

struct space {
	uint8_t *base;
	size_t size;
	struct space_ctl *ctl;
	uint8_t *extra;
	struct slab slab[SPACE_SLABS];
	unsigned nslabs;
	uint8_t number;         /* of the slot, goes into references */
	struct {                /* decided in this transaction, done after it */
		uint8_t slab;
		uint32_t index;
	} frees[SPACE_FREES];
	unsigned nfrees;
};

/* Bytes that a space of this definition needs, a multiple of the page size. */
size_t space_size(const struct space_def *def);
/* Where the slab that is late begins in it, at a page, and how many bytes of whole pages it
 * has; n 0: there is none. */
size_t space_late(const struct space_def *def, size_t *n);
#define SPACE_SIZE_MAX ((size_t)16 << 30)       /* what an undo entry can name */

/* Binds a handle to memory of space_size() bytes (borrow; zeroed when new).
 * SPACE_NEW: the memory was empty or of another layout and has been made anew
 * with the given key, all of it, extra too; SPACE_OLD: it holds state, to be
 * adopted. */
enum space_state { SPACE_NEW, SPACE_OLD };
enum space_state space_open(struct space *s, void *mem, const struct space_def *def,
			    uint8_t number, const struct hash_key *key);

/* Makes room in a definition for all that another has: no capacity is smaller then, no
 * window; limits stay. */
void space_hold(struct space_def *def, const struct space_def *old);

/* Before the memory is unmapped or used otherwise; its contents stay. */
void space_close(const struct space *s);

/* Forgets everything in it, as if new; counters and epoch stay, and extra is left
 * to its owner.  The key goes on to one made of the old: what is drawn from it by
 * counting, tokens and message IDs, must not come again for peers who remember. */
void space_wipe(struct space *s);

/* First step of an adoption: rolls the half-done transaction back.  Restartable.
 * Returns the number of words restored. */
unsigned space_rollback(struct space *s);

/* --- within a transaction ------------------------------------------------- */

#define barrier() __asm__ volatile("" ::: "memory")

/* Changes one 32-bit word of the space so that a death undoes it. */
static inline void undo_set(struct space *s, uint32_t *word, uint32_t value)
{
	struct space_ctl *c = s->ctl;
	unsigned n = c->commit.s.undo_n;
	struct undo_entry *u = &c->undo[n % UNDO_MAX];

	u->off = (uint32_t)(((uint8_t *)word - s->base) >> 2);
	u->old = *word;
	barrier();
	__atomic_store_n(&c->commit.s.undo_n, (uint16_t)(n + 1), __ATOMIC_RELAXED);
	barrier();
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
	barrier();
}

/* Several different ones are changed faster together: each is noted, most of them at most
 * from undo_begin() on, then all of them count, then each is stored. */
struct undo_notes {
	struct undo_entry *next;
	unsigned n;             /* of the transaction, these included */
};

static inline struct undo_notes undo_begin(const struct space *s, unsigned most)
{
	unsigned n = s->ctl->commit.s.undo_n;

	/* One that runs over is seen at the commit. */
	return (struct undo_notes){ &s->ctl->undo[n + most <= UNDO_MAX ? n : 0], n };
}

/* count of them in a row. */
__attribute__((always_inline)) static inline void
undo_note(const struct space *s, struct undo_notes *u, const uint32_t *word, unsigned count)
{
	uint32_t off = (uint32_t)(((const uint8_t *)word - s->base) >> 2);

#pragma GCC unroll 8
	for (unsigned i = 0; i < count; i++, u->next++) {
		u->next->off = off + i;
		barrier();              /* two stores are cheaper than one of both */
		u->next->old = word[i];
		barrier();
	}
	u->n += count;
}

static inline void undo_noted(struct space *s, const struct undo_notes *u)
{
	barrier();
	__atomic_store_n(&s->ctl->commit.s.undo_n, (uint16_t)u->n, __ATOMIC_RELAXED);
	barrier();
}

static inline void undo_store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
	barrier();
}

static inline void undo_set_both(struct space *s, uint32_t *a, uint32_t av, uint32_t *b,
				 uint32_t bv)
{
	struct undo_notes u = undo_begin(s, 2);

	undo_note(s, &u, a, 1);
	undo_note(s, &u, b, 1);
	undo_noted(s, &u);
	undo_store(a, av);
	undo_store(b, bv);
}

static inline void undo_set64(struct space *s, uint64_t *word, uint64_t value)
{
	uint32_t half[2], *w = (uint32_t *)(void *)word;

	memcpy(half, &value, sizeof half);
	undo_set_both(s, w, half[0], w + 1, half[1]);
}

/* Changes n bytes, a multiple of 4, logging only the words that differ. */
void undo_copy(struct space *s, void *to, const void *from, size_t n);

/* A store outside any transaction, or one that may survive a rollback. */
static inline void space_set(uint32_t *word, uint32_t value)
{
	barrier();
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
	barrier();
}

/* The commit point; then the frees that the transaction decided. */
void space_run_frees(struct space *s);
static inline void space_commit(struct space *s, unsigned rx_next, unsigned tx_n, unsigned exec)
{
	uint64_t v = COMMIT_PART(rx_next, rx_next) | COMMIT_PART(tx_n, tx_n) |
		     COMMIT_PART(exec, exec);

	/* Asked once here instead of at each word; a log that ran over is ours to
	 * mend, and stays within its array meanwhile. */
	assert(s->ctl->commit.s.undo_n <= UNDO_MAX);
	barrier();
	__atomic_store_n(&s->ctl->commit.v, v, __ATOMIC_RELAXED);
	barrier();
	if (s->nfrees)
		space_run_frees(s);
}

static inline unsigned space_rx_next(const struct space *s)
{
	return s->ctl->commit.s.rx_next;
}

static inline unsigned space_tx_n(const struct space *s)
{
	return s->ctl->commit.s.tx_n;
}

static inline unsigned space_exec(const struct space *s)
{
	return s->ctl->commit.s.exec;
}

/* The root record: a layer's own stored words, at most SPACE_ROOT bytes. */
static inline void *space_root(const struct space *s)
{
	return s->ctl->root;
}

/* Counters are no part of transactions: a replay may count twice. */
static inline void space_count(struct space *s, unsigned counter)
{
	s->ctl->counter[counter]++;
}

static inline void space_count_code(struct space *s, uint8_t code)
{
	s->ctl->code[code]++;
}

/* --- for who lays one out, takes one over or looks on ---------------------------- */

extern const struct mem_kind space_kind;    /* the control block; the root's is root_kind */

/* Puts the legend where it belongs; what says that there is a state is not touched. */
struct legend;
void space_describe(struct space_ctl *c, const struct legend *legend);


/* Where a slab's objects begin, for those who look on; number may be nslabs: the extra. */
size_t space_slab_at(const struct space_def *def, unsigned number);

#endif
