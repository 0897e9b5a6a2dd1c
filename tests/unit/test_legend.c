/* What a space says of its layout, and what is believed of that. */
#include "rig_space.h"

#include "base/legend.h"

#include <errno.h>

static const struct mem_field thing_rows[] = {
	FIELD_KIND(struct thing, o, struct object, &object_kind),
	FIELD_ARRAY(struct thing, word),
};

static const struct mem_kind thing_kind = KIND("thing", struct thing, thing_rows);

static struct space_def def;
static struct legend made, got;
static struct space s;
static struct err err;
static uint64_t size;
static void *mem;

static void teardown(void)
{
	free(mem);
	mem = NULL;
}

static void setup(void)
{
	teardown();
	def = rig_def;
	def.slab[SLAB_THING].kind = &thing_kind;
	def.windowed = SLAB_OTHER;
	def.windows.class[0].n = OTHER_CAP;
	def.windows.class[0].size = 3 * WINDOWS_PAGE;
	def.windows.class[0].tail = 2 * WINDOWS_PAGE;
	size = space_size(&def) + windows_size(&def.windows);
	mem = aligned_alloc(4096, space_size(&def));
	memset(mem, 0, space_size(&def));
	legend_make(&made, &def);
	cr_assert_eq(space_open(&s, mem, &def, 7, &rig_key), SPACE_NEW);
	unpoison(mem, space_size(&def));
}

TestSuite(legend, .init = setup, .fini = teardown);

static int see(void)
{
	return legend_read(&got, mem, space_size(&def), size, &err);
}

/* As if it were meant. */
static int see_again(void)
{
	memcpy(got.bytes, (uint8_t *)mem + s.ctl->legend_at, made.n);
	got.n = made.n;
	s.ctl->layout = legend_hash(&got);
	return see();
}

static struct legend_slab *slab(unsigned i)
{
	return (void *)((uint8_t *)mem + s.ctl->legend_at +
			((const uint8_t *)&made.slab[i] - made.bytes));
}

static struct legend_field *field(unsigned i)
{
	return (void *)((uint8_t *)mem + s.ctl->legend_at +
			((const uint8_t *)&made.field[i] - made.bytes));
}

Test(legend, it_is_read_as_it_was_made)
{
	const struct legend_field *word;

	cr_assert_eq(see(), 0, "%s", err.text);
	cr_expect_eq(got.n, made.n);
	cr_expect_arr_eq(got.bytes, made.bytes, made.n);
	cr_expect_eq(legend_slab_of(&got, "others"), SLAB_OTHER);
	cr_expect_eq(legend_slab_of(&got, "nothing"), LEGEND_NONE);
	cr_expect_eq(got.slab[SLAB_THING].at, space_slab_at(&def, SLAB_THING));
	cr_expect_eq(got.slab[SLAB_THING].window, 0);
	cr_expect_eq(got.slab[SLAB_OTHER].window_at, space_size(&def));
	cr_expect_eq(got.slab[SLAB_OTHER].tail, 2 * WINDOWS_PAGE);
	word = legend_field_of(&got, got.slab[SLAB_THING].kind, "word");
	cr_assert(word);
	cr_expect_eq(word->off, offsetof(struct thing, word));
	cr_expect_eq(word->each, 4);
}

Test(legend, it_tells_its_capacities)
{
	struct space_def was, small = def;

	cr_assert_eq(see(), 0);
	legend_def(&got, &was);
	small.slab[SLAB_THING].cap = 1;
	small.slab[SLAB_OTHER].cap = small.windows.class[0].n = OTHER_CAP + 1;
	small.windows.class[0].size = 2 * WINDOWS_PAGE;
	small.windows.class[0].tail = WINDOWS_PAGE;
	space_hold(&small, &was);
	cr_expect_eq(small.slab[SLAB_THING].cap, THING_CAP);
	cr_expect_eq(small.slab[SLAB_OTHER].cap, OTHER_CAP + 1);
	cr_expect_eq(small.windows.class[0].n, OTHER_CAP + 1);
	cr_expect_eq(small.windows.class[0].size, 3 * WINDOWS_PAGE);
	cr_expect_eq(small.windows.class[0].tail, 2 * WINDOWS_PAGE);
}

Test(legend, another_layout_has_another_hash)
{
	static struct legend l;
	struct space_def d[4] = { def, def, def, def };

	d[0].slab[SLAB_THING].cap++;
	d[1].slab[SLAB_THING].kind = NULL;
	d[2].windows.class[0].size += WINDOWS_PAGE;
	d[3].extra += 8;
	for (unsigned i = 0; i < 4; i++) {
		legend_make(&l, &d[i]);
		cr_expect_neq(legend_hash(&l), legend_hash(&made), "%u", i);
	}
	d[0] = def;
	d[0].slab[SLAB_THING].beyond = 3;
	legend_make(&l, &d[0]);
	cr_expect_eq(legend_hash(&l), legend_hash(&made), "a limit is no layout");
}

Test(legend, no_state_is_no_damage)
{
	s.ctl->layout = 0;
	cr_expect_eq(see(), -ENODATA);
	setup();
	s.ctl->magic = 0;
	cr_expect_eq(see(), -ENODATA);
}

Test(legend, what_makes_no_sense_is_refused)
{
	s.ctl->magic--;
	cr_expect_eq(see(), -EINVAL);
	cr_expect_str_eq(err.text, "it is of an unknown kind");
	setup();
	s.ctl->legend_at = (uint32_t)space_size(&def);
	cr_expect_eq(see(), -EINVAL);
	cr_expect_str_eq(err.text, "it does not say how it is laid out");
	setup();
	s.ctl->legend_n = LEGEND_MAX + 1;
	cr_expect_eq(see(), -EINVAL);
	setup();
	slab(0)->cap++;
	cr_expect_eq(see(), -EINVAL);
	cr_expect_str_eq(err.text, "what it says of its layout is damaged");
	setup();
	slab(1)->cap = UINT32_MAX;
	cr_expect_eq(see_again(), -EINVAL);
	cr_expect_str_eq(err.text, "its slabs make no sense");
	setup();
	slab(1)->window_at = UINT64_MAX - 4095;
	cr_expect_eq(see_again(), -EINVAL);
	setup();
	field(0)->off = UINT32_MAX;
	cr_expect_eq(see_again(), -EINVAL);
	cr_expect_str_eq(err.text, "its structs make no sense");
	setup();
	field(0)->of = (uint16_t)made.head->nkinds;
	cr_expect_eq(see_again(), -EINVAL);
	setup();
	((struct legend_head *)(void *)((uint8_t *)mem + s.ctl->legend_at))->version++;
	cr_expect_eq(see_again(), -EINVAL);
	cr_expect_str_eq(err.text, "it is laid out in version 2, and 1 is known");
	cr_expect_eq(legend_read(&got, mem, 8, size, &err), -EINVAL);
}
