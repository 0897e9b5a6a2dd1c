#include "base/kind.h"

static uint32_t field_gap(const struct mem_field *f)
{
	if (!f->size || !f->each || f->size % f->each || (f->of && f->each != f->of->size))
		return f->off;
	return f->of && kind_gap(f->of) < f->of->size ? f->off + kind_gap(f->of) :
							f->off + f->size;
}

uint32_t kind_gap(const struct mem_kind *k)
{
	uint32_t at = 0;

	for (unsigned i = 0; i < k->n && k->field[i].off == at; i++) {
		uint32_t to = field_gap(&k->field[i]);

		if (to < at + k->field[i].size)
			return to;
		at = to;
	}
	return at;
}
