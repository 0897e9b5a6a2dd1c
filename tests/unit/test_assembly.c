#include "rig.h"

#include "exchange/assembly.h"
#include "exchange/expire.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/mman.h>

#define CAP 4096u
#define IDLE 60000u

static struct rig *r;
static struct windows_def def;
static struct bodies bodies;
static struct body_budget budget;
static const uint64_t *used;
static uint16_t mid;

static void open_rig(struct engine_limits limits)
{
	def = body_windows(limits.small_bodies, limits.bodies, CAP);
	bodies = (struct bodies){ .windows = { .def = &def }, .budget = &budget };
	bodies.windows.at = mmap(NULL, windows_size(&def), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	cr_assert_neq(bodies.windows.at, MAP_FAILED);
	r = rig_new(&limits);
	r->e.conf.bodies = r->conf.bodies = &bodies;
	r->e.conf.szx = r->conf.szx = BLOCK_SZX_MAX;
	r->e.conf.assembly_ms = r->conf.assembly_ms = IDLE;
	used = &engine_root(&r->e)->body_pages;
	budget = (struct body_budget){ .pages = 100, .n = 1, .used = &used };
	mid = 100;
}

static void fresh(void)
{
	struct engine_limits limits = rig_limits();

	limits.small_bodies = 4;
	limits.bodies = 1;
	limits.assemblies = 5;
	limits.assemblies_per_endpoint = 3;
	open_rig(limits);
}

static void gone(void)
{
	rig_free(r);
	munmap(bodies.windows.at, windows_size(&def));
}

TestSuite(assembly, .init = fresh, .fini = gone);

/* --- one block -------------------------------------------------------------------- */

static char text[80];           /* of the answer */
static size_t whole;            /* bytes of the body that the resource got; SIZE_MAX none */
static char seen[CAP];

static size_t write_block(uint8_t *out, uint16_t number, struct block b, const char *tag,
			  uint64_t size1, size_t n)
{
	struct writer w = writer_of(out, DGRAM_RX_MAX);
	struct option_writer ow = option_writer(&w);

	frame_udp_head(&w, COAP_CON, COAP_PUT, number, span_str("tok"));
	option_write(&ow, OPT_URI_PATH, span_str("big"));
	option_write_uint(&ow, OPT_BLOCK1, block_uint(&b));
	if (size1)
		option_write_uint(&ow, OPT_SIZE1, size1);
	if (tag)
		option_write(&ow, OPT_REQUEST_TAG, span_str(tag));
	write_u8(&w, 0xff);
	for (size_t i = 0; i < n; i++)
		write_u8(&w, (uint8_t)('a' + (block_offset(&b) + i) / 16 % 26));
	return (size_t)(w.p - out);
}

/* The answer as "2.31 1/1/64 size1=0". */
static void note_answer(void)
{
	struct rig_sent s;
	uint64_t block, size1 = 0;
	char code[CODE_TEXT];

	snprintf(text, sizeof text, "nothing");
	while (rig_take(r, &s)) {
		struct block b;

		if (!message_option_uint(&s.m, OPT_BLOCK1, &block)) {
			snprintf(text, sizeof text, "%s", code_print(s.m.code, code));
			continue;
		}
		b = (struct block){ (uint32_t)block >> 4, block >> 3 & 1, block & 7 };
		(void)message_option_uint(&s.m, OPT_SIZE1, &size1);
		snprintf(text, sizeof text, "%s %u/%d/%u size1=%llu",
			 code_print(s.m.code, code), b.num, b.more, block_size(&b),
			 (unsigned long long)size1);
	}
}

/* What the resource does with a whole request: 2.04, as a module would. */
static void serve(struct request *q)
{
	uint32_t block1 = q->block1;
	bool blocks = q->blocks;
	struct writer w;
	struct option_writer ow;

	whole = q->msg.payload.n;
	memcpy(seen, q->msg.payload.p, whole < CAP ? whole : CAP);
	w = request_answer(&r->e, q);
	ow = option_writer(&w);
	if (blocks)
		option_write_uint(&ow, OPT_BLOCK1, block1);
	request_done(&r->e, q, COAP_CHANGED, &w);
}

static enum assembly_verdict take(const uint8_t *m, size_t n, unsigned peer)
{
	enum assembly_verdict v;

	whole = SIZE_MAX;
	cr_assert_eq(rig_in(r, peer, m, n), INPUT_REQUEST);
	v = assembly_take(&r->e, &r->in.request, CAP);
	return v;
}

static const char *post(unsigned peer, uint32_t num, bool more, unsigned size, size_t n,
			const char *tag, uint64_t size1)
{
	struct block b = { num, more, (uint8_t)(__builtin_ctz(size) - 4) };
	uint8_t m[DGRAM_RX_MAX];

	if (take(m, write_block(m, mid++, b, tag, size1, n), peer) != ASSEMBLY_SETTLED)
		serve(&r->in.request);
	rig_commit(r);
	note_answer();
	return text;
}

#define SEND(num, more, size, n) post(1, num, more, size, n, NULL, 0)

static void is_whole(size_t n)
{
	cr_assert_eq(whole, n, "%zu", whole);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(seen[i], (char)('a' + i / 16 % 26), "byte %zu", i);
}

static uint32_t live(unsigned slab)
{
	return r->e.space.ctl->live[slab];
}

/* --- tests -------------------------------------------------------------------------- */

Test(assembly, E49_last_block_has_the_final_code)
{
	cr_assert_str_eq(SEND(0, true, 64, 64), "2.31 0/1/64 size1=0");
	cr_assert_str_eq(SEND(1, true, 64, 64), "2.31 1/1/64 size1=0");
	cr_assert_eq(whole, SIZE_MAX);
	cr_assert_str_eq(SEND(2, false, 64, 10), "2.04 2/0/64 size1=0");
	is_whole(138);
	cr_assert_eq(live(SLAB_BODY_SMALL), 0, "the body is not kept");
}

Test(assembly, one_block_is_a_whole_body)
{
	cr_assert_str_eq(SEND(0, false, 64, 64), "2.04 0/0/64 size1=0");
	is_whole(64);
	cr_assert_eq(live(SLAB_ASSEMBLY), 0);
}

Test(assembly, E44_block_of_a_wrong_size)
{
	cr_assert_str_eq(SEND(0, true, 64, 63), "4.00");
	cr_assert_str_eq(SEND(0, true, 64, 65), "4.00");
	cr_assert_str_eq(SEND(0, false, 64, 65), "4.00");
	cr_assert_str_eq(SEND(0, true, 64, 64), "2.31 0/1/64 size1=0");
	cr_assert_str_eq(SEND(1, true, 64, 32), "4.00");
	cr_assert_str_eq(SEND(1, false, 64, 32), "2.04 1/0/64 size1=0", "nothing was lost");
}

Test(assembly, E46_missing_first_or_middle_block)
{
	cr_assert_str_eq(SEND(1, true, 64, 64), "4.08 1/1/64 size1=0");
	cr_assert_str_eq(SEND(3, false, 64, 4), "4.08 3/0/64 size1=0");
	cr_assert_eq(live(SLAB_ASSEMBLY), 0);
	cr_assert_str_eq(SEND(0, true, 64, 64), "2.31 0/1/64 size1=0");
	cr_assert_str_eq(SEND(2, true, 64, 64), "4.08 2/1/64 size1=0");
	cr_assert_str_eq(SEND(1, true, 64, 64), "2.31 1/1/64 size1=0", "it may be made good");
	cr_assert_str_eq(SEND(2, false, 64, 1), "2.04 2/0/64 size1=0");
	is_whole(129);
}

Test(assembly, E47_too_large_is_refused_and_forgotten)
{
	cr_assert_str_eq(post(1, 0, true, 64, 64, NULL, CAP + 1), "4.13 0/1/64 size1=4096");
	cr_assert_eq(live(SLAB_ASSEMBLY), 0);
	for (uint32_t i = 0; i < CAP / 1024; i++)
		cr_assert_str_neq(SEND(i, true, 1024, 1024), "4.13 0/1/64 size1=4096");
	cr_assert_str_eq(SEND(4, false, 1024, 1), "4.13 4/0/1024 size1=4096");
	cr_assert_eq(live(SLAB_ASSEMBLY), 0);
	cr_assert_eq(*used, 0);
	cr_assert_eq(rig_counter(r, COUNT_TOO_LARGE), 2);
}

/* A resource may take less than fits one message. */
Test(assembly, E47_too_large_in_one_message_is_refused_too)
{
	uint8_t m[DGRAM_RX_MAX];
	uint64_t size1 = 0;
	struct rig_sent s;
	size_t n = rig_build(m, sizeof m, COAP_CON, COAP_PUT, 700, "tok", "11=a",
			     "0123456789abcdefX");

	cr_assert_eq(rig_in(r, 1, m, n), INPUT_REQUEST);
	cr_assert_eq(assembly_take(&r->e, &r->in.request, 17), ASSEMBLY_NONE);
	cr_assert_eq(assembly_take(&r->e, &r->in.request, 0), ASSEMBLY_NONE, "no cap is known");
	cr_assert_eq(assembly_take(&r->e, &r->in.request, 16), ASSEMBLY_SETTLED);
	rig_commit(r);
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.code, COAP_TOO_LARGE);
	cr_assert(message_option_uint(&s.m, OPT_SIZE1, &size1));
	cr_assert_eq(size1, 16);
	cr_assert(!message_option(&s.m, OPT_BLOCK1, 0, &(struct span){ NULL, 0 }));
}

