/* Ending requests: waiting, separate responses, effects, what a death leaves. */
#include <criterion/criterion.h>

#include "rig.h"

#define GET COAP_GET
#define POST COAP_POST
#define expect(r, text) cr_assert_str_eq(rig_next(r), text)

static struct rig *r;

static void setup(void)
{
	r = rig_new(NULL);
}

static void teardown(void)
{
	rig_free(r);
}

TestSuite(request, .init = setup, .fini = teardown);

Test(request, requests_and_answers_are_counted_by_code)
{
	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=x");
	rig_serve(r, 1, COAP_CON, POST, 8, "tk", "11=x");
	rig_serve(r, 1, COAP_CON, POST, 8, "tk", "11=x");       /* is none, it came before */
	cr_assert_eq(r->e.space.ctl->code[GET], 1);
	cr_assert_eq(r->e.space.ctl->code[POST], 1);
	cr_assert_eq(r->e.space.ctl->code[COAP_CONTENT], 1);
	cr_assert_eq(r->e.space.ctl->code[COAP_CHANGED], 1);
}

/* Comes with a token and an option, is ended with a code. */
static void bare(uint8_t type, uint8_t code, uint16_t mid, const char *token, const char *option)
{
	cr_assert_eq(rig_msg(r, 1, type, code, mid, token, option), INPUT_REQUEST);
	request_done_bare(&r->e, &r->in.request, COAP_CHANGED);
	rig_commit(r);
}

Test(request, a_code_alone_travels_as_any_answer)
{
	bare(COAP_CON, POST, 7, "twelve bytes", "11=x");
	expect(r, "ACK 2.04 mid=7 tok=twelve bytes pay=");
	bare(COAP_CON, POST, 8, "thirteen bytes", "11=x");
	expect(r, "ACK 2.04 mid=8 tok=thirteen bytes pay=");
	bare(COAP_CON, COAP_PUT, 9, "", "11=x");
	expect(r, "ACK 2.04 mid=9 tok= pay=");
	bare(COAP_CON, POST, 10, "tk", "11=x 258=#02");
	expect(r, "ACK 0.00 mid=10 tok= pay=");
	bare(COAP_NON, POST, 11, "tk", "11=x 258=#02");
	expect(r, "nothing");
	cr_assert_eq(r->e.space.ctl->code[COAP_CHANGED], 5);
	/* What comes again is told the same. */
	rig_serve(r, 1, COAP_CON, COAP_PUT, 9, "", "11=x");
	expect(r, "ACK 2.04 mid=9 tok= pay=");
	cr_assert_eq(r->runs, 0);
}

Test(request, an_answer_within_the_ack_delay_is_piggybacked)
{
	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=w");
	rig_wait(r, 199);
	expect(r, "nothing");
	rig_finish(r, "soon");
	expect(r, "ACK 2.05 mid=7 tok=tk pay=soon");
	cr_assert_eq(r->e.waiting_n, 0);
}

Test(request, a_later_one_is_separate_and_confirmable)
{
	struct rig_sent s;
	uint16_t mid;

	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=w");
	cr_assert_eq(rig_wait(r, 200), 1);
	expect(r, "ACK 0.00 mid=7 tok= pay=");
	expect(r, "nothing");
	rig_finish(r, "late");
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.type, COAP_CON);
	cr_assert(rig_payload_is(&s, "late"));
	cr_assert(span_eq(s.m.token, span_str("tk")));
	mid = s.m.mid;
	/* Retransmitted until acknowledged; then all is forgotten. */
	cr_assert_eq(rig_wait(r, 3000), 1);
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.mid, mid);
	rig_serve(r, 1, COAP_ACK, COAP_EMPTY, mid, NULL, NULL);
	cr_assert_eq(engine_next(&r->e), UINT64_MAX);
	cr_assert_eq(r->e.outgoing_n, 0);
}

/* From its coming to its answer, whatever dies meanwhile; of those answered at once the
 * time is taken elsewhere. */
Test(request, the_time_of_those_that_wait_is_told)
{
	const struct durations *d = &r->e.space.ctl->waited;
	struct rig_sent s;

	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=x");
	cr_assert_eq(d->sum_ns, 0);
	rig_serve(r, 1, COAP_CON, GET, 8, "tk", "11=w");
	rig_wait(r, 3000);
	rig_finish(r, "late");
	while (rig_take(r, &s))
		;
	cr_assert_eq(d->sum_ns, 3000000000u);
	cr_assert_eq(d->bucket[22], 1, "up to 4.2 s");
	rig_serve(r, 1, COAP_NON, GET, 9, "tk", "11=w");
	rig_wait(r, 5);
	rig_finish(r, "soon");
	cr_assert_eq(d->sum_ns, 3005000000u);
	rig_serve(r, 2, COAP_NON, GET, 9, "tk", "11=w");
	rig_finish(r, "at once");
	cr_assert_eq(d->sum_ns, 3005500000u);
}

