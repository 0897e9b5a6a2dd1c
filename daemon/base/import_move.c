#include "base/import_move.h"

#include "base/slab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOVES_MAX 8192u
#define NO_SLAB 0xffu           /* in a reference: it names nothing */

int moves_init(struct moves *m)
{
	*m = (struct moves){ .cap = MOVES_MAX };
	m->move = malloc(m->cap * sizeof *m->move);
	return m->move ? 0 : -ENOMEM;
}

void moves_free(struct moves *m)
{
	free(m->move);
}

/* --- the plan -------------------------------------------------------------------- */

static bool is_integer(uint32_t each)
{
	return each == 1 || each == 2 || each == 4 || each == 8;
}

static bool add(struct moves *m, struct move v)
{
	struct move *last = m->n ? &m->move[m->n - 1] : NULL;

	/* Bytes behind bytes go in one. */
	if (v.type == FIELD_PLAIN && v.from_each == v.to_each) {
		v.n *= v.from_each;
		v.from_each = v.to_each = 1;
		if (last && last->type == FIELD_PLAIN && last->from_each == 1 &&
		    last->to_each == 1 && last->from + last->n == v.from &&
		    last->to + last->n == v.to) {
			last->n += v.n;
			return true;
		}
	}
	if (m->n == m->cap)
		return false;
	m->move[m->n++] = v;
	return true;
}

/* What has no parts, in both. */
static bool add_plain(struct moves *m, const struct legend_field *old,
		      const struct legend_field *new, uint32_t from, uint32_t to)
{
	uint32_t n = old->size / old->each, k = new->size / new->each;
	struct move v = { from, to, n < k ? n : k, (uint16_t)old->each, (uint16_t)new->each,
			  new->type };

	if (old->each != new->each && !(is_integer(old->each) && is_integer(new->each))) {
		v.from_each = v.to_each = 1;
		v.n = old->size < new->size ? old->size : new->size;
	} else if (old->each == new->each && old->each > 8) {
		v.n *= old->each;
		v.from_each = v.to_each = 1;
	}
	return add(m, v);
}

static int plan(struct moves *m, const struct import *i, uint32_t old, uint32_t new,
		uint32_t from, uint32_t to, struct err *err);

static int plan_field(struct moves *m, const struct import *i, const struct legend_field *old,
		      const struct legend_field *new, uint32_t from, uint32_t to,
		      struct err *err)
{
	int rc = 0;

	if (old->type != new->type || !old->of != !new->of ||
	    (new->type != FIELD_PLAIN && !(is_integer(old->each) && is_integer(new->each))) ||
	    (new->type == FIELD_REF && old->each != sizeof(ref_t)))
		return err_set(err, -EINVAL, "field %s of its structs is something else",
			       new->name);
	from += old->off;
	to += new->off;
	if (!new->of)
		return add_plain(m, old, new, from, to) ? 0 :
			err_set(err, -EINVAL, "its structs have too many fields");
	for (uint32_t k = 0; rc == 0 && k < old->size / old->each &&
			     k < new->size / new->each; k++)
		rc = plan(m, i, old->of - 1, new->of - 1, from + k * old->each,
			  to + k * new->each, err);
	return rc;
}

static int plan(struct moves *m, const struct import *i, uint32_t old, uint32_t new,
		uint32_t from, uint32_t to, struct err *err)
{
	const struct legend_kind *k = &i->new.kind[new];
	int rc = 0;

	for (uint32_t f = 0; rc == 0 && f < k->n; f++) {
		const struct legend_field *field = &i->new.field[k->first + f], *was;

		if (field->type == FIELD_OWN)
			continue;
		was = legend_field_of(&i->old, old, field->name);
		if (was && was->type != FIELD_OWN)
			rc = plan_field(m, i, was, field, from, to, err);
	}
	return rc;
}

int moves_plan(struct moves *m, const struct import *i, uint32_t old, uint32_t new, uint32_t n,
	       struct err *err)
{
	m->n = 0;
	if (old == LEGEND_NONE && new == LEGEND_NONE)
		return add(m, (struct move){ 0, 0, n, 1, 1, FIELD_PLAIN }) ? 0 : -EINVAL;
	if (old == LEGEND_NONE || new == LEGEND_NONE)
		return err_set(err, -EINVAL, "it does not say what its structs are");
	return plan(m, i, old, new, 0, 0, err);
}

/* --- following it ---------------------------------------------------------------- */

static uint64_t load(const uint8_t *from, unsigned n)
{
	uint16_t h;
	uint32_t w;
	uint64_t d;

	switch (n) {
	case 1:
		return *from;
	case 2:
		memcpy(&h, from, 2);
		return h;
	case 4:
		memcpy(&w, from, 4);
		return w;
	default:
		memcpy(&d, from, 8);
		return d;
	}
}

static bool store(uint8_t *to, unsigned n, uint64_t v)
{
	uint16_t h = (uint16_t)v;
	uint32_t w = (uint32_t)v;

	switch (n) {
	case 1:
		*to = (uint8_t)v;
		return v <= UINT8_MAX;
	case 2:
		memcpy(to, &h, 2);
		return v <= UINT16_MAX;
	case 4:
		memcpy(to, &w, 4);
		return v <= UINT32_MAX;
	default:
		memcpy(to, &v, 8);
		return true;
	}
}

static uint64_t ref_now(const struct import *i, ref_t r)
{
	unsigned slab = REF_SLAB(r);
	uint32_t now = slab < SPACE_SLABS ? i->slab_now[slab] : NO_SLAB;

	if (!r)
		return 0;
	return (r & ~((ref_t)0xff << 48)) | (ref_t)(now < SPACE_SLABS ? now : NO_SLAB) << 48;
}

static bool sock_now(const struct import *i, uint64_t *sock)
{
	int now;

	if (!i->socks)
		return true;
	now = *sock < IMPORT_SOCKS ? i->socks->now[*sock] : -1;
	*sock = now < 0 ? IMPORT_NO_SOCK : (uint64_t)now;
	return now >= 0;
}

static bool go(const struct move *v, const struct import *i, const uint8_t *from, uint8_t *to)
{
	bool fits = true;

	for (uint32_t k = 0; k < v->n; k++) {
		uint64_t x = load(from + k * v->from_each, v->from_each);

		if (v->type == FIELD_REF)
			x = ref_now(i, x);
		else if (v->type == FIELD_SOCK)
			fits &= sock_now(i, &x);
		fits &= store(to + k * v->to_each, v->to_each, x);
	}
	return fits;
}

bool moves_run(const struct moves *m, const struct import *i, const uint8_t *from, uint8_t *to)
{
	bool fits = true;

	for (uint32_t k = 0; k < m->n; k++) {
		const struct move *v = &m->move[k];

		if (v->from_each == 1 && v->to_each == 1 && v->type == FIELD_PLAIN)
			memcpy(to + v->to, from + v->from, v->n);
		else
			fits &= go(v, i, from + v->from, to + v->to);
	}
	return fits;
}
