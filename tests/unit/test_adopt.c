/* Adoption: the same state after a death, and no harm from damage. */
#include <criterion/criterion.h>

#include "rig.h"

#include <stdlib.h>
#include <time.h>

static struct rig *r;

static void setup(void)
{
	r = rig_new(NULL);
}

static void teardown(void)
{
	rig_free(r);
}

TestSuite(adopt, .init = setup, .fini = teardown);

static void fetch(unsigned peer)
{
	static const uint8_t body[] = { 0xb1, 't' };
	struct client_request c = { .to = rig_peer(peer), .from = rig_local(),
				    .code = COAP_GET, .body = { body, sizeof body } };
	ref_t x;

	client_send(&r->e, &c, &x);
	engine_commit(&r->e, space_rx_next(&r->e.space));
}

/* Some of everything. */
static void populate(void)
{
	uint8_t buf[1500];
	char payload[1001];
	size_t n;

	for (uint16_t mid = 1; mid <= 6; mid++)
		rig_serve(r, 1, COAP_CON, COAP_POST, mid, "tk", "11=x");
	rig_serve(r, 2, COAP_NON, COAP_GET, 9, "tk", "11=x");
	rig_serve(r, 3, COAP_CON, COAP_GET, 9, "tk", "11=w");
	rig_serve(r, 4, COAP_CON, COAP_POST, 9, "tk", "11=w");
	rig_wait(r, 200);
	rig_finish(r, "separate");
	memset(payload, 'p', 1000);
	payload[1000] = 0;
	n = rig_build(buf, sizeof buf, COAP_CON, COAP_POST, 10, "tk", "11=w", payload);
	rig_serve_raw(r, 5, buf, n);
	fetch(6);
	fetch(6);
	fetch(7);
}

/* What an outsider could tell apart: everything live, by content. */
static uint64_t digest(const struct rig *g)
{
	const struct space *s = &g->e.space;
	uint64_t h = 0;

	for (unsigned i = 0; i < s->nslabs; i++)
		h = hash_fold(h + s->ctl->live[i], 0x9e3779b97f4a7c15u);
	h = hash_fold(h + g->e.waiting_n, 0x9e3779b97f4a7c15u);
	h = hash_fold(h + g->e.outgoing_n, 0x9e3779b97f4a7c15u);
	h = hash_fold(h + g->e.deadlines.n, 0x9e3779b97f4a7c15u);
	for (uint32_t i = 0; i < s->ctl->hwm[SLAB_ENDPOINT]; i++) {
		const struct endpoint *p = slab_at(&s->slab[SLAB_ENDPOINT], i);

		if (p->o.word & 1) {
			const struct dealings *d = dealings_of(&g->e, p);

			h = hash_fold(h + d->nexchanges + d->nactive * 16u + p->ndedup * 256u +
				      p->nkept * 4096u + d->next_mid, 0x9e3779b97f4a7c15u);
		}
	}
	return h;
}

Test(adopt, everything_is_as_it_was)
{
	uint64_t before;

	populate();
	before = digest(r);
	for (int i = 0; i < 3; i++) {
		rig_crash(r);
		adopt_survived(&r->e);
		rig_wait(r, 0);         /* queued ones are looked at once */
		cr_assert_eq(digest(r), before);
	}
	cr_assert_eq(rig_counter(r, COUNT_ADOPT_DROPPED), 0);
	cr_assert_eq(rig_counter(r, COUNT_ADOPTED), 3);
	rig_serve(r, 1, COAP_CON, COAP_POST, 6, "tk", "11=x");
	cr_assert_str_eq(rig_next(r), "ACK 2.04 mid=6 tok=tk pay=6");
}

Test(adopt, oldest_answers_are_still_the_first_to_go)
{
	for (uint16_t mid = 1; mid <= 4; mid++)
		rig_serve(r, 1, COAP_CON, COAP_POST, mid, "tk", "11=x");
	rig_crash(r);
	rig_serve(r, 1, COAP_CON, COAP_POST, 5, "tk", "11=x");
	rig_serve(r, 1, COAP_CON, COAP_POST, 2, "tk", "11=x");
	cr_assert_str_eq(rig_next(r), "ACK 2.04 mid=2 tok=tk pay=2");
	rig_serve(r, 1, COAP_CON, COAP_POST, 1, "tk", "11=x");
	cr_assert(strstr(rig_next(r), "5.03"));
}