Test(request, E10_duplicate_after_the_separate_response_gets_an_empty_ack)
{
	struct rig_sent s;

	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=w");
	rig_wait(r, 200);
	rig_finish(r, "late");
	cr_assert(rig_take(r, &s));
	rig_serve(r, 1, COAP_ACK, COAP_EMPTY, s.m.mid, NULL, NULL);
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=w");
	expect(r, "ACK 0.00 mid=7 tok= pay=");
	expect(r, "nothing");
	cr_assert_eq(r->runs, 1);
}

Test(request, reset_of_a_separate_response_ends_it)
{
	struct rig_sent s;

	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=w");
	rig_wait(r, 200);
	rig_finish(r, "late");
	cr_assert(rig_take(r, &s));
	rig_serve(r, 1, COAP_RST, COAP_EMPTY, s.m.mid, NULL, NULL);
	cr_assert_eq(r->e.outgoing_n, 0);
	cr_assert_eq(rig_counter(r, COUNT_RESETS), 1);
}

Test(request, non_that_waits_is_answered_non_without_ack)
{
	struct rig_sent s;

	rig_serve(r, 1, COAP_NON, GET, 7, "tk", "11=w");
	cr_assert_eq(rig_wait(r, 10000), 0);
	rig_finish(r, "late");
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.type, COAP_NON);
	cr_assert(rig_payload_is(&s, "late"));
	cr_assert_eq(r->e.waiting_n + r->e.outgoing_n, 0);
}

Test(request, E40_no_response_and_a_separate_answer)
{
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=w 258=#1a");
	rig_wait(r, 200);
	expect(r, "ACK 0.00 mid=7 tok= pay=");
	expect(r, "nothing");
	rig_finish(r, "unwanted");
	expect(r, "nothing");
	cr_assert_eq(r->e.waiting_n + r->e.outgoing_n, 0);
}

Test(request, E19_separate_responses_to_one_peer_go_one_by_one)
{
	struct rig_sent s;
	ref_t first;
	struct rig_task *task;

	rig_serve(r, 1, COAP_CON, GET, 7, "aa", "11=w");
	first = r->waiting;
	task = r->task;
	rig_serve(r, 1, COAP_CON, GET, 8, "bb", "11=w");
	rig_wait(r, 200);
	rig_finish(r, "b");
	cr_assert(rig_take(r, &s));
	r->waiting = first;
	r->task = task;
	rig_finish(r, "a");
	expect(r, "nothing");
	rig_serve(r, 1, COAP_ACK, COAP_EMPTY, s.m.mid, NULL, NULL);
	cr_assert(rig_take(r, &s));
	cr_assert(rig_payload_is(&s, "a"));
}

Test(request, a_waiting_request_survives_any_number_of_deaths)
{
	struct rig_sent s;

	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=w");
	for (int i = 0; i < 5; i++) {
		rig_crash(r);
		adopt_survived(&r->e);
	}
	cr_assert_eq(rig_wait(r, 200), 1);
	expect(r, "ACK 0.00 mid=7 tok= pay=");
	expect(r, "nothing");
	rig_crash(r);
	rig_finish(r, "late");
	rig_crash(r);
	cr_assert(rig_take(r, &s));
	cr_assert(rig_payload_is(&s, "late"));
	cr_assert_eq(rig_counter(r, COUNT_ADOPT_DROPPED), 0);
}

Test(request, long_requests_wait_in_a_blob)
{
	uint8_t buf[1500];
	char payload[1201];
	struct request q;
	size_t n;

	memset(payload, 'p', 1200);
	payload[1200] = 0;
	n = rig_build(buf, sizeof buf, COAP_CON, POST, 7, "tk", "11=w", payload);
	rig_serve_raw(r, 1, buf, n);
	rig_crash(r);
	cr_assert(request_resume(&r->e, r->waiting, &q));
	cr_assert_eq(q.msg.payload.n, 1200);
	rig_finish(r, "short");
	cr_assert_eq(r->e.space.ctl->live[SLAB_BLOB], 0);
}

Test(request, resume_of_a_stale_reference_is_refused)
{
	struct request q;

	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=w");
	rig_finish(r, "x");
	cr_assert_not(request_resume(&r->e, r->waiting, &q));
	cr_assert_not(request_resume(&r->e, 0, &q));
}

