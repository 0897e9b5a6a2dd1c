/* Replays the message format vectors: every message is parsed, compared field by
 * field, and written again to the same bytes. */
#include "coap/frame_udp.h"
#include "vectors.h"

static const char *type_names[] = { "CON", "NON", "ACK", "RST" };

static void expect_options(struct span options, json_t *list)
{
	struct option_iter it = option_iter(options);
	struct option o = { 0 };
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		struct blob want;

		hex_decode(json_string_value(vectors_option(entry, "hex", 1)), &want);
		cr_assert(option_next(&it, &o));
		cr_assert_eq(o.number, json_integer_value(vectors_option(entry, "number", 0)));
		cr_assert_span(o.value, blob_span(&want));
	}
	cr_assert(!option_next(&it, &o));
	cr_assert(!it.r.bad);
}

static void write_options(struct writer *w, json_t *list)
{
	struct option_writer ow = option_writer(w);
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		struct blob value;

		hex_decode(json_string_value(vectors_option(entry, "hex", 1)), &value);
		option_write(&ow, (uint32_t)json_integer_value(
					vectors_option(entry, "number", 0)),
			     blob_span(&value));
	}
}

/* Parses hex, compares it with the fields of v, encodes v, compares with hex. */
static void replay(json_t *v, struct span payload)
{
	struct blob datagram, token, again;
	struct writer w = writer_of(again.data, sizeof again.data);
	char code[CODE_TEXT];
	struct message m;

	hex_decode(vectors_text(v, "hex"), &datagram);
	hex_decode(vectors_text(v, "token"), &token);
	cr_assert_eq(frame_udp_parse(blob_span(&datagram), &m), FRAME_OK);
	cr_assert_str_eq(type_names[m.type], vectors_text(v, "type"));
	cr_assert_str_eq(message_type_name(m.type), vectors_text(v, "type"));
	cr_assert_str_eq(code_print(m.code, code), vectors_text(v, "code"));
	cr_assert_eq(m.mid, vectors_number(v, "mid"));
	cr_assert_span(m.token, blob_span(&token));
	expect_options(m.options, json_object_get(v, "options"));
	cr_assert_span(m.payload, payload);

	frame_udp_head(&w, m.type, m.code, m.mid, blob_span(&token));
	write_options(&w, json_object_get(v, "options"));
	message_write_payload(&w, payload);
	cr_assert(!w.full);
	cr_assert_span(span_of(again.data, (size_t)(w.p - again.data)),
		       blob_span(&datagram));
}

Test(vectors_format, valid_messages)
{
	json_t *root = vectors_load("format_rfc7252.json"), *v;
	size_t i;

	json_array_foreach(vectors_list(root, "valid"), i, v) {
		const char *hex = json_string_value(json_object_get(v, "payload"));
		struct blob payload;

		hex_decode(hex ? hex : "", &payload);
		replay(v, blob_span(&payload));
	}
	json_decref(root);
}

Test(vectors_format, figures_of_rfc7252_appendix_a)
{
	json_t *root = vectors_load("messages_rfc7252.json"), *figure, *v;
	size_t i, k;

	json_array_foreach(vectors_list(root, "figures"), i, figure)
		json_array_foreach(vectors_list(figure, "messages"), k, v) {
			const char *text = json_string_value(json_object_get(v, "payload"));

			replay(v, span_str(text ? text : ""));
		}
	json_decref(root);
}

/* What the vectors call invalid falls in three: not for us at all, malformed,
 * and well-formed but senseless, which the exchange layer judges. */
static enum frame_verdict expected_verdict(json_t *v)
{
	const char *name = vectors_text(v, "name"), *source = vectors_text(v, "source");

	if (!strncmp(name, "version", 7) || strstr(name, "shorter than 4"))
		return FRAME_IGNORE;
	if (!strncmp(name, "TKL 9", 5) || !strncmp(name, "TKL 10", 6) ||
	    !strncmp(name, "TKL 11", 6) || !strncmp(name, "TKL 12", 6) ||
	    !strncmp(name, "TKL 13", 6))
		return FRAME_OK;        /* extended tokens, RFC 8974 */
	if (!strcmp(source, "4.2") || !strcmp(source, "4.3"))
		return FRAME_OK;
	return FRAME_ERROR;
}

Test(vectors_format, invalid_messages)
{
	json_t *root = vectors_load("format_rfc7252.json"), *v;
	size_t i, errors = 0;

	json_array_foreach(vectors_list(root, "invalid_format"), i, v) {
		struct blob datagram;
		struct message m;
		enum frame_verdict got;

		hex_decode(vectors_text(v, "hex"), &datagram);
		got = frame_udp_parse(blob_span(&datagram), &m);
		cr_assert_eq(got, expected_verdict(v), "%s", vectors_text(v, "name"));
		if (got != FRAME_ERROR)
			continue;
		errors++;
		cr_assert_eq(m.type, datagram.data[0] >> 4 & 3);
		cr_assert_eq(m.mid, datagram.data[2] << 8 | datagram.data[3]);
	}
	cr_assert_geq(errors, 14);
	json_decref(root);
}

Test(vectors_format, uint_values)
{
	json_t *root = vectors_load("format_rfc7252.json"), *v;
	size_t i;

	json_array_foreach(vectors_list(root, "uint"), i, v) {
		uint64_t want = (uint64_t)vectors_number(v, "value"), got;
		struct blob bytes;
		uint8_t out[16];

		hex_decode(vectors_text(v, "hex"), &bytes);
		cr_assert(option_uint(blob_span(&bytes), &got));
		cr_assert_eq(got, want);
		cr_assert_span(span_of(out, option_uint_encode(want, out)),
			       blob_span(&bytes));
	}
	json_decref(root);
}
