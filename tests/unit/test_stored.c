/* Stored messages: inside their owner or in a blob, whole after any death. */
#include <criterion/criterion.h>

#include "rig.h"

static struct rig *r;
static struct stored s = { 0, SLAB_NIL };

static void setup(void)
{
	r = rig_new(NULL);
}

static void teardown(void)
{
	rig_free(r);
}

TestSuite(stored, .init = setup, .fini = teardown);

/* A waiting exchange is a convenient owner: it holds a message, and that turns
 * into another one. */
static struct exchange *owner(const char *payload)
{
	uint8_t buf[1500];
	size_t n = rig_build(buf, sizeof buf, COAP_CON, COAP_POST, 7, "tk", "11=w", payload);

	rig_serve_raw(r, 1, buf, n);
	return exchange_get(&r->e, r->waiting);
}

static char *text(size_t n)
{
	static char t[1400];

	memset(t, 'a', n);
	t[n] = 0;
	return t;
}

static bool ends_with(struct span m, size_t n)
{
	return m.n > n && m.p[m.n - n] == 'a' && m.p[m.n - 1] == 'a';
}

Test(stored, short_inside_long_in_a_blob)
{
	struct exchange *x = owner(text(100));

	cr_assert_eq(x->msg.blob, SLAB_NIL);
	cr_assert(ends_with(stored_get(&r->e, &x->msg, x->inside), 100));
	rig_finish(r, "x");
	x = owner(text(1000));
	cr_assert_neq(x->msg.blob, SLAB_NIL);
	cr_assert(ends_with(stored_get(&r->e, &x->msg, x->inside), 1000));
}

Test(stored, replacing_is_undone_whole)
{
	struct exchange *x = owner(text(1000));
	uint8_t other[100];

	cr_assert_neq(x->msg.blob, SLAB_NIL);
	memset(other, 'o', sizeof other);
	cr_assert(stored_put(&r->e, &x->msg, x->inside, EXCHANGE_INSIDE,
			     span_of(other, sizeof other), r->waiting, false));
	cr_assert(span_eq(stored_get(&r->e, &x->msg, x->inside), span_of(other, sizeof other)));
	rig_crash(r);
	x = exchange_get(&r->e, r->waiting);
	cr_assert(ends_with(stored_get(&r->e, &x->msg, x->inside), 1000));
	cr_assert_eq(r->e.space.ctl->live[SLAB_BLOB], 1);
}

Test(stored, inside_by_inside_is_undone_word_by_word)
{
	struct exchange *x = owner(text(101));
	struct span m = stored_get(&r->e, &x->msg, x->inside);
	uint8_t before[EXCHANGE_INSIDE], other[77];
	size_t n = m.n;

	memcpy(before, m.p, n);
	memset(other, 'o', sizeof other);
	cr_assert(stored_put(&r->e, &x->msg, x->inside, EXCHANGE_INSIDE,
			     span_of(other, sizeof other), r->waiting, false));
	rig_crash(r);
	x = exchange_get(&r->e, r->waiting);
	cr_assert(span_eq(stored_get(&r->e, &x->msg, x->inside), span_of(before, n)));
}

Test(stored, no_blob_left_changes_nothing)
{
	struct slab *b = engine_slab(&r->e, SLAB_BLOB);
	struct exchange *x = owner(text(10));
	struct stored was = x->msg;

	while (slab_take(&r->e.space, b))
		;
	cr_assert_not(stored_room(&r->e, EXCHANGE_INSIDE + 1, EXCHANGE_INSIDE));
	cr_assert(stored_room(&r->e, EXCHANGE_INSIDE, EXCHANGE_INSIDE));
	cr_assert_not(stored_put(&r->e, &x->msg, x->inside, EXCHANGE_INSIDE,
				 span_str(text(500)), r->waiting, false));
	cr_assert_eq(memcmp(&was, &x->msg, sizeof was), 0);
	cr_assert_eq(rig_counter(r, COUNT_FULL_MESSAGES), 2);
}

Test(stored, what_stays_leaves_half_of_the_room)
{
	owner(text(1000));
	r->e.conf.limits.messages = 2;
	cr_assert(stored_room(&r->e, 500, EXCHANGE_INSIDE));
	cr_assert_not(stored_room_to_stay(&r->e, 500, EXCHANGE_INSIDE));
	cr_assert(stored_room_to_stay(&r->e, EXCHANGE_INSIDE, EXCHANGE_INSIDE));
	cr_assert_eq(rig_counter(r, COUNT_FULL_MESSAGES), 1);
	r->e.conf.limits.messages = 4;
	cr_assert(stored_room_to_stay(&r->e, 500, EXCHANGE_INSIDE));
}

Test(stored, at_the_limit_a_blob_is_replaced_by_another)
{
	struct exchange *x = owner(text(1000));

	r->e.conf.limits.messages = 1;
	cr_assert_not(stored_room(&r->e, 500, EXCHANGE_INSIDE));
	cr_assert(stored_put(&r->e, &x->msg, x->inside, EXCHANGE_INSIDE, span_str(text(500)),
			     r->waiting, false));
	rig_commit(r);
	cr_assert(span_eq(stored_get(&r->e, &x->msg, x->inside), span_str(text(500))));
	cr_assert_eq(r->e.space.ctl->live[SLAB_BLOB], 1);
	cr_assert_eq(rig_counter(r, COUNT_FULL_MESSAGES), 1);
}

Test(stored, a_blob_of_another_owner_is_not_valid)
{
	struct exchange *x = owner(text(1000));

	cr_assert(stored_valid(&r->e, &x->msg, EXCHANGE_INSIDE, r->waiting));
	cr_assert_not(stored_valid(&r->e, &x->msg, EXCHANGE_INSIDE, r->waiting + 1));
	s = x->msg;
	s.len++;
	cr_assert_not(stored_valid(&r->e, &s, EXCHANGE_INSIDE, r->waiting));
	s = (struct stored){ 5, 12345678 };
	cr_assert_not(stored_valid(&r->e, &s, EXCHANGE_INSIDE, r->waiting));
	s = (struct stored){ EXCHANGE_INSIDE + 1, SLAB_NIL };
	cr_assert_not(stored_valid(&r->e, &s, EXCHANGE_INSIDE, r->waiting));
}
