#include "coap/option.h"
#include "vectors.h"

/* --- the table against the registry -------------------------------------------- */

static const char *format_names[] = {
	[VALUE_EMPTY] = "empty", [VALUE_OPAQUE] = "opaque",
	[VALUE_UINT] = "uint", [VALUE_STRING] = "string",
};

/* number,name,critical,unsafe,nocachekey,repeatable,format,min,max,default,
 * oscore_class,used_in,reference,status */
static void compare_row(char *field[])
{
	uint32_t number = (uint32_t)strtoul(field[0], NULL, 10);
	const struct option_def *def = option_def(number);
	const char *format = field[6] + (*field[6] == '"');
	bool many = def && def->use & (MANY_REQUEST | MANY_RESPONSE);

	cr_assert_not_null(def, "%s", field[1]);
	cr_assert_eq(def->number, number);
	cr_assert_str_eq(def->name, field[1]);
	cr_assert_eq(option_is_critical(number), *field[2] == 'x', "%s", def->name);
	cr_assert_eq(option_is_unsafe(number), *field[3] == 'x', "%s", def->name);
	cr_assert_eq(!option_is_unsafe(number) && option_is_nocachekey(number),
		     *field[4] == 'x', "%s", def->name);
	cr_assert_eq(many, *field[5] == 'x', "%s", def->name);
	if (!*format)
		return;
	cr_assert(!strncmp(format_names[def->format], format,
			   strlen(format_names[def->format])), "%s", def->name);
	cr_assert_eq(def->min, strtoul(field[7], NULL, 10), "%s", def->name);
	cr_assert_eq(def->max, strtoul(field[8], NULL, 10), "%s", def->name);
	cr_assert_eq(!!(def->use & USE_REQUEST), !!strstr(field[11], "request"), "%s", def->name);
	cr_assert_eq(!!(def->use & USE_RESPONSE), !!strstr(field[11], "response"), "%s", def->name);
}

Test(option, table_is_the_registry)
{
	FILE *f = fopen(vectors_path("option_numbers.csv"), "r");
	unsigned rows = 0, assigned = 0;
	char line[512], *field[14];

	cr_assert(f);
	cr_assert(fgets(line, sizeof line, f));
	while (fgets(line, sizeof line, f)) {
		cr_assert_eq(csv_split(line, field, 14), 14, "%s", line);
		if (!strstr(field[13], "assigned"))
			continue;
		compare_row(field);
		rows++;
	}
	fclose(f);
	for (uint32_t n = 0; n <= 70000; n++)
		assigned += option_def(n) != NULL;
	/* And Uri-Path-Abbrev, which a draft proposes. */
	cr_assert_eq(assigned, rows + 1);
	cr_assert_eq(rows, 33);
}

/* --- reading and writing ----------------------------------------------------- */

static uint8_t buffer[70000];

struct list {
	struct writer w;
	struct option_writer ow;
};

static struct list *list_new(void)
{
	static struct list l;

	l.w = writer_of(buffer, sizeof buffer);
	l.ow = option_writer(&l.w);
	return &l;
}

static struct span list_end(struct list *l)
{
	cr_assert(!l->w.full);
	return span_of(buffer, (size_t)(l->w.p - buffer));
}

static void add(struct list *l, uint32_t number, const char *value)
{
	option_write(&l->ow, number, span_str(value));
}

Test(option, what_is_written_is_read)
{
	static const struct { uint32_t number; size_t n; } rows[] = {
		{ 0, 0 }, { 1, 12 }, { 13, 13 }, { 26, 14 }, { 39, 268 },
		{ 308, 269 }, { 577, 270 }, { 577, 0 }, { 65535, 1034 },
	};
	static const uint8_t zeros[1034];
	struct list *l = list_new();
	struct option_iter it;
	struct option o = { 0 };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		option_write(&l->ow, rows[i].number, span_of(zeros, rows[i].n));
	it = option_iter(list_end(l));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_assert(option_next(&it, &o));
		cr_assert_eq(o.number, rows[i].number);
		cr_assert_eq(o.value.n, rows[i].n);
	}
	cr_assert(!option_next(&it, &o));
	cr_assert(!it.r.bad);
}

Test(option, longest_value)
{
	static const uint8_t zeros[OPTION_VALUE_MAX];
	struct list *l = list_new();
	struct option_iter it;
	struct option o = { 0 };

	option_write(&l->ow, 65535, span_of(zeros, sizeof zeros));
	it = option_iter(list_end(l));
	cr_assert(option_next(&it, &o));
	cr_assert_eq(o.value.n, OPTION_VALUE_MAX);
}

