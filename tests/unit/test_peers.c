#include "kit/peers.h"

#include "kit_script.h"

static struct peers peers;
static struct script *script;

static void close_all(void)
{
	peers_free(&peers);
	script_free(script);
}

TestSuite(peers, .fini = close_all);

/* The nth command of a script asks. */
static struct peer_request *ask(const char *text)
{
	script = kit_script(text);
	return peers_ask(&peers, &script->command[script->n - 1], 1000);
}

/* The next datagram that a peer sends, as a message. */
static struct message next(struct guest_dgram *d)
{
	struct message m;

	cr_assert(peers_next(&peers, d));
	cr_assert_eq(frame_udp_parse(span_of(d->data, d->len), &m), FRAME_OK);
	return m;
}

/* The server answers a message. */
static void answer(const struct guest_dgram *d, const struct message *q, uint8_t type,
		   uint8_t code, uint16_t number, const struct block *b, const char *payload)
{
	struct guest_dgram out = { .peer = d->peer };
	struct writer w = writer_of(out.data, sizeof out.data);
	struct option_writer ow = option_writer(&w);

	frame_udp_head(&w, type, code, q->mid, q->token);
	if (b)
		option_write_uint(&ow, number, block_uint(b));
	message_write_payload(&w, span_str(payload));
	out.len = (uint32_t)(w.p - out.data);
	peers_take(&peers, &out, 2000);
}

Test(peers, ask_and_keep_what_comes)
{
	struct peer_request *r = ask("post /a?b from 3 ETag=0x01 \"x\"");
	struct guest_dgram d;
	struct message m = next(&d);

	cr_expect_eq(m.type, COAP_CON);
	cr_expect_eq(m.code, COAP_POST);
	cr_expect_eq(d.peer.ip[15], 3);
	answer(&d, &m, COAP_ACK, COAP_CHANGED, 0, NULL, "y");
	cr_assert_eq(r->n, 1);
	cr_expect_eq(r->answer[0].code, COAP_CHANGED);
	cr_expect_eq(r->answer[0].at, 2000);
	cr_expect(span_eq(peers_message(&r->answer[0]).payload, span_str("y")));
	cr_expect_not(peers_next(&peers, &d));
}

Test(peers, acknowledge_or_reject)
{
	struct peer_request *r = ask("get /");
	struct guest_dgram d, e;
	struct message m = next(&d);

	answer(&d, &m, COAP_CON, COAP_CONTENT, 0, NULL, "");
	m = next(&e);
	cr_expect_eq(m.type, COAP_ACK);
	cr_expect_eq(r->n, 1);
	r->rejects = true;
	peers_repeat(&peers, r);
	m = next(&d);
	answer(&d, &m, COAP_NON, COAP_CONTENT, 0, NULL, "");
	cr_expect_eq(r->n, 1);
	m = next(&e);
	cr_expect_eq(m.type, COAP_RST);
}

Test(peers, note_empty_messages)
{
	struct peer_request *r = ask("get /");
	struct guest_dgram d, e = { .len = 0 };
	struct message m = next(&d);
	struct writer w = writer_of(e.data, sizeof e.data);

	e.peer = d.peer;
	frame_udp_empty(&w, COAP_ACK, m.mid);
	e.len = 4;
	peers_take(&peers, &e, 1);
	cr_expect(r->acked && !r->rejected);
}

Test(peers, send_a_long_payload_in_blocks)
{
	struct peer_request *r = ask("put /a \"0123456789\"*250");
	struct block b = { 0, true, 6 }, got;
	struct guest_dgram d;
	struct span value;
	struct message m;
	unsigned n = 0;

	do {
		m = next(&d);
		cr_assert(message_option(&m, OPT_BLOCK1, 0, &value));
		cr_assert_eq(block_parse(value, &got), BLOCK_OK);
		n += (unsigned)m.payload.n;
		b.num = got.num;
		b.szx = got.num ? got.szx : 5;  /* smaller ones are asked for */
		answer(&d, &m, COAP_ACK, got.more ? COAP_CONTINUE : COAP_CHANGED, OPT_BLOCK1,
		       &b, "");
	} while (got.more);
	cr_expect_eq(n, 2500);
	cr_expect_eq(got.szx, 5);
	cr_expect_eq(r->n, 1);
}

Test(peers, fetch_the_blocks_of_a_response)
{
	struct peer_request *r = ask("get /a");
	struct block b = { 0, true, 0 };
	struct guest_dgram d;
	struct message m = next(&d);

	answer(&d, &m, COAP_ACK, COAP_CONTENT, OPT_BLOCK2, &b, "0123456789abcdef");
	cr_expect_eq(r->n, 0);
	m = next(&d);
	cr_expect(message_option(&m, OPT_BLOCK2, 0, &(struct span){ 0 }));
	b = (struct block){ 1, false, 0 };
	answer(&d, &m, COAP_ACK, COAP_CONTENT, OPT_BLOCK2, &b, "rest");
	cr_assert_eq(r->n, 1);
	cr_expect(span_eq(r->answer[0].payload, span_str("0123456789abcdefrest")));
	cr_expect_eq(peers.wrong[0], 0);
}

Test(peers, a_block_that_was_not_asked_for_is_wrong)
{
	struct peer_request *r = ask("get /a");
	struct block b = { 0, true, 0 };
	struct guest_dgram d;
	struct message m = next(&d);

	answer(&d, &m, COAP_ACK, COAP_CONTENT, OPT_BLOCK2, &b, "0123456789abcdef");
	m = next(&d);
	b.num = 5;
	answer(&d, &m, COAP_ACK, COAP_CONTENT, OPT_BLOCK2, &b, "rest");
	cr_expect_eq(r->n, 0);
	cr_expect(peers.wrong[0]);
}

Test(peers, block_options_of_the_script_are_left_to_it)
{
	struct peer_request *r = ask("get /a Block2=0");
	struct block b = { 0, true, 0 };
	struct guest_dgram d;
	struct message m = next(&d);

	answer(&d, &m, COAP_ACK, COAP_CONTENT, OPT_BLOCK2, &b, "0123456789abcdef");
	cr_expect_eq(r->n, 1);
	cr_expect_not(peers_next(&peers, &d));
}

Test(peers, are_found_by_name)
{
	script = kit_script("a: get /\nget /b");
	peers_ask(&peers, &script->command[0], 1);
	peers_ask(&peers, &script->command[1], 1);
	cr_expect_eq(peers_find(&peers, "a")->command, &script->command[0]);
	cr_expect_eq(peers_find(&peers, NULL)->command, &script->command[1]);
	cr_expect_null(peers_find(&peers, "x"));
}
