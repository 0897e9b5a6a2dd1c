#include "coap/describe.h"
#include "coap/block.h"
#include "coap/frame_udp.h"
#include "vectors.h"

/* --- making messages --------------------------------------------------------- */

/* A message whose options are added in the order of their numbers. */
struct draft {
	struct message m;
	struct writer w;
	struct option_writer ow;
	uint8_t bytes[70000];
};

static struct draft *draft(uint8_t type, uint8_t code, uint16_t mid, const char *token)
{
	static struct draft d;

	d.m = (struct message){ .type = type, .code = code, .mid = mid,
				.token = span_str(token) };
	d.w = writer_of(d.bytes, sizeof d.bytes);
	d.ow = option_writer(&d.w);
	return &d;
}

static void add(struct draft *d, uint32_t number, const char *text)
{
	option_write(&d->ow, number, span_str(text));
}

static void add_uint(struct draft *d, uint32_t number, uint64_t v)
{
	option_write_uint(&d->ow, number, v);
}

static char text[DESCRIBE_LINE + 1];

static const char *ended(struct writer *w)
{
	*w->p = '\0';
	return text;
}

static const char *described(struct draft *d, const struct describe_style *style)
{
	struct writer w = writer_of(text, sizeof text - 1);

	cr_assert(!d->w.full);
	d->m.options = span_of(d->bytes, (size_t)(d->w.p - d->bytes));
	describe_message(&w, &d->m, style);
	cr_assert(!w.full);
	return ended(&w);
}

#define expect(d, want) cr_expect_str_eq(described(d, NULL), want, "%s", text)

/* --- messages ---------------------------------------------------------------- */

Test(describe, request)
{
	struct draft *d = draft(COAP_CON, COAP_GET, 4711, "\x5f\x3a");

	add_uint(d, OPT_OBSERVE, 0);
	add(d, OPT_URI_PATH, "sensors");
	add(d, OPT_URI_PATH, "temp");
	add_uint(d, OPT_ACCEPT, 50);
	add_uint(d, OPT_BLOCK2, block_uint(&(struct block){ 3, false, 6 }));
	d->m.payload = span_of("\0\0\0\0\0\0\0\0\0\0\0\0", 12);
	expect(d, "CON GET mid=4711 token=5f3a Observe=0 Uri-Path=sensors Uri-Path=temp "
	       "Accept=application/json(50) Block2=3/_/1024 payload=12 bytes");
}

Test(describe, response)
{
	struct draft *d = draft(COAP_ACK, COAP_CONTENT, 4711, "\x5f\x3a");

	add(d, OPT_ETAG, "\x1a\x2b");
	add_uint(d, OPT_CONTENT_FORMAT, 0);
	add_uint(d, OPT_MAX_AGE, 60);
	add_uint(d, OPT_BLOCK2, block_uint(&(struct block){ 0, true, 2 }));
	add_uint(d, OPT_SIZE2, 100);
	d->m.payload = span_str("22.5 C");
	expect(d, "ACK 2.05 Content mid=4711 token=5f3a ETag=0x1a2b "
	       "Content-Format=text/plain;charset=utf-8(0) Max-Age=60 Block2=0/M/64 Size2=100 "
	       "payload=\"22.5 C\"");
}

Test(describe, empty_messages)
{
	expect(draft(COAP_ACK, COAP_EMPTY, 7, ""), "ACK mid=7");
	expect(draft(COAP_RST, COAP_EMPTY, 65535, ""), "RST mid=65535");
	expect(draft(COAP_CON, COAP_EMPTY, 0, ""), "CON mid=0 (ping)");
	expect(draft(COAP_NON, COAP_EMPTY, 1, ""), "NON mid=1 (empty)");
}

