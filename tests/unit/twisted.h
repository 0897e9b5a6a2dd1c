/* twisted.h - for tests: a layout as another binary might have it, of the same things. */
#ifndef UNIT_TWISTED_H
#define UNIT_TWISTED_H

#include "base/slab.h"

#include <assert.h>

#define TWISTED_KINDS 128u
#define TWISTED_FIELDS 32u

/* The kind with its fields in the reverse order, words twice as wide, and something new
 * in between; an object's head is where it was. */
static inline const struct mem_kind *twisted_kind(const struct mem_kind *k)
{
	static struct mem_kind kinds[TWISTED_KINDS];
	static struct mem_field fields[TWISTED_KINDS][TWISTED_FIELDS];
	static unsigned made;
	struct mem_kind *t = &kinds[made];
	struct mem_field *f = fields[made];
	unsigned n = 0;
	uint32_t at = 0;

	if (k == &object_kind)
		return k;
	assert(++made <= TWISTED_KINDS && k->n < TWISTED_FIELDS);
	for (unsigned i = 0; i < k->n; i++) {
		unsigned from = k->field[0].of == &object_kind ? i ? k->n - i : 0 : k->n - 1 - i;
		struct mem_field *to = &f[n++];
		uint32_t many = k->field[from].size / k->field[from].each;

		*to = k->field[from];
		to->off = at;
		if (to->of) {
			to->of = twisted_kind(to->of);
			to->each = to->of->size;
		} else if (to->each == 4) {
			to->each = 8;
		} else if (to->type == FIELD_SOCK) {
			to->each = 4;
		}
		to->size = many * to->each;
		at += to->size;
	}
	f[n++] = (struct mem_field){ "novel", at, 8 + (8 - at % 8) % 8, 1, FIELD_PLAIN, NULL };
	*t = (struct mem_kind){ k->name, f[n - 1].off + f[n - 1].size, f, n };
	return t;
}

/* All that def has, the slabs in the reverse order too. */
static inline void twisted_def(const struct space_def *def, struct space_def *t)
{
	*t = *def;
	for (unsigned i = 0; i < def->nslabs; i++) {
		struct slab_def *s = &t->slab[def->nslabs - 1 - i];

		*s = def->slab[i];
		s->magic ^= 0x0ff0;
		s->kind = twisted_kind(s->kind);
		s->size = s->kind->size;
		s->cap += 3;
	}
	t->windowed = def->nslabs - 1 - (def->windowed + 1);
	t->windows.class[0] = def->windows.class[1];
	t->windows.class[1] = def->windows.class[0];
	for (unsigned c = 0; c < WINDOWS_CLASSES; c++)
		t->windows.class[c].n = t->slab[t->windowed + c].cap;
	t->root_kind = twisted_kind(def->root_kind);
	t->extra_kind = twisted_kind(def->extra_kind);
	t->extra = t->extra_kind->size;
}

#endif
