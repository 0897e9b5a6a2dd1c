#include "errand_rig.h"

#include "client/result.h"
#include "coap/block.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A test can have the sockets full. */
static bool full;

int sendmmsg(int fd, struct mmsghdr *h, unsigned n, int flags)
{
	if (full) {
		errno = EAGAIN;
		return -1;
	}
	return (int)syscall(SYS_sendmmsg, fd, h, n, flags);
}

Test(errand, brings_a_response)
{
	struct span token;

	open_line("--token", "0102");
	s.partner.answer = hello;
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	cr_expect_eq(e->outcome.exit, OUTCOME_OK);
	cr_expect_eq(answers, 1);
	cr_expect_eq(overs, 1);
	cr_expect(e->answered);
	cr_expect_eq(e->answer.code, COAP_CONTENT);
	cr_expect_eq(e->answer.type, COAP_ACK);
	cr_expect(addr_eq(&e->answer.peer, &s.partner.at));
	cr_expect(span_eq(e->answer.options, span_str("\xc0")));
	cr_expect(body_is("hello"));
	token = span_of(e->answer.token.bytes, e->answer.token.n);
	cr_expect(span_eq(token, span_of("\1\2", 2)));
	cr_expect_geq(e->answer.ended, e->answer.began);
	done();
}

static void not_found(struct partner *p, const struct message *m)
{
	partner_reply(p, m, COAP_NOT_FOUND, span_of(NULL, 0), span_str("no\033[2Jthing"));
}

Test(errand, an_error_response_is_an_answer_and_the_outcome)
{
	setenv("LC_ALL", "C", 1);
	open_line();
	s.partner.answer = not_found;
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	cr_expect_eq(answers, 1);
	cr_expect_eq(e->outcome.exit, OUTCOME_FAILED);
	cr_expect(says("4.04 Not Found: \"no\\x1b[2Jthing\""), "%s", e->outcome.err.text);
	done();
}

static void bytes(struct partner *p, const struct message *m)
{
	partner_reply(p, m, COAP_BAD_REQUEST, span_str("\xc1\x3c"), span_str("\xa0"));
}

Test(errand, a_reason_that_is_not_for_reading_is_named)
{
	open_line();
	s.partner.answer = bytes;
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	cr_expect(says("4.00 Bad Request: 1 bytes of application/cbor 60"), "%s",
		  e->outcome.err.text);
	done();
}

Test(errand, a_refused_port_is_told)
{
	open_line();
	partner_close(&s.partner);
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	cr_expect_eq(answers, 0);
	cr_expect_eq(e->outcome.exit, OUTCOME_FAILED);
	cr_expect(says("nobody listens at [::1]"), "%s", e->outcome.err.text);
	partner_open(&s.partner, s.tool.loop, false, 0);
	done();
}

static void reset(struct partner *p, const struct message *m)
{
	partner_send(p, &(struct message){ .type = COAP_RST, .mid = m->mid });
}

Test(errand, a_reset_is_told)
{
	open_line();
	s.partner.answer = reset;
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	cr_expect(says("rejected the message (Reset)"), "%s", e->outcome.err.text);
	done();
}

static void silent(struct partner *p, const struct message *m)
{
	(void)p, (void)m;
}

Test(errand, silence_ends_when_the_user_says)
{
	open_line("--timeout", "0.05");
	s.partner.answer = silent;
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	cr_expect_eq(overs, 1);
	cr_expect(says("no answer from [::1]"), "%s", e->outcome.err.text);
	cr_expect(says("within 0.05 s"), "%s", e->outcome.err.text);
	done();
}

/* --- bodies in blocks -------------------------------------------------------------- */

#define BODY 2500u
static uint8_t body[BODY];
static unsigned changes;        /* how often the representation changes on its way */

/* Serves body in blocks of 1,024 bytes with an ETag. */
static void serve(struct partner *p, const struct message *m)
{
	struct block b = { .szx = 6 };
	uint8_t options[32];
	struct writer w = writer_of(options, sizeof options);
	struct option_writer ow = option_writer(&w);
	uint8_t etag = 1;
	struct span value;
	size_t n;

	if (message_option(m, OPT_BLOCK2, 0, &value))
		cr_assert_eq(block_parse(value, &b), BLOCK_OK);
	if (b.num && changes) {
		changes--;
		etag = 2;
	}
	n = BODY - block_offset(&b) < 1024 ? BODY - block_offset(&b) : 1024;
	b.more = block_offset(&b) + n < BODY;
	option_write(&ow, OPT_ETAG, span_of(&etag, 1));
	option_write_uint(&ow, OPT_BLOCK2, block_uint(&b));
	if (b.num == 0)
		option_write_uint(&ow, OPT_SIZE2, BODY);
	partner_reply(p, m, COAP_CONTENT, span_of(options, (size_t)(w.p - options)),
		      span_of(body + block_offset(&b), n));
}