Test(describe, codes_nobody_knows)
{
	expect(draft(COAP_NON, 12, 1, ""), "NON 0.12 mid=1");
	expect(draft(COAP_NON, CODE(2, 10), 1, ""), "NON 2.10 mid=1");
	expect(draft(COAP_CON, CODE(1, 31), 1, ""), "CON 1.31 mid=1");
	expect(draft(COAP_CON, COAP_CSM, 1, ""), "CON 7.01 CSM mid=1");
	expect(draft(COAP_CON, COAP_NOT_FOUND, 1, ""), "CON 4.04 Not Found mid=1");
	expect(draft(COAP_CON, COAP_IPATCH, 1, ""), "CON iPATCH mid=1");
}

/* --- options ----------------------------------------------------------------- */

static const char *option(uint8_t code, unsigned nth, uint16_t number, const void *value,
			  size_t n)
{
	struct writer w = writer_of(text, sizeof text - 1);
	struct option o = { number, span_of(value, n) };

	describe_option(&w, code, nth, &o, NULL);
	cr_assert(!w.full);
	return ended(&w);
}

#define OPTION(code, number, literal) \
	option(code, 0, number, literal, sizeof literal - 1)

Test(describe, values_by_their_format)
{
	cr_expect_str_eq(OPTION(COAP_GET, OPT_URI_PORT, "\x16\x33"), "Uri-Port=5683");
	cr_expect_str_eq(OPTION(COAP_GET, OPT_URI_PORT, ""), "Uri-Port=0");
	cr_expect_str_eq(OPTION(COAP_PUT, OPT_IF_NONE_MATCH, ""), "If-None-Match");
	cr_expect_str_eq(OPTION(COAP_PUT, OPT_IF_MATCH, ""), "If-Match=\"\"");
	cr_expect_str_eq(OPTION(COAP_GET, OPT_URI_PATH, ""), "Uri-Path=\"\"");
	cr_expect_str_eq(OPTION(COAP_GET, OPT_URI_QUERY, "a=b"), "Uri-Query=a=b");
	cr_expect_str_eq(OPTION(COAP_GET, OPT_ECHO, "\x00\xff"), "Echo=0x00ff");
	cr_expect_str_eq(OPTION(COAP_GET, OPT_ACCEPT, "\xff\xff"), "Accept=65535");
	cr_expect_str_eq(OPTION(COAP_GET, OPT_ACCEPT, "\x12"),
			 "Accept=application/cose;cose-type=\"cose-sign1\"(18)");
	cr_expect_str_eq(OPTION(COAP_PUT, OPT_SIZE1, "\xff\xff\xff\xff"), "Size1=4294967295");
	cr_expect_str_eq(OPTION(COAP_GET, OPT_NO_RESPONSE, "\x1a"),
			 "No-Response=26(not 2.xx,4.xx,5.xx)");
	cr_expect_str_eq(OPTION(COAP_GET, OPT_NO_RESPONSE, ""), "No-Response=0(wants all)");
}

Test(describe, blocks)
{
	cr_expect_str_eq(OPTION(COAP_PUT, OPT_BLOCK1, ""), "Block1=0/_/16");
	cr_expect_str_eq(OPTION(COAP_PUT, OPT_BLOCK1, "\xff\xff\xfe"), "Block1=1048575/M/1024");
	cr_expect_str_eq(OPTION(COAP_GET, OPT_Q_BLOCK2, "\x0e"), "Q-Block2=0/M/1024");
	cr_expect_str_eq(OPTION(COAP_GET, OPT_Q_BLOCK1, "\x10"), "Q-Block1=1/_/16");
}

Test(describe, a_reserved_block_size_is_named)
{
	cr_expect_str_eq(OPTION(COAP_GET, OPT_BLOCK2, "\x1f"), "Block2=1/M/reserved");
}

Test(describe, text_of_strangers_cannot_command_the_terminal)
{
	cr_expect_str_eq(OPTION(COAP_GET, OPT_URI_PATH, "\x1b[2J"), "Uri-Path=\"\\x1b[2J\"");
	cr_expect_str_eq(OPTION(COAP_GET, OPT_URI_PATH, "a b"), "Uri-Path=\"a b\"");
	cr_expect_str_eq(OPTION(COAP_GET, OPT_URI_PATH, "\xc3\xbc"), "Uri-Path=\"\\xc3\\xbc\"");
	cr_expect_str_eq(OPTION(COAP_GET, OPT_URI_HOST, "\xff"),
			 "Uri-Host=\"\\xff\"(has a wrong value)");
}

