/* The bytes of bodies go over. */
#include "exchange/body_import.h"

#include "moving.h"

#include <sys/stat.h>

#define CAP (256u << 10)
#define OWNER 77u

static struct rig *r;
static struct windows_def windows;
static struct bodies bodies;
static struct body_budget budget;
static const uint64_t *used[1];
static struct err err;

static void fresh(void)
{
	struct engine_limits limits = rig_limits();

	limits.small_bodies = 4;
	limits.bodies = 2;
	windows = body_windows(limits.small_bodies, limits.bodies, CAP);
	bodies = (struct bodies){ .windows = { aligned_alloc(WINDOWS_PAGE, windows_size(&windows)),
					       &windows }, .budget = &budget };
	memset(bodies.windows.at, 0, windows_size(&windows));
	r = rig_new(&limits);
	moving_begin(r, &windows);
	r->e.conf.bodies = r->conf.bodies = &bodies;
	used[0] = &engine_root(&r->e)->body_pages;
	budget = (struct body_budget){ .pages = 200, .n = 1, .used = used };
}

static void gone(void)
{
	rig_free(r);
	free(bodies.windows.at);
}

TestSuite(body_import, .init = fresh, .fini = gone);

static uint8_t byte(uint64_t i)
{
	return (uint8_t)(i * 7 + (i >> 8) * 13 + (i >> 16));
}

static void put(struct body **b, uint64_t offset, size_t n)
{
	uint8_t data[1024];

	for (size_t i = 0; i < n; i++)
		data[i] = byte(offset + i);
	cr_assert_eq(body_write(&r->e, b, offset, span_of(data, n)), 0);
	rig_commit(r);
}

/* Without an adoption: these have no owner that it would believe. */
static struct body *moved(uint64_t cap, ref_t ref)
{
	static struct import i;
	struct space_def def = r->def;
	uint8_t *to, *from;
	int old, new;

	def.slab[SLAB_BODY_SMALL].cap = 5;
	def.slab[SLAB_BODY].cap = 3;
	def.windows = body_windows(5, 3, cap);
	old = moving_file(&r->def, r->mem, bodies.windows.at);
	new = memfd_create("new", MFD_CLOEXEC);
	cr_assert_eq(ftruncate(new, (off_t)moving_size(&def)), 0);
	to = moving_map(new, &def, MAP_SHARED);
	from = moving_map(old, &r->def, MAP_PRIVATE);
	cr_assert_eq(import_begin(&i, to, &def, from, space_size(&r->def), moving_size(&r->def),
				  NULL, &err), 0, "%s", err.text);
	cr_assert_eq(body_import(&i, old, &err), 0, "%s", err.text);
	import_end(&i);
	cr_assert_leq(moving_pages(new, &def), moving_pages(old, &r->def), "holes stay holes");
	free(bodies.windows.at);
	moving_end(r, &bodies.windows, &def, to);
	used[0] = &engine_root(&r->e)->body_pages;
	for (unsigned k = SLAB_BLOB; k < r->e.space.nslabs; k++)
		slab_sweep(&r->e.space, engine_slab(&r->e, k));
	for (unsigned k = SLAB_BLOB; k < r->e.space.nslabs; k++)
		slab_rebuild_free(&r->e.space, engine_slab(&r->e, k));
	return body_get(&r->e, ref);
}

static void holds(const struct body *b, uint64_t n)
{
	struct span s = body_read(&r->e, b, 0, SIZE_MAX);

	cr_assert_eq(s.n, n, "%zu", s.n);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(s.p[i], byte(i), "byte %zu", i);
}

Test(body_import, a_long_body_goes_on_in_a_longer_window)
{
	struct body *b = body_new(&r->e, OWNER, CAP);

	for (uint64_t at = 0; at < 100 * 1024; at += 1024)
		put(&b, at, 1024);
	b = moved(4 * CAP, body_ref(&r->e, b));
	cr_assert(b);
	holds(b, 100 * 1024);
	for (uint64_t at = 100 * 1024; at < 3 * CAP; at += 1024)
		put(&b, at, 1024);
	holds(b, 3 * CAP);
}

Test(body_import, gaps_are_where_they_were)
{
	struct body *b = body_new(&r->e, OWNER, CAP);
	struct windows_def now;

	put(&b, 0, 1024);
	for (uint64_t at = 90 * 1024; at > 10 * 1024; at -= 1024)
		put(&b, at, 1024);
	b = moved(2 * CAP, body_ref(&r->e, b));
	cr_assert(b);
	holds(b, 1024);
	now = r->def.windows;
	cr_assert_eq((uint64_t)b->touched * WINDOWS_PAGE, now.class[1].size,
		     "what is given back includes the map");
	for (uint64_t at = 1024; at <= 10 * 1024; at += 1024)
		put(&b, at, 1024);
	holds(b, 91 * 1024);
}

Test(body_import, small_ones_and_smaller_windows)
{
	struct body *b = body_new(&r->e, OWNER, 100);

	put(&b, 0, 1024);
	put(&b, 2048, 1024);
	b = moved(CAP / 2, body_ref(&r->e, b));
	cr_assert(b);
	put(&b, 1024, 1024);
	holds(b, 3072);
	for (uint64_t at = 3072; at < 80 * 1024; at += 1024)
		put(&b, at, 1024);      /* it moves to a large window */
	holds(b, 80 * 1024);
}