Test(adopt, a_slot_whose_adoption_dies_twice_is_wiped)
{
	populate();
	for (int i = 0; i < 2; i++)
		cr_assert(adopt_begin(&r->e));
	cr_assert_gt(r->e.space.ctl->live[SLAB_ENDPOINT], 0);
	rig_crash(r);
	cr_assert_eq(r->e.space.ctl->live[SLAB_ENDPOINT], 0);
	cr_assert_eq(rig_counter(r, COUNT_ADOPT_WIPED), 1);
	cr_assert_gt(rig_counter(r, COUNT_REQUESTS), 0, "counters stay");
	rig_serve(r, 1, COAP_CON, COAP_POST, 1, "tk", "11=x");
	cr_assert(strstr(rig_next(r), "2.04"));
}

Test(adopt, a_slot_whose_first_event_dies_for_ever_is_wiped)
{
	populate();
	for (int i = 0; i < 16; i++) {
		rig_crash(r);
		cr_assert_eq(rig_counter(r, COUNT_ADOPT_WIPED), 0);
	}
	rig_crash(r);
	cr_assert_eq(rig_counter(r, COUNT_ADOPT_WIPED), 1);
}

Test(adopt, a_datagram_that_kills_workers_is_skipped)
{
	cr_assert_eq(rig_msg(r, 1, COAP_CON, COAP_GET, 7, "tk", "11=x"), INPUT_REQUEST);
	for (unsigned i = 1; i < DGRAM_TRIES; i++) {
		cr_assert_eq(rig_crash(r), 1);
		cr_assert_eq(space_rx_next(&r->e.space), 0);
	}
	rig_crash(r);
	cr_assert_eq(space_rx_next(&r->e.space), 1);
	cr_assert_eq(rig_counter(r, COUNT_RX_POISON), 1);
}

Test(adopt, a_batch_the_kernel_was_filling_is_taken_as_far_as_it_was)
{
	struct batch *b = batch_of(&r->e.space);

	engine_flushed(&r->e, 0);
	for (unsigned i = 0; i < BATCH_RX; i++)
		b->rx_hdr[i].msg_len = i < 5 ? 4 : BATCH_UNTOUCHED;
	b->rx_n = BATCH_RX_UNKNOWN;
	cr_assert_eq(rig_crash(r), 5);
}

/* Structure that must hold whatever was damaged before. */
static void check_structure(void)
{
	struct engine *e = &r->e;

	for (unsigned i = 0; i < e->space.nslabs; i++) {
		struct slab *b = engine_slab(e, i);
		uint32_t hwm = e->space.ctl->hwm[i], n = 0, live = 0, at = b->free_head;

		cr_assert_leq(hwm, b->cap);
		for (; at != SLAB_NIL; at = ((struct object *)slab_at(b, at))->link, n++) {
			cr_assert_lt(at, hwm);
			cr_assert_not(slab_live(b, at));
			cr_assert_leq(n, hwm);
		}
		for (uint32_t k = 0; k < hwm; k++)
			live += slab_live(b, k);
		cr_assert_eq(n, b->free_n);
		cr_assert_eq(n + live, hwm);
	}
	cr_assert_leq(space_tx_n(&e->space), BATCH_TX);
	cr_assert_leq(space_rx_next(&e->space), BATCH_RX);
}

/* Some traffic over whatever is there. */
static void exercise(void)
{
	struct rig_sent s;
	struct request q;
	ref_t waiting;

	if (request_lost(&r->e, &q, &waiting)) {
		request_refuse(&r->e, &q, COAP_INTERNAL_ERROR, NULL);
		engine_commit(&r->e, space_rx_next(&r->e.space));
	}
	for (unsigned peer = 1; peer < 8; peer++) {
		rig_serve(r, peer, COAP_CON, COAP_POST, (uint16_t)(20 + peer), "tk", "11=x");
		rig_serve(r, peer, COAP_NON, COAP_GET, 9, "tk", "11=x");
		rig_serve(r, peer, COAP_ACK, COAP_EMPTY, (uint16_t)peer, NULL, NULL);
		while (rig_take(r, &s))
			;
	}
	rig_wait(r, 3000);
	rig_wait(r, 300000);
	expire_sweep(&r->e);
}

