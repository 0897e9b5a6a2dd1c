#include "base/batch.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct space_def def = { .extra = sizeof(struct batch) };
static const struct hash_key key = { { 1, 2 } };

static struct space s;
static void *mem;

static void fresh(void)
{
	mem = aligned_alloc(4096, space_size(&def));
	memset(mem, 0, space_size(&def));
	space_open(&s, mem, &def, 0, &key);
}

static void gone(void)
{
	space_close(&s);
	free(mem);
}

TestSuite(batch, .init = fresh, .fini = gone);

Test(batch, lies_whole_within_the_space)
{
	struct batch *b = batch_of(&s);

	cr_assert_eq((uintptr_t)b % _Alignof(struct batch), 0);
	cr_assert_leq((uint8_t *)(b + 1), s.base + s.size);
	cr_assert_eq(b->rx_n, 0);
}

Test(batch, room_ends_where_one_event_might_not_fit)
{
	for (unsigned n = 0; n <= BATCH_TX; n++) {
		space_commit(&s, 0, n, 0);
		cr_assert_eq(batch_has_room(&s), n + BATCH_TX_SPARE <= BATCH_TX, "%u", n);
	}
}

/* The kernel writes control messages and names in place. */
Test(batch, what_the_kernel_touches_is_aligned)
{
	struct batch *b = batch_of(&s);

	for (unsigned i = 0; i < BATCH_RX; i++) {
		cr_assert_eq((uintptr_t)b->rx[i].control % _Alignof(struct cmsghdr), 0);
		cr_assert_eq((uintptr_t)&b->rx[i].from % 4, 0);
		cr_assert_eq((uintptr_t)b->rx[i].data % 8, 0);
	}
	for (unsigned i = 0; i < BATCH_TX; i++)
		cr_assert_eq((uintptr_t)b->tx_control[i] % _Alignof(struct cmsghdr), 0);
}

Test(batch, counts_fit_the_commit_word)
{
	space_commit(&s, BATCH_RX, BATCH_TX, 1);
	cr_assert_eq(space_rx_next(&s), BATCH_RX);
	cr_assert_eq(space_tx_n(&s), BATCH_TX);
	cr_assert_eq(space_exec(&s), 1);
}

Test(batch, space_made_anew_has_no_datagrams_left)
{
	struct batch *b = batch_of(&s);

	b->rx_n = 5;
	b->rx[0].len = 9;
	s.ctl->layout++;
	space_open(&s, mem, &def, 0, &key);
	cr_assert_eq(b->rx_n, 0);
	cr_assert_eq(b->rx[0].len, 0);
}