Test(option, full_writer_is_told)
{
	uint8_t small[4];
	struct writer w = writer_of(small, sizeof small);
	struct option_writer ow = option_writer(&w);

	option_write(&ow, OPT_URI_PATH, span_str("abc"));
	cr_assert(!w.full);
	option_write(&ow, OPT_URI_PATH, span_str(""));
	cr_assert(w.full);
}

/* Bytes that are no options; iteration ends with the error bit. */
static void expect_bad(const char *bytes, size_t n)
{
	struct option_iter it = option_iter(span_of(bytes, n));
	struct option o = { 0 };

	while (option_next(&it, &o))
		cr_assert_leq(o.value.p + o.value.n, (const uint8_t *)bytes + n);
	cr_assert(it.r.bad);
}

#define EXPECT_BAD(literal) expect_bad(literal, sizeof literal - 1)

Test(option, E24_nibble_15_is_malformed)
{
	EXPECT_BAD("\xf0");
	EXPECT_BAD("\xf1" "a");
	EXPECT_BAD("\x0f");
	EXPECT_BAD("\x1f" "0123456789abcdef0123456789abcdef");
	EXPECT_BAD("\xdf\x00" "0123456789abcdef0123456789abcdef");
	EXPECT_BAD("\xfd\x00" "0123456789abcdef0123456789abcdef");
	EXPECT_BAD("\xb1" "a" "\xfe" "aaa");
}

Test(option, E25_option_past_the_end)
{
	EXPECT_BAD("\x11");
	EXPECT_BAD("\xb3" "ab");
	EXPECT_BAD("\x1c" "0123456789a");
	EXPECT_BAD("\xd0");
	EXPECT_BAD("\xe0\x01");
	EXPECT_BAD("\x0d");
	EXPECT_BAD("\x0e\x01");
	EXPECT_BAD("\x0e\xff\xff" "short");
	EXPECT_BAD("\xdd\x01");
}

Test(option, E25_number_over_65535)
{
	/* 65535, then one more, in the short and in the extended form */
	EXPECT_BAD("\xe0\xfe\xf2" "\x10");
	EXPECT_BAD("\xe0\xfe\xf2" "\xd0\x00");
	EXPECT_BAD("\xe0\xfe\xf3");
	EXPECT_BAD("\xe0\xff\xff");
}

Test(option, E29_leading_zeros_are_read_and_not_written)
{
	uint8_t out[8];
	uint64_t v = 1;

	cr_assert(option_uint(span_of("\0\0\0\0", 4), &v));
	cr_assert_eq(v, 0);
	cr_assert(option_uint(span_of("\0\0\xff", 3), &v));
	cr_assert_eq(v, 255);
	cr_assert(option_uint(span_of("\0\0\0\0\0\0\0\0\0\x01\x02", 11), &v));
	cr_assert_eq(v, 0x102);
	cr_assert(option_uint(span_of("\xff\xff\xff\xff\xff\xff\xff\xff", 8), &v));
	cr_assert_eq(v, UINT64_MAX);
	cr_assert(!option_uint(span_of("\x01\0\0\0\0\0\0\0\0", 9), &v));
	cr_assert_eq(option_uint_encode(0, out), 0);
	cr_assert_eq(option_uint_encode(255, out), 1);
	cr_assert_eq(option_uint_encode(256, out), 2);
	cr_assert_arr_eq(out, "\x01\x00", 2);
	cr_assert_eq(option_uint_encode(UINT64_MAX, out), 8);
}

/* --- checking ---------------------------------------------------------------- */

/* What a server without a proxy, OSCORE or block-wise transfer understands. */
static struct option_set known(void)
{
	struct option_set set = { 0 };
	static const uint16_t numbers[] = {
		OPT_IF_MATCH, OPT_URI_HOST, OPT_ETAG, OPT_IF_NONE_MATCH,
		OPT_URI_PORT, OPT_URI_PATH, OPT_CONTENT_FORMAT, OPT_MAX_AGE,
		OPT_URI_QUERY, OPT_ACCEPT, OPT_NO_RESPONSE,
	};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		option_set_add(&set, numbers[i]);
	return set;
}

static enum option_verdict check(struct list *l, uint8_t code, struct option_fault *fault)
{
	struct option_set set = known();

	return option_check(list_end(l), code, &set, fault);
}

/* A single option in a GET. */
static enum option_verdict check_one(uint32_t number, const char *value,
				     struct option_fault *fault)
{
	struct list *l = list_new();

	add(l, number, value);
	return check(l, COAP_GET, fault);
}