/* --- effects outside the slot ------------------------------------------------ */

static void begin_effect(void)
{
	cr_assert_eq(rig_msg(r, 1, COAP_CON, POST, 7, "tk", "11=x"), INPUT_REQUEST);
	request_exec(&r->e, &r->in.request, 0);
}

Test(request, a_death_within_an_effect_is_told_as_lost)
{
	struct request q;
	ref_t waiting;

	begin_effect();
	cr_assert_eq(rig_crash(r), 1);
	cr_assert(request_lost(&r->e, &q, &waiting));
	cr_assert_eq(waiting, 0);
	request_refuse(&r->e, &q, COAP_INTERNAL_ERROR, NULL);
	engine_commit(&r->e, space_rx_next(&r->e.space) + 1);
	cr_assert_eq(space_rx_next(&r->e.space), 1);
	expect(r, "ACK 5.00 mid=7 tok=tk pay=");
	/* From now on that is the answer. */
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x");
	expect(r, "ACK 5.00 mid=7 tok=tk pay=");
	cr_assert_eq(r->runs, 0);
}

Test(request, nothing_is_lost_without_a_death_in_an_effect)
{
	struct request q;
	ref_t waiting;

	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x");
	rig_crash(r);
	cr_assert_not(request_lost(&r->e, &q, &waiting));
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x");
	cr_assert_eq(r->runs, 1);
}

Test(request, a_death_in_the_effect_of_a_waiting_request)
{
	struct request q;
	ref_t waiting;

	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=w");
	cr_assert(request_resume(&r->e, r->waiting, &q));
	request_exec(&r->e, &q, 1);
	rig_crash(r);
	cr_assert(request_lost(&r->e, &q, &waiting));
	cr_assert_eq(waiting, r->waiting);
	request_refuse(&r->e, &q, COAP_INTERNAL_ERROR, NULL);
	engine_commit(&r->e, space_rx_next(&r->e.space));
	expect(r, "ACK 5.00 mid=7 tok=tk pay=");
	cr_assert_not(request_lost(&r->e, &q, &waiting));
}

Test(request, an_uncommitted_request_runs_again)
{
	cr_assert_eq(rig_msg(r, 1, COAP_CON, POST, 7, "tk", "11=x"), INPUT_REQUEST);
	cr_assert_eq(rig_crash(r), 1);
	cr_assert_eq(space_rx_next(&r->e.space), 0);
	cr_assert_eq(input_datagram(&r->e, 0, &r->in), INPUT_REQUEST, "fresh again");
	cr_assert_eq(r->e.space.ctl->live[SLAB_ENDPOINT], 1);
	cr_assert_eq(r->e.space.ctl->live[SLAB_DEDUP], 1);
}

Test(request, a_full_writer_becomes_5_00)
{
	char big[DGRAM_TX_MAX];
	struct writer w;

	memset(big, 'b', sizeof big);
	cr_assert_eq(rig_msg(r, 1, COAP_CON, GET, 7, "tk", "11=x"), INPUT_REQUEST);
	w = request_answer(&r->e, &r->in.request);
	message_write_payload(&w, span_of(big, sizeof big));
	request_done(&r->e, &r->in.request, COAP_CONTENT, &w);
	rig_commit(r);
	expect(r, "ACK 5.00 mid=7 tok=tk pay=");
}

/* A token that is longer than any that was taken would lead beyond the answer. */
Test(request, a_waiting_one_with_a_damaged_token_is_forgotten)
{
	struct exchange *x;
	struct request q;

	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=w 258=#00 65000="
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	x = exchange_get(&r->e, r->waiting);
	x->inside[0] = 0x4e;            /* a token of 269 + 60 bytes and more */
	x->inside[5] = 60;
	cr_assert_not(request_resume(&r->e, r->waiting, &q));
	rig_commit(r);
	cr_assert_eq(r->e.waiting_n, 0);
	rig_serve(r, 1, COAP_CON, POST, 8, "tk", "11=x");
	expect(r, "ACK 2.04 mid=8 tok=tk pay=2");
}

Test(request, a_waiting_one_damaged_into_an_answer_is_forgotten)
{
	struct request q;

	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=w");
	exchange_get(&r->e, r->waiting)->inside[1] = COAP_CONTENT;
	cr_assert_not(request_resume(&r->e, r->waiting, &q));
	rig_commit(r);
	cr_assert_eq(r->e.waiting_n, 0);
}