static unsigned rounds(unsigned full)
{
	return getenv("COAPD_QUICK") ? full / 10 : full;
}

/* Where damage can matter: control block, live objects, the batch's head. */
static size_t target(size_t draw)
{
	const struct space *s = &r->e.space;
	unsigned slab = (unsigned)(draw >> 8) % (s->nslabs + 2);

	if (slab == s->nslabs)
		return (draw >> 16) % sizeof(struct space_ctl);
	if (slab == s->nslabs + 1)
		return (size_t)(s->extra - s->base) + (draw >> 16) % sizeof(struct batch);
	return (size_t)(s->slab[slab].at - s->base) +
	       (draw >> 16) % ((size_t)s->slab[slab].size * 8);
}

Test(adopt, random_damage_never_harms_the_adopter, .timeout = 120)
{
	size_t size = space_size(&r->def);
	struct hash_key key = { { 1, 2 } };
	uint8_t *good = malloc(size);

	populate();
	/* With an effect under way and an undo log in use. */
	rig_msg(r, 8, COAP_CON, COAP_POST, 77, "tk", "11=x");
	request_exec(&r->e, &r->in.request, 0);
	undo_set(&r->e.space, &engine_root(&r->e)->mid, 5);
	unpoison(r->mem, size);
	memcpy(good, r->mem, size);
	for (unsigned i = 0; i < rounds(20000); i++) {
		unsigned flips = 1 + i % 7;

		unpoison(r->mem, size);
		memcpy(r->mem, good, size);
		for (unsigned k = 0; k < flips; k++) {
			uint64_t h = hash_words(&key, i, k);
			uint8_t *p = (uint8_t *)r->mem + target((size_t)h);

			*p = h & 1 ? (uint8_t)(h >> 56) : (uint8_t)(*p ^ 1u << (h >> 56) % 8);
		}
		r->e.now = 1000000;
		rig_crash(r);
		check_structure();
		exercise();
		check_structure();
	}
	unpoison(r->mem, size);
	memcpy(r->mem, good, size);
	free(good);
}

/* What a damage may make of a word. */
static const uint32_t values[][2] = {   /* kept bits, inverted bits */
	{ 0xffffffff, 0xffffffff }, { 0xffffffff, 1 }, { 0xffffffff, 0x80000000 }, { 0, 0 },
	{ 0, 0xffffffff }, { 0, 0x7fffffff }, { 0, 1 },
};

static bool is_slow_to_vary(size_t word)
{
	size_t at = word * 4;

	return (at >= offsetof(struct space_ctl, counter) &&
		at < offsetof(struct space_ctl, commit)) ||
	       (at >= offsetof(struct space_ctl, undo) + 64 && at < offsetof(struct space_ctl, root));
}

Test(adopt, every_word_of_the_control_block_may_be_anything, .timeout = 120)
{
	size_t size = space_size(&r->def), words = sizeof(struct space_ctl) / 4;
	uint8_t *good = malloc(size);

	populate();
	rig_msg(r, 8, COAP_CON, COAP_POST, 77, "tk", "11=x");
	request_exec(&r->e, &r->in.request, 0);
	undo_set(&r->e.space, &engine_root(&r->e)->mid, 5);
	unpoison(r->mem, size);
	memcpy(good, r->mem, size);
	for (size_t w = 0; w < words; w++)
		for (size_t v = 0; v < (is_slow_to_vary(w) ? 1 : sizeof values / sizeof *values); v++) {
			uint32_t *at = (uint32_t *)r->mem + w;

			unpoison(r->mem, size);
			memcpy(r->mem, good, size);
			*at = (*at & values[v][0]) ^ values[v][1];
			r->e.now = 1000000;
			rig_crash(r);
			check_structure();
			exercise();
			check_structure();
			rig_serve(r, 9, COAP_CON, COAP_GET, 99, "tk", "11=x");
			cr_assert(strstr(rig_next(r), "2.05"), "word %zu, value %zu", w, v);
		}
	unpoison(r->mem, size);
	memcpy(r->mem, good, size);
	free(good);
}

