#include "desk_help.h"

#include "control/roster.h"
#include "watched.h"

/* Both slots are the same memory, of an engine that has observers. */
static void begin(void)
{
	fresh();
	help_open(&r->def);
	for (unsigned i = 0; i < HELP_SLOTS; i++)
		view_open(&help_view[i], r->mem, &help_def);
}

static void end(void)
{
	help_close();
	teardown();
}

TestSuite(roster, .init = begin, .fini = end);

static unsigned lines_with(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

Test(roster, nobody_is_an_empty_list)
{
	cr_expect_str_eq(help_ask("{\"do\":\"peers\"}"), "\"end\":true\n");
	cr_expect_str_eq(help_ask("{\"do\":\"observers\"}"), "\"end\":true\n");
}

Test(roster, all_slots_are_gone_through)
{
	const char *text;

	enter(1, "ab");
	enter(2, "ab");
	enter(2, "ac");
	text = help_ask("{\"do\":\"peers\"}");
	cr_expect_eq(lines_with(text, "\"peer\":"), 4);
	cr_expect_eq(lines_with(text, "\"slot\":1"), 2);
	cr_expect_eq(lines_with(text, "\"observers\":2"), 2);
	text = help_ask("{\"do\":\"observers\"}");
	cr_expect_eq(lines_with(text, "\"peer\":"), 6);
	cr_expect_eq(lines_with(text, "\"request\":\"4"), 6);
	cr_expect_eq(lines_with(text, "\"end\":true\n"), 1);
}

Test(roster, one_peer_or_all_of_one_address)
{
	enter(1, "ab");
	enter(2, "ab");
	cr_expect_eq(lines_with(help_ask("{\"do\":\"peers\",\"peer\":\"[::1]:1001\"}"),
				"\"peer\":\"[::1]:1001\""), 2);
	cr_expect_eq(lines_with(help_ask("{\"do\":\"observers\",\"peer\":\"[::2]\"}"),
				"\"peer\":"), 2);
	cr_expect_eq(lines_with(help_ask("{\"do\":\"peers\",\"peer\":\"[::1]:1002\"}"),
				"\"peer\":"), 0);
}

/* However many there are, a step is over soon. */
Test(roster, a_step_looks_at_few_places)
{
	struct space_def def = r->def;
	char line[4096];
	struct inquiry a;
	unsigned steps = 0;
	struct record record;

	help_close();
	def.slab[SLAB_ENDPOINT].cap = 10 * ROSTER_PLACES;
	help_open(&def);
	for (unsigned i = 0; i < HELP_SLOTS; i++)
		((struct space_ctl *)help_mem[i])->hwm[SLAB_ENDPOINT] = 10 * ROSTER_PLACES;
	cr_assert(inquiry_begin(&a, &help_desk, span_str("{\"do\":\"peers\"}")));
	do
		record = record_of(line, sizeof line);
	while (steps++ < 100 && a.step(&a, &record));
	cr_expect_geq(steps, 20);
	cr_expect_leq(steps, 22);
}