Test(describe, unknown_options_say_whether_they_are_critical)
{
	cr_expect_str_eq(OPTION(COAP_GET, 65001, "\x01\x02"), "Option-65001(critical)=0x0102");
	cr_expect_str_eq(OPTION(COAP_GET, 65000, "x"), "Option-65000=0x78");
	cr_expect_str_eq(OPTION(COAP_GET, 65000, ""), "Option-65000=\"\"");
	cr_expect_str_eq(OPTION(COAP_GET, 128, ""), "Option-128=\"\"");
}

Test(describe, flaws_are_told)
{
	cr_expect_str_eq(OPTION(COAP_GET, OPT_OBSERVE, "\1\2\3\4"),
			 "Observe=0x01020304(has a wrong length)");
	cr_expect_str_eq(OPTION(COAP_PUT, OPT_IF_NONE_MATCH, "x"),
			 "If-None-Match=0x78(has a wrong length)");
	cr_expect_str_eq(OPTION(COAP_CONTENT, OPT_URI_PATH, "a"),
			 "Uri-Path=a(does not belong here)");
	cr_expect_str_eq(option(COAP_GET, 1, OPT_ACCEPT, "", 0),
			 "Accept=text/plain;charset=utf-8(0)(is repeated)");
}

Test(describe, repetitions_are_counted)
{
	struct draft *d = draft(COAP_NON, COAP_GET, 1, "");

	add(d, OPT_URI_PATH, "a");
	add(d, OPT_URI_PATH, "b");
	add_uint(d, OPT_ACCEPT, 60);
	add_uint(d, OPT_ACCEPT, 60);
	expect(d, "NON GET mid=1 Uri-Path=a Uri-Path=b Accept=application/cbor(60) "
	       "Accept=application/cbor(60)(is repeated)");
}

Test(describe, long_values_are_cut)
{
	char value[2000];
	const char *out;

	memset(value, 'a', sizeof value);
	out = option(COAP_GET, 0, OPT_URI_QUERY, value, 1034);
	cr_expect_eq(strspn(out + 10, "a"), 1034);
	out = option(COAP_GET, 0, OPT_URI_QUERY, value, 1035);
	cr_expect_eq(strspn(out + 11, "a"), 1034);
	cr_expect(strstr(out, "a\"... (1035 bytes)(has a wrong length)"), "%s", out);
	cr_expect_eq(strlen(option(COAP_GET, 0, 65000, value, 64)), 13 + 2 + 128);
	out = option(COAP_GET, 0, 65000, value, 65);
	cr_expect_str_eq(out + 13 + 2 + 128, "... (65 bytes)");
}

/* --- payloads ---------------------------------------------------------------- */

static const char *payload(const void *bytes, size_t n, int format)
{
	struct writer w = writer_of(text, sizeof text - 1);

	describe_payload(&w, span_of(bytes, n), format, NULL);
	cr_assert(!w.full);
	return ended(&w);
}

#define PAYLOAD(literal, format) payload(literal, sizeof literal - 1, format)

Test(describe, payloads_that_are_text)
{
	cr_expect_str_eq(PAYLOAD("{\"a\":1}", 50), "\"{\\\"a\\\":1}\"");
	cr_expect_str_eq(PAYLOAD("not here\n", -1), "\"not here\\n\"");
	cr_expect_str_eq(PAYLOAD("abc", 42), "\"abc\"");
	cr_expect_str_eq(PAYLOAD("abc", 65535), "\"abc\"");
	cr_expect_str_eq(PAYLOAD("\xff", 0), "\"\\xff\"", "its format says that it is text");
}

