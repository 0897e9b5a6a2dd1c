#include "kit/upstream.h"

#include "kit_script.h"

static struct peers peers;
static struct script *script;

static void begin(const char *text)
{
	script = kit_script(text);
	for (size_t i = 0; i < script->n; i++)
		upstream_add(&peers, &script->command[i]);
}

static void end(void)
{
	peers_free(&peers);
	script_free(script);
}

TestSuite(upstream, .fini = end);

/* What peer 9 says to a request for a path of one segment. */
static struct message ask(struct guest_dgram *d, uint8_t type, uint8_t code, const char *path,
			  uint16_t number, const struct block *b)
{
	struct guest_dgram q = { .peer = peers_address(9), .local = { .sock = 1 } };
	struct writer w = writer_of(q.data, sizeof q.data);
	struct option_writer ow = option_writer(&w);
	struct message m = { .code = 0 };

	frame_udp_head(&w, type, code, 7, span_str("t"));
	option_write(&ow, OPT_URI_PATH, span_str(path));
	if (b)
		option_write_uint(&ow, number, block_uint(b));
	q.len = (uint32_t)(w.p - q.data);
	peers_take(&peers, &q, 0);
	if (!peers_next(&peers, d))
		return m;
	cr_assert_eq(frame_udp_parse(span_of(d->data, d->len), &m), FRAME_OK);
	cr_expect(addr_eq(&d->peer, &q.peer) && local_eq(&d->local, &q.local));
	cr_expect(span_eq(m.token, span_str("t")));
	return m;
}

static struct message get(struct guest_dgram *d, const char *path)
{
	return ask(d, COAP_CON, COAP_GET, path, 0, NULL);
}

static bool has(const struct message *m, uint16_t number)
{
	struct span value;

	return message_option(m, number, 0, &value);
}

Test(upstream, the_last_that_fits_counts)
{
	struct guest_dgram d;
	struct message m;

	begin("answer 9 get /a 2.05 Max-Age=5 \"old\"\nanswer 9 get /a 2.05 Max-Age=6 \"new\"\n"
	      "answer 9 put /a 2.04\nanswer 8 get /b 2.05\nanswer 9 get /c?x 2.05\n");
	m = get(&d, "a");
	cr_expect_eq(m.type, COAP_ACK);
	cr_expect_eq(m.mid, 7);
	cr_expect_eq(m.code, COAP_CONTENT);
	cr_expect(span_eq(m.payload, span_str("new")));
	cr_expect(has(&m, OPT_MAX_AGE));
	m = ask(&d, COAP_NON, COAP_PUT, "a", 0, NULL);
	cr_expect_eq(m.type, COAP_NON);
	cr_expect_eq(m.code, COAP_CHANGED);
	m = get(&d, "b");
	cr_expect_eq(m.code, COAP_NOT_FOUND, "another peer's");
	m = get(&d, "c");
	cr_expect_eq(m.code, COAP_NOT_FOUND, "another query");
}

Test(upstream, silence_is_an_answer)
{
	struct guest_dgram d;

	begin("answer 9 get /a 2.05\nanswer 9 get /a nothing");
	cr_expect_eq(get(&d, "a").code, 0);
}

Test(upstream, blocks_both_ways)
{
	struct guest_dgram d;
	struct block b = { 0, true, 6 }, got;
	struct span value;
	struct message m;

	begin("answer 9 get /a 2.05 \"0123456789\"*150\nanswer 9 put /a 2.04\n");
	m = get(&d, "a");
	cr_assert(message_option(&m, OPT_BLOCK2, 0, &value));
	cr_assert_eq(block_parse(value, &got), BLOCK_OK);
	cr_expect(got.more && m.payload.n == 1024);
	m = ask(&d, COAP_CON, COAP_GET, "a", OPT_BLOCK2, &(struct block){ 1, false, 6 });
	cr_expect_eq(m.payload.n, 1500 - 1024);
	m = ask(&d, COAP_CON, COAP_GET, "a", OPT_BLOCK2, &(struct block){ 9, false, 6 });
	cr_expect_eq(m.payload.n, 0);
	m = ask(&d, COAP_CON, COAP_PUT, "a", OPT_BLOCK1, &b);
	cr_expect_eq(m.code, COAP_CONTINUE);
	b = (struct block){ 1, false, 6 };
	m = ask(&d, COAP_CON, COAP_PUT, "a", OPT_BLOCK1, &b);
	cr_expect_eq(m.code, COAP_CHANGED);
	cr_expect(has(&m, OPT_BLOCK1));
}
