/* Links as JSON and as CBOR (draft-ietf-core-links-json-10, section 2). */
#include <criterion/criterion.h>

#include "coap/linkdata.h"
#include "coap/linkparse.h"

#include <stdio.h>

/* The example of section 2.4.1 of the draft, which is that of RFC 6690 section 5. */
static const char example[] =
	"</sensors>;ct=40;title=\"Sensor Index\","
	"</sensors/temp>;rt=\"temperature-c\";if=\"sensor\","
	"</sensors/light>;rt=\"light-lux\";if=\"sensor\","
	"<http://www.example.com/sensors/t123>;anchor=\"/sensors/temp\";rel=\"describedby\","
	"</t>;anchor=\"/sensors/temp\";rel=\"alternate\"";

static uint8_t out[4096];

static size_t count(const char *text)
{
	static struct link_parse p;
	struct link link;
	struct err err;
	size_t n = 0;

	for (link_parse(&p, span_str(text)); link_parse_next(&p, &link, &err) > 0;)
		n++;
	return n;
}

/* Writes the links of a text, the window bytes from offset on; the total. */
static size_t write_window(const char *text, enum link_notation notation, size_t offset,
			   size_t window, uint8_t *at, size_t *written)
{
	struct link_stream s = link_stream(writer_of(at, window), offset);
	static struct link_parse p;
	struct link link;
	struct err err;

	linkdata_begin(&s, notation, count(text));
	for (link_parse(&p, span_str(text)); link_parse_next(&p, &link, &err) > 0;)
		linkdata_add(&s, notation, &link);
	linkdata_end(&s, notation);
	*written = (size_t)(s.w.p - at);
	return s.total;
}

static struct span write_all(const char *text, enum link_notation notation)
{
	size_t n, total = write_window(text, notation, 0, sizeof out, out, &n);

	cr_assert_eq(n, total);
	return span_of(out, n);
}

static void expect(const char *text, enum link_notation notation, const void *bytes, size_t n)
{
	struct span got = write_all(text, notation);

	cr_assert(span_eq(got, span_of(bytes, n)), "%.*s", (int)got.n, (const char *)got.p);
}

#define EXPECT(text, notation, bytes) expect(text, notation, bytes, sizeof bytes - 1)

Test(linkdata, text)
{
	EXPECT(example, LINKS_TEXT, example);
	EXPECT("", LINKS_TEXT, "");
}

Test(linkdata, json)
{
	EXPECT(example, LINKS_JSON,
	       "[{\"href\":\"/sensors\",\"ct\":\"40\",\"title\":\"Sensor Index\"},"
	       "{\"href\":\"/sensors/temp\",\"rt\":\"temperature-c\",\"if\":\"sensor\"},"
	       "{\"href\":\"/sensors/light\",\"rt\":\"light-lux\",\"if\":\"sensor\"},"
	       "{\"href\":\"http://www.example.com/sensors/t123\",\"anchor\":\"/sensors/temp\","
	       "\"rel\":\"describedby\"},"
	       "{\"href\":\"/t\",\"anchor\":\"/sensors/temp\",\"rel\":\"alternate\"}]");
	EXPECT("", LINKS_JSON, "[]");
	EXPECT("</a>;obs", LINKS_JSON, "[{\"href\":\"/a\",\"obs\":true}]");
}

Test(linkdata, json_strings_are_escaped)
{
	EXPECT("</a>;title=\"a\\\"b\\\\c\td\xc3\xa9\"", LINKS_JSON,
	       "[{\"href\":\"/a\",\"title\":\"a\\\"b\\\\c\\u0009d\xc3\xa9\"}]");
}

/* The bytes that the draft prints for the example. */
Test(linkdata, cbor)
{
	EXPECT(example, LINKS_CBOR,
	       "\x85\xa3\x01\x68/sensors\x0c\x62" "40\x07\x6cSensor Index"
	       "\xa3\x01\x6d/sensors/temp\x09\x6dtemperature-c\x0a\x66sensor"
	       "\xa3\x01\x6e/sensors/light\x09\x69light-lux\x0a\x66sensor"
	       "\xa3\x01\x78\x23http://www.example.com/sensors/t123\x03\x6d/sensors/temp"
	       "\x02\x6b" "describedby"
	       "\xa3\x01\x62/t\x03\x6d/sensors/temp\x02\x69" "alternate");
	EXPECT("", LINKS_CBOR, "\x80");
	EXPECT("</a>;obs;ep=\"x\"", LINKS_CBOR, "\x81\xa3\x01\x62/a\x0d\xf5\x62" "ep\x61x");
}

Test(linkdata, cbor_lengths)
{
	static char text[70100];

	for (unsigned n = 255; n <= 256; n++) {
		snprintf(text, sizeof text, "<%0*d>", (int)n, 0);
		cr_assert_eq(memcmp(write_all(text, LINKS_CBOR).p,
				    n == 255 ? "\x81\xa1\x01\x78\xff" : "\x81\xa1\x01\x79\x01", 5), 0);
	}
}

/* Any window of any notation is that part of the whole. */
Test(linkdata, windows)
{
	static uint8_t pieces[4096];

	for (enum link_notation notation = LINKS_TEXT; notation <= LINKS_CBOR; notation++)
		for (size_t window = 1; window < 70; window++) {
			struct span whole = write_all(example, notation);
			size_t at = 0, n;

			while (at < whole.n) {
				size_t total = write_window(example, notation, at, window,
							    pieces + at, &n);

				cr_assert_eq(total, whole.n);
				cr_assert_gt(n, 0);
				at += n;
			}
			cr_assert(span_eq(span_of(pieces, at), whole), "window %zu", window);
		}
}
