/* watched.h - observers over a test engine, without a resource: what the tests of
 * observer.c and representation.c stand on. */
#ifndef TESTS_WATCHED_H
#define TESTS_WATCHED_H

#include "exchange/observer.h"
#include "rig.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define WORD 7u
#define PAUSE_MS 3000u

#define expect(text) cr_assert_str_eq(rig_next(r), text)

static struct rig *r;
static uint64_t state;          /* value of the word */
static bool aged;               /* what is told has a Max-Age, */
static enum observer_type told_as; /* and how it is told */

__attribute__((unused)) static void fresh(void)
{
	struct engine_limits limits = rig_limits();

	limits.observers = 6;
	limits.observers_per_endpoint = 4;
	limits.representations = 4;
	r = rig_new(&limits);
	r->e.conf.observe_con_every = r->conf.observe_con_every = 3;
	r->e.conf.observe_pause_ms = r->conf.observe_pause_ms = PAUSE_MS;
	state = 1;
	aged = false;
	told_as = OBSERVER_AS_ASKED;
}

__attribute__((unused)) static void teardown(void)
{
	if (r)
		rig_free(r);
}

/* A request that asks to observe is answered; the Observe value, or -1. */
__attribute__((unused)) static long enter_as(unsigned peer, uint8_t type, uint16_t mid,
					     const char *token, const char *options)
{
	struct representation_of of = { .mount = 5, .word = WORD, .seen = state };
	struct request *q = &r->in.request;
	uint32_t value = 0;
	struct writer w;
	bool entered;

	cr_assert_eq(rig_msg(r, peer, type, COAP_GET, mid, token, options), INPUT_REQUEST);
	cr_assert(observer_asks(&q->msg));
	entered = observer_register(&r->e, q, &of, &value);
	w = request_answer(&r->e, q);
	request_done(&r->e, q, COAP_CONTENT, &w);
	rig_commit(r);
	rig_next(r);
	return entered ? (long)value : -1;
}

__attribute__((unused)) static long enter(unsigned peer, const char *token)
{
	static uint16_t mid = 1000;

	return enter_as(peer, COAP_CON, ++mid, token, "6= 11=a");
}

static struct representation *the_one(void)
{
	return representation_of_word(&r->e, WORD);
}

/* One that has to be told is; its new Observe value, or -1: none has to. */
__attribute__((unused)) static long tell_code(uint8_t code)
{
	struct representation *p = the_one();
	struct observer *o;
	uint32_t value;
	struct writer w;
	struct option_writer ow;
	bool told;

	while ((o = p ? observer_stale(&r->e, p) : NULL) && observer_put_off(&r->e, o, told_as))
		rig_commit(r);
	if (!o)
		return -1;
	value = observer_value(&r->e, o);
	w = observer_begin(&r->e, o);
	ow = option_writer(&w);
	if (code == COAP_CONTENT)
		option_write_uint(&ow, OPT_OBSERVE, value);
	told = observer_told(&r->e, o, code, &w, aged, told_as);
	rig_commit(r);
	return told ? (long)value : -2;
}

__attribute__((unused)) static long tell(void)
{
	return tell_code(COAP_CONTENT);
}

/* The state changes, which is seen. */
__attribute__((unused)) static void change(void)
{
	representation_saw(&r->e, the_one(), ++state);
	rig_commit(r);
}

/* The next datagram that was sent. */
__attribute__((unused)) static struct message sent(void)
{
	struct rig_sent s;

	cr_assert(rig_take(r, &s), "something was sent");
	return s.m;
}

__attribute__((unused)) static void bring_back(unsigned peer, uint8_t type, uint16_t mid)
{
	rig_msg(r, peer, type, COAP_EMPTY, mid, "", "");
	rig_commit(r);
}

__attribute__((unused)) static uint32_t observers(void)
{
	return r->e.space.ctl->live[SLAB_OBSERVER];
}

#endif