/* A request may be longer than what we send. */
Test(adopt, a_waiting_request_damaged_into_an_answer_is_dropped_if_too_long)
{
	uint8_t buf[DGRAM_RX_MAX];
	char payload[1500];
	size_t n;

	memset(payload, 'p', sizeof payload);
	payload[sizeof payload - 1] = 0;
	n = rig_build(buf, sizeof buf, COAP_CON, COAP_POST, 9, "tk", "11=w", payload);
	cr_assert_gt(n, DGRAM_TX_MAX);
	rig_serve_raw(r, 4, buf, n);
	exchange_get(&r->e, r->waiting)->state = EXCHANGE_SENT;
	rig_crash(r);
	rig_wait(r, 3000);
	cr_assert_eq(r->e.outgoing_n, 0);
	cr_assert_gt(rig_counter(r, COUNT_ADOPT_DROPPED), 0);
}

Test(adopt, an_entry_that_waits_for_anothers_exchange_is_settled)
{
	struct endpoint *p;
	struct addr a = rig_peer(2);
	struct local l = rig_local();
	ref_t first;

	rig_serve(r, 1, COAP_CON, COAP_POST, 9, "tk", "11=w");
	first = r->waiting;
	rig_serve(r, 2, COAP_CON, COAP_POST, 9, "tk", "11=w");
	p = endpoint_find(&r->e, &a, &l);
	dedup_find(&r->e, p, 9)->exchange = first;
	rig_crash(r);
	adopt_survived(&r->e);
	p = endpoint_find(&r->e, &a, &l);
	cr_assert_eq(dedup_find(&r->e, p, 9)->state, DEDUP_GONE);
	rig_finish(r, "late");
	rig_wait(r, 250000);
	expire_sweep(&r->e);
	cr_assert_null(dedup_find(&r->e, p, 9));
}

Test(adopt, a_waiting_request_does_not_settle_anothers_entry)
{
	struct addr a = rig_peer(1);
	struct local l = rig_local();
	struct dedup *d;

	rig_serve(r, 1, COAP_CON, COAP_POST, 9, "tk", "11=w");
	d = dedup_find(&r->e, endpoint_find(&r->e, &a, &l), 9);
	rig_serve(r, 2, COAP_CON, COAP_POST, 9, "tk", "11=w");
	exchange_get(&r->e, r->waiting)->dedup = dedup_ref(&r->e, d);
	rig_crash(r);
	rig_finish(r, "of the second");
	cr_assert_eq(d->state, DEDUP_WAITING);
}

Test(adopt, a_waiting_request_owned_by_no_task_is_dropped)
{
	struct exchange *x;

	rig_serve(r, 1, COAP_CON, COAP_POST, 9, "tk", "11=w");
	x = exchange_get(&r->e, r->waiting);
	x->owner = x->peer;
	rig_crash(r);
	cr_assert_eq(r->e.waiting_n, 0);
}

/* One peer may have all there are, in whatever order. */
Test(adopt, a_long_backlog_of_one_peer_is_in_order_at_once, .timeout = 20)
{
	struct engine_limits limits = rig_limits();
	uint32_t n = 100000, i, seen = 0;
	struct rig *big;
	struct endpoint *p;
	struct addr a = rig_peer(1);
	struct local l = rig_local();

	limits.exchanges = limits.exchanges_per_endpoint = n;
	big = rig_new(&limits);
	rig_free(r);
	r = big;
	for (i = 0; i < n; i++)
		fetch(1);
	for (i = 0; i < n; i++) {
		struct exchange *x = slab_at(engine_slab(&r->e, SLAB_EXCHANGE), i);

		x->order = i % 2 ? n - i : 0xffffff00u - i;
	}
	rig_crash(r);
	p = endpoint_find(&r->e, &a, &l);
	for (i = dealings_of(&r->e, p)->queue.head; i != SLAB_NIL; seen++) {
		const struct exchange *x = slab_at(engine_slab(&r->e, SLAB_EXCHANGE), i);

		i = x->next;
		cr_assert(i == SLAB_NIL || (int32_t)(((struct exchange *)slab_at(
			  engine_slab(&r->e, SLAB_EXCHANGE), i))->order - x->order) > 0);
	}
	cr_assert_eq(seen, n - 1, "all but the one that was sent");
}