Test(option, request_that_is_right)
{
	struct list *l = list_new();
	struct option_fault fault;

	add(l, OPT_IF_MATCH, "");
	add(l, OPT_IF_MATCH, "12345678");
	add(l, OPT_URI_HOST, "example.com");
	add(l, OPT_IF_NONE_MATCH, "");
	add(l, OPT_URI_PATH, "a");
	add(l, OPT_URI_PATH, "");
	add(l, OPT_URI_QUERY, "x=1");
	add(l, OPT_URI_QUERY, "y=2");
	add(l, OPT_ACCEPT, "");
	cr_assert_eq(check(l, COAP_GET, &fault), OPTIONS_OK);
	cr_assert_eq(fault.flaw, FLAW_NONE);
}

Test(option, E26_unknown_critical_is_bad)
{
	struct option_fault fault;

	cr_assert_eq(check_one(2051, "x", &fault), OPTIONS_BAD);
	cr_assert_eq(fault.number, 2051);
	cr_assert_eq(fault.flaw, FLAW_UNKNOWN);
	/* Assigned, but not understood here. */
	cr_assert_eq(check_one(OPT_OSCORE, "x", &fault), OPTIONS_BAD);
	cr_assert_eq(fault.number, OPT_OSCORE);
	cr_assert_eq(fault.flaw, FLAW_UNKNOWN);
	cr_assert_eq(check_one(OPT_BLOCK2, "", &fault), OPTIONS_BAD);
	cr_assert_eq(check_one(65535, "", NULL), OPTIONS_BAD);
}

Test(option, E26_unknown_elective_passes)
{
	cr_assert_eq(check_one(2048, "x", NULL), OPTIONS_OK);
	cr_assert_eq(check_one(OPT_OBSERVE, "toolong", NULL), OPTIONS_OK);
	cr_assert_eq(check_one(65534, "", NULL), OPTIONS_OK);
}

Test(option, E26_supported_set_switches_on)
{
	struct list *l = list_new();
	struct option_set set = known();

	add(l, OPT_BLOCK2, "\x06");
	cr_assert_eq(option_check(list_end(l), COAP_GET, &set, NULL), OPTIONS_BAD);
	option_set_add(&set, OPT_BLOCK2);
	cr_assert_eq(option_check(list_end(l), COAP_GET, &set, NULL), OPTIONS_OK);
}

Test(option, E27_repeated_single_use_critical_is_bad)
{
	struct list *l = list_new();
	struct option_fault fault;

	add(l, OPT_ACCEPT, "");
	add(l, OPT_ACCEPT, "");
	cr_assert_eq(check(l, COAP_GET, &fault), OPTIONS_BAD);
	cr_assert_eq(fault.number, OPT_ACCEPT);
	cr_assert_eq(fault.flaw, FLAW_REPEATED);
}

Test(option, E27_repeated_single_use_elective_passes)
{
	struct list *l = list_new();

	add(l, OPT_CONTENT_FORMAT, "");
	add(l, OPT_CONTENT_FORMAT, "");
	add(l, OPT_SIZE1, "");
	add(l, OPT_SIZE1, "");
	cr_assert_eq(check(l, COAP_PUT, NULL), OPTIONS_OK);
}

Test(option, E28_critical_of_wrong_length_is_bad)
{
	struct option_fault fault;

	cr_assert_eq(check_one(OPT_URI_HOST, "", &fault), OPTIONS_BAD);
	cr_assert_eq(fault.flaw, FLAW_LENGTH);
	cr_assert_eq(check_one(OPT_URI_PORT, "123", &fault), OPTIONS_BAD);
	cr_assert_eq(fault.flaw, FLAW_LENGTH);
	cr_assert_eq(check_one(OPT_IF_MATCH, "123456789", NULL), OPTIONS_BAD);
	cr_assert_eq(check_one(OPT_IF_NONE_MATCH, "1", NULL), OPTIONS_BAD);
}

Test(option, E28_longest_segment)
{
	struct list *l = list_new();
	uint8_t long_one[256];

	memset(long_one, 'a', sizeof long_one);
	option_write(&l->ow, OPT_URI_PATH, span_of(long_one, 255));
	cr_assert_eq(check(l, COAP_GET, NULL), OPTIONS_OK);
	option_write(&l->ow, OPT_URI_PATH, span_of(long_one, 256));
	cr_assert_eq(check(l, COAP_GET, NULL), OPTIONS_BAD);
}

Test(option, E30_reserved_numbers_are_unknown)
{
	static const uint32_t reserved[] = { 0, 128, 132, 136, 140 };

	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
		cr_assert_null(option_def(reserved[i]));
		cr_assert_eq(check_one(reserved[i], "x", NULL), OPTIONS_OK);
	}
}

