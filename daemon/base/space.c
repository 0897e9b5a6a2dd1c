#include "base/space.h"

#include "base/counter.h"
#include "base/legend.h"
#include "base/poison.h"
#include "base/slab.h"

#include <string.h>

#define PAGE 4096u

static const struct mem_field commit_rows[] = {
	FIELD_AS(union commit, s.undo_n, FIELD_OWN),
	FIELD(union commit, s.rx_next),
	FIELD(union commit, s.tx_n),
	FIELD(union commit, s.exec),
};

static const struct mem_kind commit_kind = KIND("commit", union commit, commit_rows);

static const struct mem_field undo_rows[] = {
	FIELD(struct undo_entry, off),
	FIELD(struct undo_entry, old),
};

static const struct mem_kind undo_kind = KIND("undo", struct undo_entry, undo_rows);

static const struct mem_field space_rows[] = {
	FIELD_AS(struct space_ctl, magic, FIELD_OWN),
	FIELD_AS(struct space_ctl, layout, FIELD_OWN),
	FIELD_AS(struct space_ctl, legend_at, FIELD_OWN),
	FIELD_AS(struct space_ctl, legend_n, FIELD_OWN),
	FIELD(struct space_ctl, key),
	FIELD(struct space_ctl, epoch),
	FIELD_AS(struct space_ctl, tries, FIELD_OWN),
	FIELD_AS(struct space_ctl, where, FIELD_OWN),
	FIELD_ROW(struct space_ctl, hwm, sizeof(uint32_t), FIELD_OWN, NULL),
	FIELD_ROW(struct space_ctl, live, sizeof(uint32_t), FIELD_OWN, NULL),
	FIELD_KIND(struct space_ctl, counter, uint64_t[SPACE_COUNTERS], &counters_kind),
	FIELD_ARRAY(struct space_ctl, code),
	FIELD_KIND(struct space_ctl, served, struct durations, &durations_kind),
	FIELD_KIND(struct space_ctl, waited, struct durations, &durations_kind),
	FIELD_ARRAY(struct space_ctl, zero),
	FIELD_KIND(struct space_ctl, commit, union commit, &commit_kind),
	FIELD_ROW(struct space_ctl, undo, sizeof(struct undo_entry), FIELD_OWN, &undo_kind),
	FIELD_ARRAY(struct space_ctl, zero_too),
	FIELD_AS(struct space_ctl, root, FIELD_OWN),
};

const struct mem_kind space_kind = KIND("control", struct space_ctl, space_rows);

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) & ~(to - 1);
}

#define LEGEND_AT ((sizeof(struct space_ctl) + PAGE - 1) / PAGE * PAGE)

/* Calls for each slab the offset it has; the one place that knows the layout. */
static size_t layout(const struct space_def *def, size_t *off)
{
	size_t at = LEGEND_AT + LEGEND_MAX;

	assert(def->nslabs <= SPACE_SLABS);
	for (unsigned i = 0; i < def->nslabs; i++) {
		assert(def->slab[i].size >= sizeof(struct object) && def->slab[i].size % 8 == 0);
		off[i] = at;
		at = round_up(at + (size_t)def->slab[i].size * def->slab[i].cap, PAGE);
	}
	off[def->nslabs] = at;
	return round_up(at + def->extra, PAGE);
}

size_t space_size(const struct space_def *def)
{
	size_t off[SPACE_SLABS + 1];

	return layout(def, off);
}

size_t space_slab_at(const struct space_def *def, unsigned number)
{
	size_t off[SPACE_SLABS + 1];

	layout(def, off);
	return off[number];
}

size_t space_late(const struct space_def *def, size_t *n)
{
	size_t off[SPACE_SLABS + 1];

	layout(def, off);
	*n = 0;
	for (unsigned i = 0; i < def->nslabs; i++)
		if (def->slab[i].late) {
			*n = (size_t)def->slab[i].size * def->slab[i].cap / PAGE * PAGE;
			return off[i];
		}
	return 0;
}

/* Everything but magic, layout, epoch and counters. */
static void clear_ctl(struct space_ctl *c, const struct hash_key *key)
{
	c->key = *key;
	c->tries = 0;
	c->where = 0;
	memset(c->hwm, 0, sizeof c->hwm);
	memset(c->live, 0, sizeof c->live);
	memset(&c->commit, 0, sizeof *c - offsetof(struct space_ctl, commit));
}

/* Words of objects that were never used do not matter (slab_take()), and their pages may not
 * be there: they are not touched. */
static void clear_slab(struct slab *b, uint32_t used)
{
	unpoison(b->at, (size_t)b->size * b->cap);
	for (uint32_t k = 0; k < b->cap && k < used; k++)
		((struct object *)slab_at(b, k))->word = 0;
	for (uint32_t k = 0; POISON_ACTIVE && k < b->cap; k++)
		poison((uint8_t *)slab_at(b, k) + sizeof(struct object),
		       b->size - sizeof(struct object));
	b->free_head = SLAB_NIL;
	b->free_n = 0;
}

static void format(struct space *s, uint64_t print, const struct hash_key *key)
{
	struct space_ctl *c = s->ctl;

	/* The magic goes first and comes last: a death in between leaves a
	 * space that is made anew.  Counters and epoch of the same layout stay,
	 * that of an interrupted wipe too. */
	__atomic_store_n(&c->magic, 0, __ATOMIC_RELAXED);
	barrier();
	if (c->layout != print) {
		c->epoch = 0;
		memset(c->counter, 0, sizeof c->counter);
		memset(c->code, 0, sizeof c->code);
		memset(&c->served, 0, sizeof c->served);
		memset(&c->waited, 0, sizeof c->waited);
		barrier();
		c->layout = print;
	}
	for (unsigned i = 0; i < s->nslabs; i++)
		clear_slab(&s->slab[i], c->hwm[i]);
	barrier();
	clear_ctl(c, key);
	s->nfrees = 0;
	barrier();
	__atomic_store_n(&c->magic, SPACE_MAGIC, __ATOMIC_RELAXED);
	barrier();
}