static void fill(void)
{
	for (unsigned i = 0; i < BODY; i++)
		body[i] = (uint8_t)(i * 31 + i / 256);
	s.partner.answer = serve;
}

static bool body_whole(void)
{
	return span_eq(spool_span(e->answer.body), span_of(body, BODY));
}

Test(errand, a_body_in_blocks_is_whole_and_its_parts_are_told)
{
	open_line();
	fill();
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	cr_expect_eq(e->outcome.exit, OUTCOME_OK, "%s", e->outcome.err.text);
	cr_expect(body_whole());
	cr_expect_eq(answers, 1);
	cr_expect_eq(parts, 2);
	cr_expect_eq(have, 2048);
	done();
}

Test(errand, E52_a_body_that_changes_on_its_way_is_fetched_anew)
{
	open_line();
	fill();
	changes = 3;
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	cr_expect_eq(e->outcome.exit, OUTCOME_OK, "%s", e->outcome.err.text);
	cr_expect(body_whole());
	cr_expect_eq(answers, 1);
	done();
}

Test(errand, E52_a_body_that_keeps_changing_is_an_error)
{
	open_line();
	fill();
	changes = 100;
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	cr_expect_eq(answers, 0);
	cr_expect_eq(e->outcome.exit, OUTCOME_FAILED);
	cr_expect(says("kept changing"), "%s", e->outcome.err.text);
	cr_expect_eq(changes, 96, "four times in all");
	done();
}

Test(errand, E52_what_may_not_be_done_twice_is_not_asked_for_again)
{
	open_line("-X", "post");
	fill();
	changes = 100;
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	cr_expect_eq(e->outcome.exit, OUTCOME_FAILED);
	cr_expect(says("kept changing"), "%s", e->outcome.err.text);
	cr_expect_eq(changes, 99, "once");
	done();
}

Test(errand, a_full_disk_ends_it_and_leaves_no_file)
{
	struct rlimit limit = { 1500, 1500 };
	char name[] = "/tmp/test_errand.XXXXXX";

	close(mkstemp(name));
	open_line();
	fill();
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	run(ERRAND_TRANSFER, s.partner.uri, name);
	cr_expect_eq(answers, 0);
	cr_expect_eq(overs, 1);
	cr_expect_eq(e->outcome.exit, OUTCOME_FAILED);
	cr_expect(says("File too large"), "%s", e->outcome.err.text);
	done();
	cr_expect_eq(truncate(name, 0), 0, "the old one is still there");
	unlink(name);
}

static unsigned uploaded;

static void take_blocks(struct partner *p, const struct message *m)
{
	uint8_t options[16];
	struct writer w = writer_of(options, sizeof options);
	struct option_writer ow = option_writer(&w);
	struct block b = { 0 };
	struct span value;

	cr_assert(message_option(m, OPT_BLOCK1, 0, &value));
	cr_assert_eq(block_parse(value, &b), BLOCK_OK);
	cr_expect(span_eq(m->payload, span_of(body + block_offset(&b), m->payload.n)));
	uploaded += (unsigned)m->payload.n;
	option_write_uint(&ow, OPT_BLOCK1, block_uint(&b));
	partner_reply(p, m, b.more ? COAP_CONTINUE : COAP_CHANGED,
		      span_of(options, (size_t)(w.p - options)), span_of(NULL, 0));
}

static void write_body(char *name)
{
	int fd = mkstemp(name);

	for (unsigned i = 0; i < BODY; i++)
		body[i] = (uint8_t)(i * 31 + i / 256);
	cr_assert_eq(write(fd, body, BODY), BODY);
	close(fd);
}

Test(errand, a_large_request_goes_in_blocks_and_its_parts_are_told)
{
	char name[] = "/tmp/test_errand.XXXXXX";

	write_body(name);
	open_line("-T", name);
	unlink(name);
	s.partner.answer = take_blocks;
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	cr_expect_eq(e->outcome.exit, OUTCOME_OK, "%s", e->outcome.err.text);
	cr_expect_eq(uploaded, BODY);
	cr_expect_eq(parts, 2);
	cr_expect_eq(have, 2048);
	cr_expect_eq(total, BODY);
	done();
}

Test(errand, a_file_that_shrinks_meanwhile_is_an_error)
{
	char name[] = "/tmp/test_errand.XXXXXX";

	write_body(name);
	open_line("-T", name);
	cr_assert_eq(truncate(name, 100), 0);
	s.partner.answer = take_blocks;
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	unlink(name);
	cr_expect_eq(e->outcome.exit, OUTCOME_FAILED);
	cr_expect(says("the body changed while it was read"), "%s", e->outcome.err.text);
	done();
}