Test(assembly, E48_size_renegotiated_keeps_the_offset)
{
	r->e.conf.szx = 1;
	cr_assert_str_eq(SEND(0, true, 128, 128), "2.31 0/1/32 size1=0", "smaller, please");
	cr_assert_str_eq(SEND(4, true, 32, 32), "2.31 4/1/32 size1=0");
	cr_assert_str_eq(SEND(5, false, 32, 3), "2.04 5/0/32 size1=0");
	is_whole(163);
}

Test(assembly, E50_repeated_last_block_is_answered_alike)
{
	(void)SEND(0, true, 64, 64);
	cr_assert_str_eq(SEND(1, false, 64, 5), "2.04 1/0/64 size1=0");
	cr_assert_str_eq(SEND(1, false, 64, 5), "2.04 1/0/64 size1=0");
	cr_assert_eq(whole, SIZE_MAX, "the resource does not see it twice");
	rig_wait(r, IDLE + 1000);
	cr_assert_eq(live(SLAB_ASSEMBLY), 0);
	cr_assert_str_eq(SEND(1, false, 64, 5), "4.08 1/0/64 size1=0");
}

Test(assembly, repeated_middle_block_changes_nothing)
{
	(void)SEND(0, true, 64, 64);
	(void)SEND(1, true, 64, 64);
	cr_assert_str_eq(SEND(1, true, 64, 64), "2.31 1/1/64 size1=0");
	cr_assert_str_eq(SEND(2, false, 64, 7), "2.04 2/0/64 size1=0");
	is_whole(135);
}

