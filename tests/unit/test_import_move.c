/* How single fields go over. */
#include "rig_space.h"

#include "base/import_move.h"

#include <errno.h>

struct here {
	struct object o;
	uint32_t a;
	uint16_t b;
	uint8_t c[6];
	uint32_t zero;
};

struct there {
	struct object o;
	uint8_t c[4];
	uint8_t b;
	uint8_t zero[3];
	uint64_t a;
};

static const struct mem_field here_rows[] = {
	FIELD_KIND(struct here, o, struct object, &object_kind),
	FIELD(struct here, a), FIELD(struct here, b), FIELD_ARRAY(struct here, c),
	FIELD(struct here, zero),
};

static const struct mem_field there_rows[] = {
	FIELD_KIND(struct there, o, struct object, &object_kind),
	FIELD_ARRAY(struct there, c), FIELD(struct there, b), FIELD_AS(struct there, zero, FIELD_OWN),
	FIELD(struct there, a),
};

static const struct mem_field odd_rows[] = {
	FIELD_KIND(struct there, o, struct object, &object_kind),
	FIELD_ARRAY(struct there, c), FIELD(struct there, b), FIELD_ARRAY(struct there, zero),
	FIELD_REFS(struct there, a),
};

static const struct mem_kind here_kind = KIND("one", struct here, here_rows);
static const struct mem_kind there_kind = KIND("one", struct there, there_rows);
static const struct mem_kind odd_kind = KIND("one", struct there, odd_rows);

static struct import i;
static struct moves m;
static struct err err;

static int plan(const struct mem_kind *from, const struct mem_kind *to)
{
	struct space_def def = { .slab = { { .name = "all", .magic = 1, .size = 32, .cap = 1 } },
				 .nslabs = 1 };

	def.slab[0].size = from->size;
	def.slab[0].kind = from;
	legend_make(&i.old, &def);
	def.slab[0].size = to->size;
	def.slab[0].kind = to;
	legend_make(&i.new, &def);
	cr_assert_eq(moves_init(&m), 0);
	return moves_plan(&m, &i, i.old.slab[0].kind, i.new.slab[0].kind, 0, &err);
}

Test(import_move, integers_change_their_width_and_arrays_are_cut)
{
	struct here h = { .a = 0xfedcba98, .b = 200, .c = "abcdef" };
	struct there t = { .zero = { 1, 2, 3 } };

	cr_assert_eq(plan(&here_kind, &there_kind), 0);
	cr_assert(moves_run(&m, &i, (void *)&h, (void *)&t));
	cr_expect_eq(t.a, 0xfedcba98);
	cr_expect_eq(t.b, 200);
	cr_expect_arr_eq(t.c, "abcd", 4);
	cr_expect_eq(t.zero[1], 2, "it is the importer's own");
	h.b = 256;
	cr_expect(!moves_run(&m, &i, (void *)&h, (void *)&t));
	moves_free(&m);
	cr_assert_eq(plan(&there_kind, &here_kind), 0);
	memset(&h, 0, sizeof h);
	cr_assert(moves_run(&m, &i, (void *)&t, (void *)&h));
	cr_expect_eq(h.a, 0xfedcba98);
	cr_expect_arr_eq(h.c, "abcd\0", 6);
	t.a = (uint64_t)1 << 32;
	cr_expect(!moves_run(&m, &i, (void *)&t, (void *)&h));
	moves_free(&m);
}

Test(import_move, neighbours_go_in_one)
{
	cr_assert_eq(plan(&here_kind, &here_kind), 0);
	cr_expect_eq(m.n, 1);
	cr_expect_eq(m.move[0].n, sizeof(struct here) - 4, "all but the object's first word");
	moves_free(&m);
}

Test(import_move, what_has_become_something_else_is_refused)
{
	cr_assert_eq(plan(&here_kind, &odd_kind), -EINVAL);
	cr_expect_str_eq(err.text, "field a of its structs is something else");
	moves_free(&m);
}
