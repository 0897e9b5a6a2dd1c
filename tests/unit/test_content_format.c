#include "coap/content_format.h"
#include "vectors.h"

/* --- the table against the registry ------------------------------------------ */

/* A field without the quotes and doubled quotes that CSV puts around it. */
static void unquote(char *s)
{
	bool quoted = *s == '"';
	char *out = s;

	for (char *in = s + quoted; *in && !(quoted && !strcmp(in, "\"")); in++) {
		in += quoted && in[0] == '"' && in[1] == '"';
		*out++ = *in;
	}
	*out = '\0';
}

static bool ends_in(const char *s, const char *tail)
{
	return strlen(s) >= strlen(tail) && !strcmp(s + strlen(s) - strlen(tail), tail);
}

/* What the structured syntax of a media type without parameters says. */
static void expect_kind(const char *type, enum content_kind kind)
{
	static const struct { const char *tail; enum content_kind kind; } tails[] = {
		{ "json", CONTENT_JSON }, { "jer", CONTENT_JSON }, { "xml", CONTENT_XML },
		{ "cbor", CONTENT_CBOR }, { "cose", CONTENT_CBOR }, { "cwt", CONTENT_CBOR },
		{ "cbor-seq", CONTENT_CBOR_SEQ }, { "link-format", CONTENT_LINKS },
		{ "exi", CONTENT_OPAQUE }, { "tlv", CONTENT_OPAQUE }, { "uper", CONTENT_OPAQUE },
		{ "jwt", CONTENT_TEXT }, { "css", CONTENT_TEXT }, { "octet-stream", CONTENT_OPAQUE },
	};

	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++)
		if (ends_in(type, tails[i].tail))
			cr_expect_eq(kind, tails[i].kind, "%s", type);
}

/* id,media_type,content_coding,status,reference,confirmed_by */
static void compare_row(char *field[])
{
	uint32_t number = (uint32_t)strtoul(field[0], NULL, 10);
	const struct content_format *row = content_format(number);
	char type[256], name[300];
	uint16_t found = 1;
	struct err e = { "" };

	unquote(field[1]);
	cr_assert_not_null(row, "%s", field[0]);
	cr_assert_eq(row->number, number);
	snprintf(name, sizeof name, "%s%s%s", field[1], *field[2] ? "@" : "", field[2]);
	cr_expect_eq(content_format_find(name, &found, &e), 0, "%s: %s", name, e.text);
	cr_expect_eq(found, number, "%s is %u", name, found);
	cr_expect_eq(content_format_find(row->name, &found, &e), 0);
	cr_expect_eq(found, number);
	cr_expect_eq(content_format_find(strchr(row->name, '/') + 1, &found, &e), 0);
	cr_expect_eq(found, number, "no two end in %s", strchr(row->name, '/') + 1);
	cr_expect_null(strchr(row->name, ' '));
	snprintf(type, sizeof type, "%.*s", (int)strcspn(field[1], ";"), field[1]);
	if (*field[2])
		cr_expect_eq(row->kind, CONTENT_OPAQUE, "%s", name);
	else
		expect_kind(type, row->kind);
}

Test(content_format, table_is_the_registry)
{
	FILE *f = fopen(vectors_path("content_formats.csv"), "r");
	char line[512], *field[6];
	size_t rows = 0, nth = 0;

	cr_assert(f);
	cr_assert(fgets(line, sizeof line, f));
	while (fgets(line, sizeof line, f)) {
		cr_assert_eq(csv_split(line, field, 6), 6, "%s", line);
		compare_row(field);
		rows++;
	}
	fclose(f);
	cr_assert_eq(rows, 110);
	for (const struct content_format *row; (row = content_format_row(nth)); nth++)
		cr_assert_eq(content_format(row->number), row, "rows are sorted");
	cr_assert_eq(nth, rows);
	cr_assert_null(content_format_row(SIZE_MAX));
}