Test(describe, payloads_that_are_not)
{
	cr_expect_str_eq(PAYLOAD("\xff", -1), "1 byte");
	cr_expect_str_eq(PAYLOAD("a\0", -1), "2 bytes");
	cr_expect_str_eq(PAYLOAD("a\x7f" "b", 42), "3 bytes");
	cr_expect_str_eq(PAYLOAD("a\xc2\x9b", 42), "3 bytes");
	cr_expect_str_eq(PAYLOAD("abc", 60), "3 bytes", "CBOR may look like letters");
	cr_expect_str_eq(PAYLOAD("abc", 63), "3 bytes");
}

Test(describe, long_payloads_are_cut)
{
	char long_text[70];

	memset(long_text, 'x', sizeof long_text);
	cr_expect_eq(strlen(payload(long_text, 60, -1)), 62);
	cr_expect_str_eq(payload(long_text, 61, -1) + 61, "\"... (61 bytes)");
	memcpy(long_text + 59, "\xc3\xbc", 2);
	cr_expect_str_eq(payload(long_text, 61, -1) + 60, "\"... (61 bytes)");
}

Test(describe, format_of_the_payload_is_that_of_the_message)
{
	struct draft *d = draft(COAP_NON, COAP_CONTENT, 1, "");

	add_uint(d, OPT_CONTENT_FORMAT, 60);
	d->m.payload = span_str("abc");
	expect(d, "NON 2.05 Content mid=1 Content-Format=application/cbor(60) payload=3 bytes");
}

/* --- datagrams --------------------------------------------------------------- */

static const char *datagram(const void *bytes, size_t n)
{
	struct writer w = writer_of(text, sizeof text - 1);

	describe_datagram(&w, span_of(bytes, n), NULL);
	cr_assert(!w.full);
	return ended(&w);
}

#define DATAGRAM(literal) datagram(literal, sizeof literal - 1)

Test(describe, datagrams)
{
	cr_expect_str_eq(DATAGRAM("\x42\x01\x12\x67\x5f\x3a\xb1" "a\xff" "hi"),
			 "CON GET mid=4711 token=5f3a Uri-Path=a payload=\"hi\"");
	cr_expect_str_eq(DATAGRAM(""), "malformed: 0 bytes");
	cr_expect_str_eq(DATAGRAM("\x40"), "malformed: 1 byte");
	cr_expect_str_eq(DATAGRAM("\x80\x01\0\1"), "malformed: 4 bytes");
	cr_expect_str_eq(DATAGRAM("\x40\x01\0\1\xff"), "CON GET mid=1 malformed: 5 bytes");
	cr_expect_str_eq(DATAGRAM("\x60\0\0\1\xff"), "ACK mid=1 malformed: 5 bytes");
}

Test(describe, every_vector)
{
	json_t *root = vectors_load("messages_rfc7252.json"), *v, *step;
	unsigned n = 0;
	size_t i, k;

	json_array_foreach(vectors_list(root, "figures"), i, v)
		json_array_foreach(json_object_get(v, "messages"), k, step) {
			struct blob bytes;

			hex_decode(vectors_text(step, "hex"), &bytes);
			datagram(bytes.data, bytes.n);
			cr_expect_null(strstr(text, "malformed"), "%s", text);
			cr_expect_null(strstr(text, "(critical)"), "%s", text);
			n++;
		}
	cr_assert_gt(n, 0);
	json_decref(root);
}

/* --- room and style ---------------------------------------------------------- */

