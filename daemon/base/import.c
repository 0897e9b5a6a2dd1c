#include "base/import.h"

#include "base/counter.h"
#include "base/import_move.h"
#include "base/slab.h"

#include <errno.h>
#include <string.h>

bool import_needless(const void *mem, size_t size, const struct space_def *def)
{
	struct legend_mark mark;
	struct legend l;

	if (size != space_size(def) + windows_size(&def->windows))
		return false;
	memcpy(&mark, mem, sizeof mark);
	legend_make(&l, def);
	return mark.magic == SPACE_MAGIC && mark.layout == legend_hash(&l);
}

bool import_is_late(const void *to, const struct space_def *def)
{
	struct legend_mark mark;
	struct legend l;

	memcpy(&mark, to, sizeof mark);
	legend_make(&l, def);
	return mark.layout == legend_hash(&l);
}

/* --- words of the old control block ------------------------------------------------ */

static uint64_t number(const uint8_t *at, uint32_t n)
{
	uint64_t d = 0;
	uint32_t w = 0;
	uint16_t h = 0;

	if (n == 8)
		memcpy(&d, at, n);
	else if (n == 4)
		memcpy(&w, at, n);
	else if (n == 2)
		memcpy(&h, at, n);
	return d | w | h;
}

/* Element k of a field of the control block; 0 if there is no such. */
static uint64_t control(const struct import *i, const char *name, uint32_t k)
{
	const struct legend_field *f = legend_field_of(&i->old, i->old.head->control, name);

	return f && k < f->size / f->each ? number(i->from + f->off + k * f->each, f->each) : 0;
}

/* --- the transaction that was under way --------------------------------------------- */

static bool may_be_undone(const struct import *i, uint64_t off)
{
	const struct legend_head *h = i->old.head;

	if (off >= h->root_at && off + 4 <= (uint64_t)h->root_at + h->root_n)
		return true;
	for (uint32_t k = 0; k < h->nslabs; k++) {
		const struct legend_slab *s = &i->old.slab[k];

		if (off >= s->at && off + 4 <= s->at + (uint64_t)s->size * s->cap)
			return true;
	}
	return false;
}

/* As space_rollback(). */
static int rollback(struct import *i, struct err *err)
{
	uint32_t ctl = i->old.head->control;
	const struct legend_field *commit = legend_field_of(&i->old, ctl, "commit");
	const struct legend_field *undo = legend_field_of(&i->old, ctl, "undo");
	const struct legend_field *n, *off, *old;
	uint64_t count;

	if (!commit || !commit->of || !undo || !undo->of)
		return err_set(err, -EINVAL, "it does not say what was under way");
	n = legend_field_of(&i->old, commit->of - 1, "s.undo_n");
	off = legend_field_of(&i->old, undo->of - 1, "off");
	old = legend_field_of(&i->old, undo->of - 1, "old");
	if (!n || !off || !old || old->size != 4)
		return err_set(err, -EINVAL, "it does not say what was under way");
	count = number(i->from + commit->off + n->off, n->size);
	if (count > undo->size / undo->each)
		count = 0;
	while (count--) {
		const uint8_t *entry = i->from + undo->off + count * undo->each;
		uint64_t at = number(entry + off->off, off->size) << 2;

		if (may_be_undone(i, at))
			memcpy(i->from + at, entry + old->off, 4);
	}
	return 0;
}

/* --- slabs --------------------------------------------------------------------------- */

static bool kinds_are_same(const struct import *i, uint32_t old, uint32_t new);

static bool fields_are_same(const struct import *i, const struct legend_field *a,
			    const struct legend_field *b)
{
	if (strcmp(a->name, b->name) != 0 || a->off != b->off || a->size != b->size ||
	    a->each != b->each || a->type != b->type || !a->of != !b->of)
		return false;
	return (a->type != FIELD_SOCK || !i->socks) &&
	       (!a->of || kinds_are_same(i, a->of - 1u, b->of - 1u));
}

static bool kinds_are_same(const struct import *i, uint32_t old, uint32_t new)
{
	const struct legend_kind *a, *b;

	if (old == LEGEND_NONE || new == LEGEND_NONE)
		return old == new;
	a = &i->old.kind[old];
	b = &i->new.kind[new];
	if (a->size != b->size || a->n != b->n)
		return false;
	for (uint32_t k = 0; k < a->n; k++)
		if (!fields_are_same(i, &i->old.field[a->first + k], &i->new.field[b->first + k]))
			return false;
	return true;
}

/* References are the same numbers. */
static bool slabs_are_same(const struct import *i)
{
	for (uint32_t k = 0; k < i->old.head->nslabs; k++)
		if (i->slab_now[k] != k)
			return false;
	return true;
}

static uint32_t word_of(const uint8_t *object)
{
	uint32_t w;

	memcpy(&w, object, sizeof w);
	return w;
}

static bool says_what_is_used(const struct import *i)
{
	const struct legend_field *f = legend_field_of(&i->old, i->old.head->control, "hwm");

	return f && f->size / f->each >= i->old.head->nslabs;
}

static uint32_t used(const struct import *i, uint32_t old)
{
	uint64_t n = control(i, "hwm", old);

	return n < i->old.slab[old].cap ? (uint32_t)n : i->old.slab[old].cap;
}

/* How many go over; -ENOSPC if a live one has no place. */
static int fit(const struct import *i, uint32_t old, uint32_t cap, uint32_t *n, struct err *err)
{
	const struct legend_slab *s = &i->old.slab[old];
	uint32_t most = used(i, old);

	while (most > cap && !(word_of(i->from + s->at + (uint64_t)(most - 1) * s->size) & 1))
		most--;
	*n = most;
	return most <= cap ? 0 : err_set(err, -ENOSPC, "it has %u %s where %u have room", most,
					 s->name, cap);
}