Test(assembly, E51_two_at_a_time_are_told_apart_by_request_tag)
{
	(void)post(1, 0, true, 64, 64, "A", 0);
	(void)post(1, 0, true, 16, 16, "B", 0);
	cr_assert_eq(live(SLAB_ASSEMBLY), 2);
	cr_assert_str_eq(post(1, 1, false, 64, 3, "A", 0), "2.04 1/0/64 size1=0");
	is_whole(67);
	cr_assert_str_eq(post(1, 1, false, 16, 3, "B", 0), "2.04 1/0/16 size1=0");
	is_whole(19);
}

Test(assembly, peers_are_told_apart)
{
	(void)post(1, 0, true, 64, 64, NULL, 0);
	cr_assert_str_eq(post(2, 1, false, 64, 3, NULL, 0), "4.08 1/0/64 size1=0");
}

Test(assembly, first_block_begins_anew)
{
	(void)SEND(0, true, 64, 64);
	(void)SEND(1, true, 64, 64);
	(void)SEND(0, true, 16, 16);
	cr_assert_eq(live(SLAB_ASSEMBLY), 1);
	cr_assert_str_eq(SEND(1, false, 16, 4), "2.04 1/0/16 size1=0");
	is_whole(20);
}

Test(assembly, E55_nothing_is_taken_for_a_promise)
{
	cr_assert_str_eq(post(1, 0, true, 64, 64, NULL, CAP), "2.31 0/1/64 size1=0");
	cr_assert_eq(*used, 1, "one page, whatever Size1 says");
}

