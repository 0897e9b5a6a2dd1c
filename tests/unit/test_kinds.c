/* Whatever the engine and the layers above keep in a slot has a row for each field. */
#include "base/batch.h"
#include "base/counter.h"
#include "base/legend.h"
#include "exchange/kinds.h"
#include "resource/fetch.h"
#include "resource/task.h"
#include "rig.h"

#include <criterion/criterion.h>

static struct space_def def;

static void setup(void)
{
	struct engine_limits limits = rig_limits();

	engine_layout(&def, &limits);
	task_layout(&def, 4);
	fetch_layout(&def, 4);
}

TestSuite(kinds, .init = setup);

static void expect_whole(const struct mem_kind *k, size_t size)
{
	cr_expect_eq(k->size, size, "%s has %u bytes", k->name, k->size);
	cr_expect_eq(kind_gap(k), size, "%s has no row, or two, for its byte %u", k->name,
		     kind_gap(k));
}

Test(kinds, every_byte_has_a_row)
{
	expect_whole(&space_kind, sizeof(struct space_ctl));
	expect_whole(&counters_kind, sizeof ((struct space_ctl *)0)->counter);
	expect_whole(def.root_kind, sizeof(struct engine_root));
	expect_whole(def.extra_kind, def.extra);
	for (unsigned i = 0; i < def.nslabs; i++) {
		cr_assert(def.slab[i].kind, "%s are of no kind", def.slab[i].name);
		expect_whole(def.slab[i].kind, def.slab[i].size);
	}
}

/* By names alone are they found again. */
Test(kinds, no_two_fields_of_a_kind_have_one_name)
{
	static struct legend l;

	legend_make(&l, &def);
	for (uint32_t k = 0; k < l.head->nkinds; k++)
		for (uint32_t i = 0; i < l.kind[k].n; i++) {
			const struct legend_field *f = &l.field[l.kind[k].first + i];

			cr_expect_eq(legend_field_of(&l, k, f->name), f, "%s.%s",
				     l.kind[k].name, f->name);
		}
	for (uint32_t i = 0; i < l.head->nslabs; i++)
		cr_expect_eq(legend_slab_of(&l, l.slab[i].name), i);
}