/* One by one: dead ones are no more than their generation. */
static void move_objects(struct import *i, const struct moves *m, const struct legend_slab *old,
			 const struct legend_slab *new, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		const uint8_t *from = i->from + old->at + (uint64_t)k * old->size;
		uint8_t *to = (uint8_t *)i->to + new->at + (uint64_t)k * new->size;
		uint32_t word = word_of(from);

		memset(to, 0, new->size);
		if (word & 1 && !moves_run(m, i, from, to)) {
			word &= ~1u;
			i->dropped++;
		}
		if (word >> 16 == old->magic)
			word = new->magic << 16 | (word & 0xffff);
		memcpy(to, &word, sizeof word);
	}
}

static int take_slab(struct import *i, struct moves *m, uint32_t old, uint32_t new,
		     struct err *err)
{
	const struct legend_slab *a = &i->old.slab[old], *b = &i->new.slab[new];
	uint32_t n;
	int rc = fit(i, old, b->cap, &n, err);

	if (rc)
		return rc;
	if (a->size == b->size && a->magic == b->magic && slabs_are_same(i) &&
	    kinds_are_same(i, a->kind, b->kind)) {
		memcpy((uint8_t *)i->to + b->at, i->from + a->at, (size_t)n * a->size);
	} else {
		if (a->kind == LEGEND_NONE && a->size != b->size)
			return err_set(err, -EINVAL, "its %s are of another size", a->name);
		rc = moves_plan(m, i, a->kind, b->kind, a->size, err);
		if (rc)
			return rc;
		move_objects(i, m, a, b, n);
	}
	i->to->hwm[new] = n;
	return 0;
}

static int take_slabs(struct import *i, struct moves *m, struct err *err)
{
	int rc = 0;

	if (!says_what_is_used(i))
		return err_set(err, -EINVAL, "it does not say how much of it is used");
	for (uint32_t k = 0; k < i->new.head->nslabs; k++)
		i->to->hwm[k] = i->to->live[k] = 0;
	for (uint32_t k = 0; rc == 0 && k < i->old.head->nslabs; k++)
		if (i->slab_now[k] != LEGEND_NONE)
			rc = take_slab(i, m, k, i->slab_now[k], err);
	return rc;
}

/* --- the rest ------------------------------------------------------------------------ */

static int take_part(struct import *i, struct moves *m, uint32_t old, uint64_t from,
		     uint32_t new, uint64_t to, uint32_t n, struct err *err)
{
	int rc = moves_plan(m, i, old, new, n, err);

	if (!rc && !moves_run(m, i, i->from + from, (uint8_t *)i->to + to))
		i->dropped++;
	return rc;
}

/* Control block, root record and batch. */
static int take_parts(struct import *i, struct moves *m, struct err *err)
{
	const struct legend_head *a = i->old.head, *b = i->new.head;
	uint32_t root_n = a->root_n < b->root_n ? a->root_n : b->root_n;
	uint64_t extra_n = a->extra_n < b->extra_n ? a->extra_n : b->extra_n;
	int rc;

	memset(i->to->root, 0, sizeof i->to->root);
	rc = take_part(i, m, a->control, 0, b->control, 0, 0, err);
	if (!rc)
		rc = take_part(i, m, a->root, a->root_at, b->root, b->root_at, root_n, err);
	if (!rc)
		rc = take_part(i, m, a->extra, a->extra_at, b->extra, b->extra_at,
			       (uint32_t)extra_n, err);
	i->to->commit.s.undo_n = 0;
	return rc;
}

static void number_slabs(struct import *i)
{
	for (uint32_t k = 0; k < SPACE_SLABS; k++)
		i->slab_now[k] = k < i->old.head->nslabs ?
				 legend_slab_of(&i->new, i->old.slab[k].name) : LEGEND_NONE;
}

int import_begin(struct import *i, void *to, const struct space_def *def, void *from, size_t n,
		 uint64_t size, const struct import_socks *socks, struct err *err)
{
	struct moves m;
	int rc;

	i->to = to;
	i->def = def;
	i->from = from;
	i->socks = socks;
	i->dropped = 0;
	legend_make(&i->new, def);
	rc = legend_read(&i->old, from, n, size, err);
	if (rc)
		return rc;
	assert(i->to->layout != legend_hash(&i->new));
	if (i->to->tries >= IMPORT_TRIES)
		return err_set(err, -ECANCELED, "workers keep dying when they take it over");
	if (moves_init(&m))
		return err_set(err, -ENOMEM, "no memory to take it over");
	space_set(&i->to->tries, i->to->tries + 1);
	number_slabs(i);
	i->tries = (uint32_t)control(i, "tries", 0);
	rc = rollback(i, err);
	if (!rc)
		rc = take_slabs(i, &m, err);
	if (!rc)
		rc = take_parts(i, &m, err);
	moves_free(&m);
	return rc;
}

void import_end(struct import *i)
{
	struct space_ctl *c = i->to;

	space_describe(c, &i->new);
	c->counter[COUNT_IMPORTED]++;
	c->counter[COUNT_IMPORT_DROPPED] += i->dropped;
	c->where = 0;
	c->tries = i->tries;
	c->magic = SPACE_MAGIC;
	barrier();
	__atomic_store_n(&c->layout, legend_hash(&i->new), __ATOMIC_RELAXED);
	barrier();
}
