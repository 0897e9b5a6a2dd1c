/* Rows that cover a struct, and rows that do not. */
#include "base/addr.h"
#include "base/kind.h"

#include <criterion/criterion.h>

struct part {
	uint32_t a, b;
};

struct whole {
	uint64_t first;
	struct part part[2];
	uint16_t list[4];
};

static const struct mem_field part_rows[] = { FIELD(struct part, a), FIELD(struct part, b) };
static const struct mem_field part_less_rows[] = { FIELD(struct part, a) };
static const struct mem_kind part_kind = KIND("part", struct part, part_rows);
static const struct mem_kind part_less_kind = KIND("part", struct part, part_less_rows);

static uint32_t gap(const struct mem_field *rows, unsigned n)
{
	struct mem_kind k = { "whole", sizeof(struct whole), rows, n };

	return kind_gap(&k);
}

Test(kind, rows_without_a_gap)
{
	const struct mem_field rows[] = {
		FIELD(struct whole, first),
		FIELD_KIND(struct whole, part, struct part, &part_kind),
		FIELD_ARRAY(struct whole, list),
	};

	cr_expect_eq(gap(rows, 3), sizeof(struct whole));
	cr_expect_eq(gap(rows, 2), offsetof(struct whole, list));
	cr_expect_eq(gap(rows + 1, 2), 0);
	cr_expect_eq(kind_gap(&part_kind), sizeof(struct part));
}

Test(kind, a_part_with_a_gap_is_one_of_the_whole)
{
	const struct mem_field rows[] = {
		FIELD(struct whole, first),
		FIELD_KIND(struct whole, part, struct part, &part_less_kind),
		FIELD_ARRAY(struct whole, list),
	};

	cr_expect_eq(gap(rows, 3), 12);
}

Test(kind, elements_make_up_their_field)
{
	const struct mem_field three[] = {
		FIELD(struct whole, first),
		FIELD_KIND(struct whole, part, struct part, &part_kind),
		FIELD_ROW(struct whole, list, 3, FIELD_PLAIN, NULL),
	};
	const struct mem_field other[] = {
		FIELD(struct whole, first),
		FIELD_KIND(struct whole, part, uint32_t, &part_kind),
	};

	cr_expect_eq(gap(three, 3), offsetof(struct whole, list));
	cr_expect_eq(gap(other, 2), offsetof(struct whole, part));
}
