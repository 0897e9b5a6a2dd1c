/* Replays the examples of later RFCs: their options and payloads are read and
 * written.  Where the vector is framed for TCP, its header is passed over. */
#include "coap/frame_udp.h"
#include "vectors.h"

/* Options and payload of a step, encoded. */
static void encode(json_t *step, struct blob *out)
{
	const char *hex = json_string_value(json_object_get(step, "payload"));
	struct writer w = writer_of(out->data, sizeof out->data);
	struct option_writer ow = option_writer(&w);
	struct blob bytes;
	json_t *pair;
	size_t i;

	json_array_foreach(json_object_get(step, "options"), i, pair) {
		hex_decode(json_string_value(json_array_get(pair, 1)), &bytes);
		option_write(&ow, (uint32_t)json_integer_value(json_array_get(pair, 0)),
			     blob_span(&bytes));
	}
	hex_decode(hex ? hex : "", &bytes);
	message_write_payload(&w, blob_span(&bytes));
	cr_assert(!w.full);
	out->n = (size_t)(w.p - out->data);
}

/* len and tkl, more length, code, token (RFC 8323 section 3.2); what is left is
 * the body. */
static struct span tcp_body(struct span s, struct message *m)
{
	struct reader r = reader_of(s);
	uint8_t first = read_u8(&r);

	if (first >> 4 == 13)
		read_u8(&r);
	cr_assert_lt(first >> 4, 14);
	m->code = read_u8(&r);
	m->token = read_span(&r, first & 15);
	cr_assert(!r.bad);
	return span_of(r.p, reader_left(&r));
}

static void replay_tcp(json_t *step)
{
	struct blob framed, token, body;
	struct message m = { 0 };
	char code[CODE_TEXT];
	json_t *pair;
	size_t i;

	hex_decode(vectors_text(step, "tcp_hex"), &framed);
	hex_decode(vectors_text(step, "token"), &token);
	encode(step, &body);
	cr_assert_span(tcp_body(blob_span(&framed), &m), blob_span(&body));
	cr_assert_str_eq(code_print(m.code, code), vectors_text(step, "code"));
	cr_assert_span(m.token, blob_span(&token));
	cr_assert(message_parse_body(blob_span(&body), &m));
	json_array_foreach(json_object_get(step, "options"), i, pair) {
		struct blob want;
		struct span got;

		hex_decode(json_string_value(json_array_get(pair, 1)), &want);
		cr_assert(message_option(&m, (uint32_t)json_integer_value(
						json_array_get(pair, 0)), 0, &got));
		cr_assert_span(got, blob_span(&want));
	}
}

/* OSCORE and EDHOC options; message 3 and ciphertext one after the other. */
static void replay_udp(json_t *step)
{
	struct blob datagram, option, message, ciphertext;
	struct message m;
	struct span value;

	hex_decode(vectors_text(step, "udp_hex"), &datagram);
	hex_decode(vectors_text(step, "oscore_option"), &option);
	hex_decode(vectors_text(step, "edhoc_message_3"), &message);
	hex_decode(vectors_text(step, "oscore_ciphertext"), &ciphertext);
	cr_assert_eq(frame_udp_parse(blob_span(&datagram), &m), FRAME_OK);
	cr_assert_eq(m.code, COAP_POST);
	cr_assert(message_option(&m, OPT_OSCORE, 0, &value));
	cr_assert_span(value, blob_span(&option));
	cr_assert(message_option(&m, OPT_EDHOC, 0, &value));
	cr_assert_eq(value.n, 0);
	cr_assert_eq(m.payload.n, message.n + ciphertext.n);
	cr_assert_span(span_of(m.payload.p, message.n), blob_span(&message));
	cr_assert_span(span_of(m.payload.p + message.n, ciphertext.n),
		       blob_span(&ciphertext));
}

Test(vectors_misc, examples_of_later_rfcs)
{
	json_t *root = vectors_load("misc_examples.json"), *example, *step;
	unsigned tcp = 0, udp = 0;
	size_t i, k;

	json_array_foreach(vectors_list(root, "examples"), i, example)
		json_array_foreach(json_object_get(example, "steps"), k, step) {
			if (json_object_get(step, "tcp_hex")) {
				replay_tcp(step);
				tcp++;
			} else {
				replay_udp(step);
				udp++;
			}
		}
	cr_assert_eq(tcp, 18);
	cr_assert_eq(udp, 2);
	json_decref(root);
}