Test(assembly, abandoned_ones_go)
{
	(void)post(1, 0, true, 64, 64, NULL, 0);
	rig_wait(r, IDLE / 2);
	(void)post(2, 0, true, 64, 64, NULL, 0);
	rig_wait(r, IDLE / 2 + 10);
	cr_assert_eq(live(SLAB_ASSEMBLY), 1);
	cr_assert_eq(rig_counter(r, COUNT_ASSEMBLY_LOST), 1);
	rig_wait(r, IDLE);
	cr_assert_eq(live(SLAB_ASSEMBLY), 0);
	cr_assert_eq(*used, 0);
}

Test(assembly, limits_of_a_peer_and_of_all)
{
	static const char *const tag[] = { "A", "B", "C", "D" };

	for (unsigned i = 0; i < 3; i++)
		cr_assert_str_eq(post(1, 0, true, 64, 64, tag[i], 0), "2.31 0/1/64 size1=0");
	cr_assert_str_eq(post(1, 0, true, 64, 64, tag[3], 0), "5.03");
	cr_assert_str_eq(post(2, 0, true, 64, 64, NULL, 0), "2.31 0/1/64 size1=0");
	cr_assert_eq(rig_counter(r, COUNT_FULL_ASSEMBLIES), 1);
	budget.pages = 4;
	cr_assert_str_eq(post(3, 0, true, 64, 64, NULL, 0), "5.03");
	cr_assert_eq(rig_counter(r, COUNT_FULL_BODIES), 1);
}

Test(assembly, goes_on_after_a_death)
{
	(void)SEND(0, true, 64, 64);
	(void)SEND(1, true, 64, 64);
	rig_crash(r);
	cr_assert_str_eq(SEND(2, false, 64, 2), "2.04 2/0/64 size1=0");
	is_whole(130);
	rig_crash(r);
	cr_assert_str_eq(SEND(2, false, 64, 2), "2.04 2/0/64 size1=0");
}

/* The last block comes and the hook kills its worker: once an effect outside may
 * have happened, the answer is 5.00 and the body is gone. */
Test(assembly, death_in_the_hook)
{
	struct block last = { 1, false, 2 };
	uint8_t m[DGRAM_RX_MAX];
	struct request q;
	ref_t waiting;

	(void)SEND(0, true, 64, 64);
	cr_assert_eq(take(m, write_block(m, mid++, last, NULL, 0, 9), 1), ASSEMBLY_WHOLE);
	request_exec(&r->e, &r->in.request, r->in.request.rx);
	rig_adopt(r);
	cr_assert(request_lost(&r->e, &q, &waiting));
	cr_assert_neq(q.assembly, 0);
	request_refuse(&r->e, &q, COAP_INTERNAL_ERROR, NULL);
	rig_commit(r);
	cr_assert_eq(live(SLAB_BODY_SMALL), 0);
	cr_assert_str_eq(SEND(1, false, 64, 9), "5.00 1/0/64 size1=0", "and it stays so");
}