Test(option, E31_invalid_utf8_is_bad)
{
	static const char *const bad[] = {
		"\xff", "\x80", "a\xc3", "\xc3(", "\xc0\xaf", "\xe0\x80\xaf",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
		"\xf0\x80\x80\x80", "\xe3\x81",
	};
	static const char *const good[] = {
		"", "a", "\xc3\xa9", "\xe3\x81\x93", "\xf0\x9f\x8c\xa1",
		"\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xef\xbf\xbf",
	};
	struct option_fault fault;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_assert_eq(check_one(OPT_URI_PATH, bad[i], &fault), OPTIONS_BAD, "%zu", i);
		cr_assert_eq(fault.flaw, FLAW_VALUE);
		cr_assert_eq(check_one(OPT_URI_QUERY, bad[i], NULL), OPTIONS_BAD, "%zu", i);
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		cr_assert_eq(check_one(OPT_URI_PATH, good[i], NULL), OPTIONS_OK, "%zu", i);
	/* Opaque values are nobody's text. */
	cr_assert_eq(check_one(OPT_IF_MATCH, "\xff\xfe", NULL), OPTIONS_OK);
}

Test(option, E31_slash_in_a_segment_is_part_of_it)
{
	struct list *l = list_new();
	struct option_iter it;
	struct option o = { 0 };

	add(l, OPT_URI_PATH, "a/b");
	cr_assert_eq(check(l, COAP_GET, NULL), OPTIONS_OK);
	it = option_iter(list_end(l));
	cr_assert(option_next(&it, &o));
	cr_assert_span(o.value, span_str("a/b"));
	cr_assert(!option_next(&it, &o));
}

Test(option, E31_dot_segments_are_bad)
{
	struct option_fault fault;

	cr_assert_eq(check_one(OPT_URI_PATH, ".", &fault), OPTIONS_BAD);
	cr_assert_eq(fault.flaw, FLAW_SEGMENT);
	cr_assert_eq(check_one(OPT_URI_PATH, "..", &fault), OPTIONS_BAD);
	cr_assert_eq(check_one(OPT_URI_PATH, "...", NULL), OPTIONS_OK);
	cr_assert_eq(check_one(OPT_URI_PATH, ".a", NULL), OPTIONS_OK);
	cr_assert_eq(check_one(OPT_URI_QUERY, "..", NULL), OPTIONS_OK);
}

Test(option, E41_critical_in_a_response)
{
	struct list *l = list_new();
	struct option_fault fault;

	add(l, OPT_ETAG, "1");
	add(l, OPT_CONTENT_FORMAT, "");
	cr_assert_eq(check(l, COAP_CONTENT, NULL), OPTIONS_OK);
	add(l, 2051, "");
	cr_assert_eq(check(l, COAP_CONTENT, NULL), OPTIONS_BAD);
	/* Uri-Path is not defined for responses (section 5.4). */
	l = list_new();
	add(l, OPT_URI_PATH, "a");
	cr_assert_eq(check(l, COAP_CONTENT, &fault), OPTIONS_BAD);
	cr_assert_eq(fault.flaw, FLAW_MISPLACED);
}

Test(option, E101_proxy_requests_are_told_apart)
{
	struct option_fault fault;
	struct option_set set = known();
	struct list *l;

	cr_assert_eq(check_one(OPT_PROXY_URI, "coap://a/", &fault), OPTIONS_PROXY);
	cr_assert_eq(fault.number, OPT_PROXY_URI);
	cr_assert_eq(check_one(OPT_PROXY_SCHEME, "coap", NULL), OPTIONS_PROXY);
	/* Malformed, it is an option like others. */
	cr_assert_eq(check_one(OPT_PROXY_SCHEME, "", NULL), OPTIONS_BAD);
	/* A proxy request whatever else is wrong. */
	l = list_new();
	add(l, OPT_OSCORE, "");
	add(l, OPT_PROXY_SCHEME, "coap");
	add(l, 2051, "");
	cr_assert_eq(check(l, COAP_GET, NULL), OPTIONS_PROXY);
	/* A server that is a proxy understands it. */
	l = list_new();
	add(l, OPT_PROXY_SCHEME, "coap");
	option_set_add(&set, OPT_PROXY_SCHEME);
	cr_assert_eq(option_check(list_end(l), COAP_GET, &set, NULL), OPTIONS_OK);
}

Test(option, flaws_have_words)
{
	for (unsigned f = FLAW_NONE; f <= FLAW_PROXY; f++)
		cr_assert_gt(strlen(option_flaw_text(f)), 0);
	cr_assert_str_eq(option_flaw_text(FLAW_REPEATED), "is repeated");
}
