#include "rig.h"

#include "exchange/assembly.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAP (256u << 10)
#define OWNER 77u

static struct rig *r;
static struct windows_def def;
static struct bodies bodies;
static struct body_budget budget;
static uint64_t foreign;                /* what another slot holds */
static const uint64_t *used[2];
static int fd;

static void set_up(struct rig *rig)
{
	rig->e.conf.bodies = rig->conf.bodies = &bodies;
	used[0] = &engine_root(&rig->e)->body_pages;
	used[1] = &foreign;
	budget = (struct body_budget){ .pages = 100, .n = 2, .used = used };
}

static void fresh(void)
{
	struct engine_limits limits = rig_limits();
	void *at;

	limits.small_bodies = 4;
	limits.bodies = 2;
	limits.assemblies = 2;
	def = body_windows(limits.small_bodies, limits.bodies, CAP);
	fd = memfd_create("bodies", MFD_CLOEXEC);
	cr_assert_eq(ftruncate(fd, (off_t)windows_size(&def)), 0);
	at = mmap(NULL, windows_size(&def), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert_neq(at, MAP_FAILED);
	bodies = (struct bodies){ .windows = { at, &def }, .budget = &budget };
	r = rig_new(&limits);
	foreign = 0;
	set_up(r);
}

static void gone(void)
{
	rig_free(r);
	munmap(bodies.windows.at, windows_size(&def));
	close(fd);
}

TestSuite(body, .init = fresh, .fini = gone);

static uint64_t pages(void)
{
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	return (uint64_t)st.st_blocks * 512 / WINDOWS_PAGE;
}

static uint64_t charged(void)
{
	return engine_root(&r->e)->body_pages;
}

/* Byte i of the body that the tests send. */
static uint8_t byte(uint64_t i)
{
	return (uint8_t)(i * 7 + (i >> 8) * 13 + (i >> 16));
}

static int put(struct body **b, uint64_t offset, size_t n)
{
	uint8_t data[1024];
	int err;

	for (size_t i = 0; i < n; i++)
		data[i] = byte(offset + i);
	err = body_write(&r->e, b, offset, span_of(data, n));
	rig_commit(r);
	return err;
}

/* An owner that an adoption believes. */
static void own(struct body *b)
{
	struct slab *s = engine_slab(&r->e, SLAB_ASSEMBLY);
	struct addr peer = rig_peer(1);
	struct local local = rig_local();
	struct endpoint *p = endpoint_add(&r->e, &peer, &local);
	struct assembly *a = slab_take(&r->e.space, s);

	(void)dealings_with(&r->e, p);
	memset((uint8_t *)a + sizeof a->o, 0, sizeof *a - sizeof a->o);
	a->peer = endpoint_ref(&r->e, p);
	a->state = ASSEMBLY_RECEIVING;
	a->body = body_ref(&r->e, b);
	slab_publish(&r->e.space, s, a);
	b->owner = assembly_ref(&r->e, a);
	rig_commit(r);
}

static void holds(const struct body *b, uint64_t n)
{
	struct span s = body_read(&r->e, b, 0, SIZE_MAX);

	cr_assert_eq(s.n, n, "%zu", s.n);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(s.p[i], byte(i), "byte %zu", i);
}

Test(body, grows_block_by_block_and_moves_to_a_larger_window)
{
	struct body *b = body_new(&r->e, OWNER, 0);
	ref_t ref = body_ref(&r->e, b);

	for (uint64_t at = 0; at < 100 * 1024; at += 1024)
		cr_assert_eq(put(&b, at, 1024), 0);
	cr_assert_eq(put(&b, 100 * 1024, 5), 0);
	holds(b, 100 * 1024 + 5);
	cr_assert_null(body_get(&r->e, ref), "it has moved");
	cr_assert_eq(charged(), 26);
	cr_assert_eq(pages(), 26, "the small window's memory was given back");
	body_kill(&r->e, b);
	rig_commit(r);
	cr_assert_eq(charged(), 0);
	cr_assert_eq(pages(), 0);
}

Test(body, parts_come_in_any_order)
{
	struct body *b = body_new(&r->e, OWNER, 0);
	uint64_t n = 90 * 1024 + 7;

	/* Every third block, then those between, backwards; each twice. */
	for (unsigned twice = 0; twice < 2; twice++)
		for (uint64_t at = 0; at < n; at += 3 * 1024)
			cr_assert_eq(put(&b, at, n - at < 1024 ? n - at : 1024), 0);
	cr_assert_eq(b->length, 1024);
	for (uint64_t at = 90 * 1024; at > 0; at -= 1024)
		if (at / 1024 % 3)
			cr_assert_eq(put(&b, at, n - at < 1024 ? n - at : 1024), 0);
	cr_assert_eq(b->length, n);
	holds(b, n);
	cr_assert_eq(b->end, n);
}

Test(body, of_the_least_blocks)
{
	struct body *b = body_new(&r->e, OWNER, 0);

	cr_assert_eq(put(&b, 32, 16), 0);
	cr_assert_eq(put(&b, 16, 16), 0);
	cr_assert_eq(b->length, 0);
	cr_assert_eq(body_read(&r->e, b, 16, 8).n, 0, "not without what is before");
	cr_assert_eq(put(&b, 0, 16), 0);
	cr_assert_eq(b->length, 48);
	cr_assert_eq(body_read(&r->e, b, 40, 100).n, 8);
	cr_assert_eq(body_read(&r->e, b, 48, 100).n, 0);
}

Test(body, is_no_longer_than_a_window)
{
	struct body *b = body_new(&r->e, OWNER, CAP);

	cr_assert_eq(put(&b, CAP - 16, 16), 0, "the budget counts what is there");
	cr_assert_eq(put(&b, CAP, 1), -EFBIG);
	cr_assert_eq(put(&b, UINT64_MAX - 15, 16), -EFBIG);
	cr_assert_eq(b->length, 0);
}

Test(body, budget_is_shared_with_other_slots)
{
	struct body *b = body_new(&r->e, OWNER, 0);

	foreign = 97;
	cr_assert_eq(put(&b, 0, 1024), 0);
	cr_assert_eq(put(&b, 4096, 1024), 0);
	cr_assert_eq(put(&b, 8192, 1024), -ENOMEM);
	cr_assert_eq(b->end, 5120);
	cr_assert_null(body_new(&r->e, OWNER, 0));
	cr_assert_eq(rig_counter(r, COUNT_FULL_BODIES), 2);
	foreign = 0;
	cr_assert_eq(put(&b, 8192, 1024), 0);
}

Test(body, are_no_more_than_the_limit)
{
	for (unsigned i = 0; i < 6; i++)
		cr_assert_not_null(body_new(&r->e, OWNER, i < 4 ? 0 : CAP));
	cr_assert_null(body_new(&r->e, OWNER, 0));
}

Test(body, small_ones_overflow_into_large_windows)
{
	for (unsigned i = 0; i < 6; i++)
		cr_assert_not_null(body_new(&r->e, OWNER, 0));
	cr_assert_null(body_new(&r->e, OWNER, 0));
}

Test(body, survives_the_worker)
{
	struct body *b = body_new(&r->e, OWNER, 0), *other = body_new(&r->e, OWNER, 0);
	ref_t ref;

	for (uint64_t at = 0; at < 10 * 1024; at += 1024)
		cr_assert_eq(put(&b, at, 1024), 0);
	cr_assert_eq(put(&other, 0, 1024), 0);
	ref = body_ref(&r->e, b);
	own(b);
	/* What is not committed is undone. */
	cr_assert_eq(body_write(&r->e, &b, 10 * 1024, span_str("uncommitted")), 0);
	rig_crash(r);
	b = body_get(&r->e, ref);
	cr_assert_not_null(b);
	holds(b, 10 * 1024);
	cr_assert_eq(charged(), 3);
	cr_assert_eq(pages(), 3, "what nobody owns is given back");
	cr_assert_eq(r->e.space.ctl->live[SLAB_BODY_SMALL], 1);
}

Test(body, what_the_dead_left_is_given_back)
{
	struct body *b = body_new(&r->e, OWNER, 0);

	cr_assert_eq(put(&b, 0, 1024), 0);
	body_kill(&r->e, b);
	/* Committed, and died before the memory went back. */
	space_commit(&r->e.space, space_rx_next(&r->e.space), 0, 0);
	cr_assert_eq(pages(), 1);
	rig_crash(r);
	cr_assert_eq(pages(), 0);
	cr_assert_eq(charged(), 0);
}

Test(body, implausible_ones_are_dropped)
{
	struct body *b = body_new(&r->e, OWNER, 0);

	cr_assert_eq(put(&b, 0, 1024), 0);
	own(b);
	b->length = CAP;
	rig_crash(r);
	cr_assert_eq(r->e.space.ctl->live[SLAB_BODY_SMALL], 0);
	cr_assert_eq(charged(), 0);
	cr_assert_eq(pages(), 0);
}

Test(body, none_where_there_is_no_room_for_any)
{
	r->e.conf.bodies = NULL;
	cr_assert_null(body_new(&r->e, OWNER, 0));
}