/* A request that waits for its resource keeps its body, through a death too. */
Test(assembly, waits_with_its_body)
{
	struct block last = { 1, false, 2 };
	uint8_t m[DGRAM_RX_MAX];
	struct request q;

	(void)SEND(0, true, 64, 64);
	cr_assert_eq(take(m, write_block(m, mid++, last, NULL, 0, 9), 1), ASSEMBLY_WHOLE);
	r->task = slab_take(&r->e.space, engine_slab(&r->e, RIG_TASKS));
	slab_publish(&r->e.space, engine_slab(&r->e, RIG_TASKS), r->task);
	cr_assert(request_wait(&r->e, &r->in.request,
			       slab_ref(&r->e.space, engine_slab(&r->e, RIG_TASKS), r->task)));
	r->waiting = request_ref(&r->e, &r->in.request);
	rig_commit(r);
	rig_wait(r, IDLE + 1000);
	rig_crash(r);
	cr_assert(request_resume(&r->e, r->waiting, &q));
	serve(&q);
	rig_commit(r);
	is_whole(73);
	note_answer();
	cr_assert_str_eq(text, "2.04 1/0/64 size1=0");
	cr_assert_eq(live(SLAB_BODY_SMALL), 0);
}

Test(assembly, a_shorter_time_evicts_nobody)
{
	(void)SEND(0, true, 64, 64);
	r->conf.assembly_ms = IDLE / 2;
	rig_crash(r);
	cr_assert_eq(live(SLAB_ASSEMBLY), 1);
	rig_wait(r, IDLE / 2 - 1);
	cr_assert_eq(live(SLAB_ASSEMBLY), 1);
	rig_wait(r, 1);
	cr_assert_eq(live(SLAB_ASSEMBLY), 0, "yet it holds for all");
}

Test(assembly, damaged_ones_are_dropped)
{
	(void)SEND(0, true, 64, 64);
	((struct assembly *)slab_at(engine_slab(&r->e, SLAB_ASSEMBLY), 0))->state = 9;
	rig_crash(r);
	cr_assert_eq(live(SLAB_ASSEMBLY), 0);
	cr_assert_eq(live(SLAB_BODY_SMALL), 0);
	cr_assert_eq(*used, 0);
	cr_assert_str_eq(SEND(1, false, 64, 9), "4.08 1/0/64 size1=0");
}

/* --- a crowd ------------------------------------------------------------------------------ */

#define CROWD 10000u
#define PAGES 2000u

static void crowd(void)
{
	struct engine_limits limits = rig_limits();

	limits.endpoints = CROWD + 100;
	limits.dedup = 8 * CROWD;
	limits.small_bodies = limits.assemblies = CROWD;
	limits.bodies = limits.assemblies_per_endpoint = 1;
	open_rig(limits);
	budget.pages = PAGES;
	r->e.conf.assembly_ms = r->conf.assembly_ms = 90000;
}

/* A block of each, a minute after their last; how many were taken. */
static unsigned drip(uint32_t num)
{
	unsigned taken = 0;

	for (unsigned peer = 1; peer <= CROWD; peer++) {
		taken += strncmp(post(peer, num, true, 64, 64, NULL, 0), "2.31", 4) == 0;
		cr_assert_leq(*used, PAGES);
		if (peer % 10 == 0)
			r->e.now += 60;
	}
	return taken;
}

Test(assembly_crowd, dripping_bodies_stay_in_the_budget, .init = crowd, .fini = gone)
{
	struct expired x;

	for (uint32_t minute = 0; minute < 4; minute++) {
		cr_assert_eq(drip(minute), PAGES);
		while (expire_next(&r->e, &x) != EXPIRE_NOTHING)
			rig_commit(r);
	}
	cr_assert_eq(live(SLAB_ASSEMBLY), PAGES);
	r->e.now += 90000;
	while (expire_next(&r->e, &x) != EXPIRE_NOTHING)
		rig_commit(r);
	cr_assert_eq(live(SLAB_ASSEMBLY), 0);
	cr_assert_eq(*used, 0);
	cr_assert_eq(drip(0), PAGES, "there is room again");
}