/* Whatever the room, whole words come out, and dots for those that do not. */
Test(describe, what_does_not_fit_is_left_out)
{
	static const char whole[] = "CON GET mid=1 Uri-Path=abc payload=\"x\"";
	struct draft *d = draft(COAP_CON, COAP_GET, 1, "");

	add(d, OPT_URI_PATH, "abc");
	d->m.payload = span_str("x");
	d->m.options = span_of(d->bytes, (size_t)(d->w.p - d->bytes));
	for (size_t cap = 0; cap <= sizeof whole + 4; cap++) {
		struct writer w = writer_of(text, cap);
		size_t n;

		describe_message(&w, &d->m, NULL);
		n = (size_t)(w.p - (uint8_t *)text);
		cr_assert_eq(w.full, cap < 4, "%zu", cap);
		if (n == sizeof whole - 1) {
			cr_assert(!memcmp(text, whole, n));
			continue;
		}
		cr_assert_lt(cap, sizeof whole - 1 + 4);
		if (w.full)
			continue;
		cr_assert(!memcmp(text + n - 4, " ...", 4), "%zu", cap);
		cr_assert(!memcmp(text, whole, n - 4), "%zu", cap);
		n -= 4;
		cr_assert(n == 0 || whole[n] == ' ', "%zu: whole words", cap);
		n += (n > 0) + strcspn(whole + n + (n > 0), " ");
		cr_assert_gt(n + 4, cap, "%zu: as many as fit", cap);
	}
}

Test(describe, text_alone_fits_or_not)
{
	struct writer w = writer_of(text, 9);

	describe_text(&w, span_str("abcde"), NULL);
	cr_expect_str_eq(ended(&w), "abcde");
	w = writer_of(text, 8);
	describe_text(&w, span_str("abcde"), NULL);
	cr_expect_str_eq(ended(&w), " ...");
}

Test(describe, pieces_are_styled)
{
	static const struct describe_style style = {
		.kinds = {
			[DESCRIBE_TYPE] = { "<t>", "</t>" },
			[DESCRIBE_CODE] = { "<c>", "</c>" },
			[DESCRIBE_ERROR] = { "<e>", "</e>" },
			[DESCRIBE_NAME] = { "<n>", NULL },
			[DESCRIBE_VALUE] = { NULL, "</v>" },
			[DESCRIBE_PAYLOAD] = { "<p>", "</p>" },
		},
		.utf8 = true,
	};
	struct draft *d = draft(COAP_CON, COAP_GET, 1, "t");

	add(d, OPT_URI_PATH, "\xc3\xbc");
	add(d, 65001, "");
	d->m.payload = span_str("x");
	cr_expect_str_eq(described(d, &style),
			 "<t>CON</t> <c>GET</c> <n>mid=1</v> <n>token=74</v> "
			 "<n>Uri-Path=\xc3\xbc</v> <n>Option-65001<e>(critical)</e><n>=\"\"</v> "
			 "<n>payload=<p>\"x\"</p>");
	d = draft(COAP_ACK, COAP_NOT_FOUND, 1, "");
	cr_expect_str_eq(described(d, &style), "<t>ACK</t> <e>4.04 Not Found</e> <n>mid=1</v>");
	d = draft(COAP_CON, COAP_PING, 1, "");
	cr_expect_str_eq(described(d, &style), "<t>CON</t> <c>7.02 Ping</c> <n>mid=1</v>");
}

/* --- bytes ------------------------------------------------------------------- */

static const char *hex(const void *bytes, size_t n, size_t offset, size_t next)
{
	struct writer w = writer_of(text, DESCRIBE_HEX_LINE);

	cr_assert_eq(describe_hex(&w, span_of(bytes, n), offset), next);
	cr_assert(!w.full);
	return ended(&w);
}

Test(describe, bytes_in_lines)
{
	static const char bytes[] = "Hello, world.\x1b\xff\x7f" "next";
	static uint8_t many[65536 + 16];

	cr_expect_str_eq(hex(bytes, 20, 0, 16), "0000  48 65 6c 6c 6f 2c 20 77  "
			 "6f 72 6c 64 2e 1b ff 7f  |Hello, world....|");
	cr_expect_str_eq(hex(bytes, 20, 16, 20), "0010  6e 65 78 74"
			 "                                       |next|");
	cr_expect_str_eq(hex(bytes, 17, 16, 17) + 54, "  |n|");
	memset(many, ' ', sizeof many);
	cr_expect(!strncmp(hex(many, sizeof many, 65536, sizeof many), "10000  20 20", 12));
}
