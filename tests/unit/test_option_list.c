#include "client/option_list.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct option_list l;
static struct err err;
static uint8_t out[4096];

static void begin(void)
{
	option_list_init(&l);
}

TestSuite(option_list, .init = begin);

static struct span written(void)
{
	struct writer w = writer_of(out, sizeof out);

	cr_assert(option_list_write(&l, &w));
	return span_of(out, (size_t)(w.p - out));
}

static void next(struct option_iter *it, unsigned number, const char *value, size_t n)
{
	struct option o = { 0 };

	cr_assert(option_next(it, &o));
	cr_expect_eq(o.number, number, "%u is not %u", o.number, number);
	cr_expect(span_eq(o.value, span_of(value, n)));
}

Test(option_list, what_comes_in_any_order_goes_in_ascending_order)
{
	struct option_iter it;
	struct option o = { 0 };

	option_list_add(&l, OPT_URI_QUERY, span_str("q"));
	option_list_add(&l, OPT_URI_PATH, span_str("a"));
	option_list_add(&l, 65535, span_str("z"));
	option_list_add_uint(&l, OPT_ACCEPT, 50);
	option_list_add(&l, OPT_URI_PATH, span_str("b"));
	option_list_add(&l, 0, span_str("0"));
	option_list_add_uint(&l, OPT_OBSERVE, 0);
	it = option_iter(written());
	next(&it, 0, "0", 1);
	next(&it, OPT_OBSERVE, "", 0);
	next(&it, OPT_URI_PATH, "a", 1);
	next(&it, OPT_URI_PATH, "b", 1);
	next(&it, OPT_URI_QUERY, "q", 1);
	next(&it, OPT_ACCEPT, "2", 1);
	next(&it, 65535, "z", 1);
	cr_expect_not(option_next(&it, &o));
}

Test(option_list, takes_encoded_options_too)
{
	struct span first;

	option_list_add(&l, OPT_URI_PATH, span_str("a"));
	option_list_add(&l, 2000, span_str("b"));
	first = written();
	begin();
	option_list_add_all(&l, first);
	cr_expect(option_list_has(&l, OPT_URI_PATH));
	cr_expect(option_list_has(&l, 2000));
	cr_expect_not(option_list_has(&l, OPT_ACCEPT));
}

Test(option_list, reads_what_a_person_writes)
{
	struct option_iter it;

	cr_expect_eq(option_list_parse(&l, "65001=0x00ff", &err), 0);
	cr_expect_eq(option_list_parse(&l, "uri-query=a=b", &err), 0);
	cr_expect_eq(option_list_parse(&l, "Accept=60", &err), 0);
	cr_expect_eq(option_list_parse(&l, "14=0x3c", &err), 0);
	cr_expect_eq(option_list_parse(&l, "If-None-Match=", &err), 0);
	cr_expect_eq(option_list_parse(&l, "2055=12", &err), 0);
	it = option_iter(written());
	next(&it, OPT_IF_NONE_MATCH, "", 0);
	next(&it, OPT_MAX_AGE, "\x3c", 1);
	next(&it, OPT_URI_QUERY, "a=b", 3);
	next(&it, OPT_ACCEPT, "\x3c", 1);
	next(&it, 2055, "12", 2);
	next(&it, 65001, "\0\xff", 2);
}

Test(option_list, what_is_wrong_is_told_and_not_taken)
{
	cr_expect_eq(option_list_parse(&l, "Uri-Pth=x", &err), -EINVAL);
	cr_expect(strstr(err.text, "did you mean Uri-Path?"), "%s", err.text);
	cr_expect_eq(option_list_parse(&l, "65536=x", &err), -EINVAL);
	cr_expect_eq(l.n, 0);
}

Test(option_list, what_does_not_fit_is_told)
{
	struct writer w = writer_of(out, sizeof out);

	for (unsigned i = 0; i < OPTION_LIST_MANY; i++)
		option_list_add_uint(&l, 9, i);
	cr_expect(option_list_write(&l, &w));
	option_list_add_uint(&l, 9, 1);
	cr_expect_not(option_list_write(&l, &w));
	begin();
	option_list_add(&l, 9, span_of(out, OPTION_LIST_BYTES + 1));
	cr_expect_not(option_list_write(&l, &w));
	begin();
	option_list_add(&l, 9, span_of(out, 100));
	w = writer_of(out, 50);
	cr_expect_not(option_list_write(&l, &w));
}