void space_describe(struct space_ctl *c, const struct legend *legend)
{
	c->legend_at = (uint32_t)LEGEND_AT;
	c->legend_n = legend->n;
	memcpy((uint8_t *)c + LEGEND_AT, legend->bytes, legend->n);
}

static void hold_windows(struct space_def *def, unsigned slab, const struct space_def *old,
			 unsigned old_slab)
{
	unsigned c = slab - def->windowed, o = old_slab - old->windowed;

	if (slab < def->windowed || c >= WINDOWS_CLASSES || old_slab < old->windowed ||
	    o >= WINDOWS_CLASSES)
		return;
	if (def->windows.class[c].n < old->windows.class[o].n)
		def->windows.class[c].n = old->windows.class[o].n;
	if (def->windows.class[c].size < old->windows.class[o].size) {
		def->windows.class[c].size = old->windows.class[o].size;
		def->windows.class[c].tail = old->windows.class[o].tail;
	}
}

static void hold_slab(struct slab_def *def, const struct slab_def *old)
{
	if (def->cap >= old->cap)
		return;
	if (def->by_cap)
		def->beyond += old->cap - def->cap;
	def->cap = old->cap;
}

void space_hold(struct space_def *def, const struct space_def *old)
{
	for (unsigned i = 0; i < def->nslabs; i++)
		for (unsigned k = 0; k < old->nslabs; k++) {
			if (strcmp(def->slab[i].name, old->slab[k].name) != 0)
				continue;
			hold_slab(&def->slab[i], &old->slab[k]);
			hold_windows(def, i, old, k);
		}
}

enum space_state space_open(struct space *s, void *mem, const struct space_def *def,
			    uint8_t number, const struct hash_key *key)
{
	size_t off[SPACE_SLABS + 1];
	struct legend legend;
	uint64_t print;

	legend_make(&legend, def);
	print = legend_hash(&legend);
	*s = (struct space){ .base = mem, .ctl = mem, .number = number,
			     .nslabs = def->nslabs };
	s->size = layout(def, off);
	assert(s->size <= SPACE_SIZE_MAX);
	s->extra = s->base + off[def->nslabs];
	for (unsigned i = 0; i < def->nslabs; i++) {
		s->slab[i] = (struct slab){
			.at = s->base + off[i], .size = def->slab[i].size,
			.cap = def->slab[i].cap, .limit = def->slab[i].cap - def->slab[i].beyond,
			.magic = def->slab[i].magic,
			.number = (uint8_t)i, .free_head = SLAB_NIL,
			.name = SLAB_NAME(number, i) };
		slab_divisor(&s->slab[i]);
	}
	unpoison(s->base, s->size);
	if (s->ctl->magic == SPACE_MAGIC && s->ctl->layout == print)
		return SPACE_OLD;
	memset(s->extra, 0, s->size - (size_t)(s->extra - s->base));
	__atomic_store_n(&s->ctl->magic, 0, __ATOMIC_RELAXED);
	barrier();
	space_describe(s->ctl, &legend);
	format(s, print, key);
	return SPACE_NEW;
}

void space_close(const struct space *s)
{
	unpoison(s->base, s->size);
}

void space_wipe(struct space *s)
{
	const struct hash_key *old = &s->ctl->key;
	struct hash_key key = { { hash_words(old, 0, 1), hash_words(old, 2, 3) } };

	format(s, s->ctl->layout, &key);
}

unsigned space_rollback(struct space *s)
{
	struct space_ctl *c = s->ctl;
	size_t end = (size_t)(s->extra - s->base);      /* the owner may hold pointers in it */
	unsigned n = c->commit.s.undo_n;

	/* A log that ran over, or a damaged count: which entries are of this
	 * transaction cannot be told, and old ones would only spread the harm. */
	if (n > UNDO_MAX)
		n = 0;
	/* Newest first, so that a word changed twice gets its oldest value; the
	 * count falls only when all is restored, so a second death starts over. */
	for (unsigned i = n; i--;) {
		size_t off = (size_t)c->undo[i].off << 2;

		if (off < offsetof(struct space_ctl, root) || off + 4 > end)
			continue;       /* damaged: nothing is logged there */
		space_set((uint32_t *)(void *)(s->base + off), c->undo[i].old);
	}
	barrier();
	__atomic_store_n(&c->commit.s.undo_n, 0, __ATOMIC_RELAXED);
	barrier();
	s->nfrees = 0;
	return n;
}

void undo_copy(struct space *s, void *to, const void *from, size_t n)
{
	uint32_t *t = to, v;

	assert(n % 4 == 0);
	for (size_t i = 0; i < n / 4; i++) {
		memcpy(&v, (const uint8_t *)from + i * 4, 4);
		if (t[i] != v)
			undo_set(s, &t[i], v);
	}
}

void space_run_frees(struct space *s)
{
	for (unsigned i = 0; i < s->nfrees; i++) {
		struct slab *b = &s->slab[s->frees[i].slab];
		struct object *o = slab_at(b, s->frees[i].index);

		o->link = b->free_head;
		b->free_head = s->frees[i].index;
		b->free_n++;
		poison((uint8_t *)o + sizeof *o, b->size - sizeof *o);
	}
	s->nfrees = 0;
}