/* --- single messages ------------------------------------------------------------------ */

Test(errand, a_single_message_has_options_and_payload_as_given)
{
	struct block b;
	struct span value;

	open_line("-d", "text", "--option", "Block2=0x26");
	s.partner.answer = hello;
	run(ERRAND_SINGLE, s.partner.uri, NULL);
	cr_expect_eq(e->outcome.exit, OUTCOME_OK);
	cr_expect(body_is("hello"));
	cr_expect(span_eq(s.partner.last.payload, span_str("text")));
	cr_assert(message_option(&s.partner.last, OPT_BLOCK2, 0, &value));
	cr_assert_eq(block_parse(value, &b), BLOCK_OK);
	cr_expect_eq(b.num, 2);
	done();
}

Test(errand, a_single_message_that_is_too_large_is_refused)
{
	char name[] = "/tmp/test_errand.XXXXXX";

	write_body(name);
	open_line("-T", name, "--option", "Block2=0x26");
	unlink(name);
	run(ERRAND_SINGLE, s.partner.uri, NULL);
	cr_expect_eq(s.partner.got, 0);
	cr_expect(says("too large"), "%s", e->outcome.err.text);
	done();
}

Test(errand, a_ping_is_answered_by_its_reset_and_may_be_repeated)
{
	open_line();
	s.partner.answer = reset;
	run(ERRAND_PING, s.partner.uri, NULL);
	cr_expect_eq(answers, 1);
	cr_expect_eq(e->answer.code, COAP_EMPTY);
	cr_expect_eq(e->outcome.exit, OUTCOME_OK, "%s", e->outcome.err.text);
	cr_expect_eq(s.partner.last.code, COAP_EMPTY);
	errand_again(e);
	tool_run(&s.tool);
	cr_expect_eq(answers, 2);
	cr_expect_eq(s.partner.got, 2);
	done();
}

/* --- beginning and end ------------------------------------------------------------------- */

static void cancelled(struct partner *p, const struct message *m)
{
	(void)p, (void)m;
	errand_cancel(e);
	tool_stop(&s.tool);
}

Test(errand, a_cancelled_one_says_nothing_more)
{
	open_line();
	s.partner.answer = cancelled;
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	cr_expect_eq(s.partner.got, 1);
	cr_expect_eq(overs, 0);
	cr_expect_eq(s.tool.open, 0);
	errand_cancel(e);
	cr_expect_eq(s.tool.open, 0);
	done();
}

static struct ev_timer soon;

static void room_soon(struct ev_loop *loop, struct ev_timer *w, int events)
{
	(void)loop, (void)w, (void)events;
	full = false;
}

Test(errand, waits_for_room_to_send)
{
	open_line();
	s.partner.answer = hello;
	full = true;
	ev_timer_init(&soon, room_soon, 0.02, 0);
	ev_timer_start(s.tool.loop, &soon);
	run(ERRAND_TRANSFER, s.partner.uri, NULL);
	cr_expect_eq(answers, 1);
	done();
}

Test(errand, what_is_wrong_with_the_line_is_told_before_anything_is_sent)
{
	static const struct { const char *uri, *output; int exit; const char *says; } bad[] = {
		{ "nonsense", NULL, OUTCOME_USAGE, "URI" },
		{ "coaps://[::1]/", NULL, OUTCOME_FAILED, "not built yet" },
		{ "coap://[::1]/", "/nonexistent/file", OUTCOME_FAILED, "cannot write" },
	};

	open_line("--option", "2055=x");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		s.tool.nerrands = 0;
		cr_expect_lt(errand_open(e, &s.tool, ERRAND_TRANSFER, bad[i].uri, bad[i].output,
					 &ops), 0);
		cr_expect_eq(e->outcome.exit, bad[i].exit);
		cr_expect(says(bad[i].says), "%s", e->outcome.err.text);
		errand_free(e);
	}
	s.args.option.v[0] = "nonsense";
	s.tool.nerrands = 0;
	cr_expect_lt(errand_open(e, &s.tool, ERRAND_TRANSFER, s.partner.uri, NULL, &ops), 0);
	cr_expect_eq(e->outcome.exit, OUTCOME_USAGE);
	done();
}

Test(errand, a_group_is_no_server)
{
	open_line();
	run(ERRAND_TRANSFER, "coap://224.0.1.187/x", NULL);
	cr_expect_eq(e->outcome.exit, OUTCOME_USAGE);
	cr_expect(says("the address of a group"), "%s", e->outcome.err.text);
	done();
}