Test(content_format, unregistered_numbers_have_no_row)
{
	cr_assert_null(content_format(1));
	cr_assert_null(content_format(65535));
	cr_assert_null(content_format(UINT32_MAX));
	cr_assert_eq(content_format_kind(65535), CONTENT_OPAQUE);
	cr_assert_eq(content_format_kind(CONTENT_FORMAT_LINKS), CONTENT_LINKS);
	cr_assert_eq(content_format_kind(63), CONTENT_CBOR_SEQ);
}

Test(content_format, text_is_what_people_read)
{
	cr_assert(content_kind_is_text(content_format_kind(CONTENT_FORMAT_TEXT)));
	cr_assert(content_kind_is_text(content_format_kind(CONTENT_FORMAT_LINKS)));
	cr_assert(content_kind_is_text(content_format_kind(CONTENT_FORMAT_JSON)));
	cr_assert(content_kind_is_text(content_format_kind(310)));
	cr_assert(!content_kind_is_text(content_format_kind(CONTENT_FORMAT_CBOR)));
	cr_assert(!content_kind_is_text(content_format_kind(CONTENT_FORMAT_OCTETS)));
	cr_assert(!content_kind_is_text(content_format_kind(12000)), "it is compressed");
}

/* --- names that people type -------------------------------------------------- */

Test(content_format, names_are_found)
{
	static const struct { const char *name; uint16_t number; } names[] = {
		{ "text", 0 }, { "TEXT", 0 }, { "plain", 0 }, { "text/plain", 0 },
		{ "text/plain; charset=UTF-8", 0 }, { "text / plain ;charset = utf-8", 0 },
		{ "json", 50 }, { "Application/JSON", 50 }, { "cbor", 60 }, { "xml", 41 },
		{ "link-format", 40 }, { "octet-stream", 42 }, { "senml+json", 110 },
		{ "senml+cbor", 112 }, { "cbor-seq", 63 }, { "svg+xml", 30000 },
		{ "json@deflate", 11050 }, { "application/json@zstd", 12050 },
		{ "cose; cose-type=cose-sign1", 18 },
		{ "application/cose;cose-type=\"COSE-sign1\"", 18 },
		{ "yang-data+cbor", 340 }, { "yang-data+cbor; id=sid", 140 },
		{ "application/eat+cwt", 263 }, { "aif+cbor", 290 },
		{ "0", 0 }, { "50", 50 }, { "65535", 65535 }, { "000050", 50 },
	};
	struct err e = { "" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		uint16_t number = 1;

		cr_expect_eq(content_format_find(names[i].name, &number, &e), 0, "%s: %s",
			     names[i].name, e.text);
		cr_expect_eq(number, names[i].number, "%s is %u", names[i].name, number);
	}
}

static void expect_refused(const char *name, const char *why)
{
	struct err e = { "" };
	uint16_t number = 7;

	cr_expect_lt(content_format_find(name, &number, &e), 0, "%s", name);
	cr_expect_eq(number, 7);
	cr_expect(strstr(e.text, why), "%s: said \"%s\"", name, e.text);
}

Test(content_format, wrong_names_are_told_what_was_meant)
{
	expect_refused("jsno", "\"jsno\" is not known; did you mean json?");
	expect_refused("aplication/json", "did you mean application/json?");
	expect_refused("text/plian", "did you mean text/plain?");
	expect_refused("Link-Fromat", "did you mean link-format?");
	expect_refused("txt", "did you mean text?");
	expect_refused("", "content format \"\" is not known");
	expect_refused("nothing like it", "any number up to 65535");
	expect_refused("-1", "not known");
	expect_refused("0x32", "not known");
	expect_refused("65536", "65536 is above 65535");
	expect_refused("4294967346", "above 65535");
	expect_refused("99999999999999999999999999", "above 65535");
}

Test(content_format, names_of_several_ask_which)
{
	expect_refused("cose", "\"cose\" may be application/cose;cose-type=\"cose-encrypt0\" (16), ");
	expect_refused("application/cose", "cose-type=\"cose-sign\" (98); which one?");
	expect_refused("pkcs7-mime", "smime-type=server-generated-key (280), application/"
		       "pkcs7-mime;smime-type=certs-only (281); which one?");
}