/* --- answers that nobody wants ----------------------------------------------------------------- */

static void acknowledged(uint8_t type)
{
	rig_serve(r, 1, type, POST, 7, "tk", "11=w");
	rig_wait(r, 200);
	(void)rig_next(r);
}

static enum input_verdict reset(unsigned peer, uint16_t mid)
{
	enum input_verdict v = rig_msg(r, peer, COAP_RST, COAP_EMPTY, mid, NULL, NULL);

	rig_commit(r);
	return v;
}

Test(request, a_rejected_acknowledgement_ends_what_waits)
{
	const struct rig_task *task;

	acknowledged(COAP_CON);
	task = slab_get(&r->e.space, engine_slab(&r->e, RIG_TASKS),
			exchange_get(&r->e, r->waiting)->owner);
	cr_assert_eq(reset(2, 7), INPUT_DONE, "from somebody else");
	cr_assert_eq(reset(1, 8), INPUT_DONE, "of another one");
	cr_assert_eq(r->e.waiting_n, 1);
	cr_assert_eq(reset(1, 7), INPUT_WITHDRAWN);
	cr_assert_eq(slab_get(&r->e.space, engine_slab(&r->e, RIG_TASKS),
			      r->in.response.owner), task);
	cr_assert_eq(r->e.waiting_n, 0);
	cr_assert_eq(rig_counter(r, COUNT_WITHDRAWN), 1);
	cr_assert_eq(rig_counter(r, COUNT_RESETS), 1);
	/* A late duplicate does not run again. */
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=w");
	expect(r, "ACK 5.03 mid=7 tok=tk pay=");
	cr_assert_eq(r->runs, 1);
	cr_assert_eq(reset(1, 7), INPUT_DONE, "it is over");
}

Test(request, what_was_not_acknowledged_cannot_be_rejected)
{
	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=w");
	cr_assert_eq(reset(1, 7), INPUT_DONE);
	cr_assert_eq(r->e.waiting_n, 1);
	rig_finish(r, "soon");
	expect(r, "ACK 2.05 mid=7 tok=tk pay=soon");
	acknowledged(COAP_NON);
	cr_assert_eq(reset(1, 7), INPUT_DONE);
	cr_assert_eq(r->e.waiting_n, 1);
	cr_assert_eq(rig_counter(r, COUNT_WITHDRAWN), 0);
}

Test(request, E15_reset_of_a_separate_response_leaves_what_waits_alone)
{
	struct rig_sent s;
	struct endpoint *p;

	acknowledged(COAP_CON);
	rig_finish(r, "late");
	cr_assert(rig_take(r, &s));
	/* Both sides may have come to the same message ID. */
	rig_serve(r, 1, COAP_CON, GET, s.m.mid, "tw", "11=w");
	rig_wait(r, 200);
	p = endpoint_find(&r->e, &(struct addr[]){ rig_peer(1) }[0],
			  &(struct local[]){ rig_local() }[0]);
	cr_assert_eq(dealings_of(&r->e, p)->nactive, 1);
	cr_assert_eq(reset(1, s.m.mid), INPUT_DONE, "ours is meant");
	cr_assert_eq(dealings_of(&r->e, p)->nactive, 0);
	cr_assert_eq(r->e.waiting_n, 1);
}

Test(request, E21_an_error_for_the_acknowledgement_ends_what_waits)
{
	static const uint8_t ack[] = { 0x60, 0, 0, 7 }, con[] = { 0x40, 2, 0, 7 };
	struct addr to = rig_peer(1), other = rig_peer(2);
	struct local from = rig_local();
	enum expire_verdict v;
	struct expired x;

	acknowledged(COAP_CON);
	cr_assert(!expire_unreachable(&r->e, &other, &from, span_of(ack, 4), &x, &v));
	cr_assert_eq(v, EXPIRE_NOTHING);
	cr_assert(!expire_unreachable(&r->e, &to, &from, span_of(con, 4), &x, &v));
	cr_assert_eq(v, EXPIRE_NOTHING);
	cr_assert(!expire_unreachable(&r->e, &to, &from, span_of(ack, 3), &x, &v));
	cr_assert_eq(v, EXPIRE_NOTHING);
	cr_assert_eq(r->e.waiting_n, 1);
	cr_assert(!expire_unreachable(&r->e, &to, &from, span_of(ack, 4), &x, &v));
	cr_assert_eq(v, EXPIRE_WITHDRAWN);
	cr_assert_neq(x.response.owner, 0);
	rig_commit(r);
	cr_assert_eq(r->e.waiting_n, 0);
}
