/* fuzz_body - bytes as a life of bodies: parts written in any order and more than
 * once, budgets that end, kills, and workers that die with and without a commit.
 * Beside them a model: what was written is there, what was not is not, and nothing is
 * held when all are gone. */
#include "rig.h"

#include "exchange/assembly.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAP (128u << 10)
#define GRAINS (CAP / BODY_GRAIN)
#define N 3u
#define BUDGET 60u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Noreturn void fail(int line)
{
	fprintf(stderr, "fuzz_body.c:%d\n", line);
	abort();
}

/* Always compiled in, for a build for speed must notice as well. */
#define CHECK(x) ((x) ? (void)0 : fail(__LINE__))

struct model {
	bool live;
	ref_t owner;            /* its assembly */
	uint32_t size;          /* the last byte there may be */
	uint8_t seed;           /* of its bytes */
	bool there[GRAINS];
	bool maybe[GRAINS];     /* there, or written in an event that was undone: the
				 * map may tell of it, as its bytes are what they are */
};

static struct rig *r;
static struct windows_def def;
static struct bodies bodies;
static struct body_budget budget;
static uint64_t foreign;
static const uint64_t *used[2];
static struct model model[N];
static int fd;

/* --- the bed ------------------------------------------------------------------------- */

static void open_bed(void)
{
	struct engine_limits limits = rig_limits();
	void *at;

	limits.small_bodies = 2;
	limits.bodies = 2;
	limits.assemblies = N;
	def = body_windows(limits.small_bodies, limits.bodies, CAP);
	fd = memfd_create("bodies", MFD_CLOEXEC);
	CHECK(fd >= 0 && ftruncate(fd, (off_t)windows_size(&def)) == 0);
	at = mmap(NULL, windows_size(&def), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(at != MAP_FAILED);
	bodies = (struct bodies){ .windows = { at, &def }, .budget = &budget };
	r = rig_new(&limits);
	r->e.conf.bodies = r->conf.bodies = &bodies;
	foreign = 0;
	used[0] = &engine_root(&r->e)->body_pages;
	used[1] = &foreign;
	budget = (struct body_budget){ .pages = BUDGET, .n = 2, .used = used };
	memset(model, 0, sizeof model);
}

static uint64_t pages(void)
{
	struct stat st;

	CHECK(fstat(fd, &st) == 0);
	return (uint64_t)st.st_blocks * 512 / WINDOWS_PAGE;
}

static struct assembly *owner_of(const struct model *m)
{
	struct assembly *a = assembly_get(&r->e, m->owner);

	CHECK(a);
	return a;
}

static struct body *body_of_model(const struct model *m)
{
	struct body *b = body_get(&r->e, owner_of(m)->body);

	CHECK(b);
	return b;
}

/* --- what happens ---------------------------------------------------------------------- */

static uint8_t byte(const struct model *m, uint32_t i)
{
	return (uint8_t)(i * 7 + (i >> 8) * 13 + m->seed);
}

static void begin(struct model *m, uint8_t arg, uint16_t size)
{
	struct slab *s = engine_slab(&r->e, SLAB_ASSEMBLY);
	struct addr peer = rig_peer(1);
	struct local local = rig_local();
	struct endpoint *p = endpoint_find(&r->e, &peer, &local);
	struct assembly *a;
	struct body *b;

	if (m->live)
		return;
	b = body_new(&r->e, 1, arg & 1 ? CAP : 0);
	if (!b)
		return;
	if (!p)
		p = endpoint_add(&r->e, &peer, &local);
	(void)dealings_with(&r->e, p);
	a = slab_take(&r->e.space, s);
	CHECK(a);
	memset((uint8_t *)a + sizeof a->o, 0, sizeof *a - sizeof a->o);
	a->peer = endpoint_ref(&r->e, p);
	a->state = ASSEMBLY_RECEIVING;
	a->key = (uint64_t)(m - model) + 1;
	a->body = body_ref(&r->e, b);
	slab_publish(&r->e.space, s, a);
	m->owner = b->owner = assembly_ref(&r->e, a);
	rig_commit(r);
	m->live = true;
	m->seed = (uint8_t)(m->seed * 5 + arg + 1);
	m->size = (uint32_t)size * 2 + 1;
	memset(m->there, 0, sizeof m->there);
	memset(m->maybe, 0, sizeof m->maybe);
}

/* Writes a part, as a block would be: whole grains, but for the end of the body. */
static int put(struct model *m, uint16_t grain, uint8_t grains, bool commit)
{
	uint32_t at = grain % GRAINS * BODY_GRAIN, n = (grains % 64u + 1) * BODY_GRAIN;
	struct body *b = body_of_model(m);
	const struct body *old = b;
	uint8_t bytes[64 * BODY_GRAIN];
	int err;

	if (at >= m->size)
		return -1;
	if (n > m->size - at)
		n = m->size - at;
	for (uint32_t i = 0; i < n; i++)
		bytes[i] = byte(m, at + i);
	err = body_write(&r->e, &b, at, span_of(bytes, n));
	if (b != old)
		undo_set64(&r->e.space, &owner_of(m)->body, body_ref(&r->e, b));
	CHECK(err == 0 || (err == -ENOMEM && b == old) || (err == -EFBIG && at + n > CAP));
	for (uint32_t g = at / BODY_GRAIN; !err && g * BODY_GRAIN < at + n; g++) {
		m->there[g] |= commit;
		m->maybe[g] = true;
	}
	if (commit)
		rig_commit(r);
	return err;
}

static void end(struct model *m)
{
	struct slab *s = engine_slab(&r->e, SLAB_ASSEMBLY);

	if (!m->live)
		return;
	body_kill(&r->e, body_of_model(m));
	slab_kill(&r->e.space, s, owner_of(m));
	rig_commit(r);
	m->live = false;
}

/* --- what must be so --------------------------------------------------------------------- */

static uint32_t length_of(const struct model *m, const bool there[GRAINS])
{
	uint32_t g = 0;

	while (g < GRAINS && there[g])
		g++;
	return g * BODY_GRAIN < m->size ? g * BODY_GRAIN : m->size;
}

static void check(const struct model *m)
{
	const struct body *b = body_of_model(m);
	struct span s = body_read(&r->e, b, 0, SIZE_MAX);

	CHECK(b->owner == m->owner && s.n == b->length);
	CHECK(s.n >= length_of(m, m->there) && s.n <= length_of(m, m->maybe));
	for (uint32_t i = 0; i < s.n; i++)
		CHECK(s.p[i] == byte(m, i));
}

static void check_all(void)
{
	uint64_t charged = engine_root(&r->e)->body_pages;

	/* What was touched in an event that was undone stays until its body ends. */
	CHECK(charged <= BUDGET && pages() <= 2 * BUDGET);
	for (unsigned i = 0; i < N; i++)
		if (model[i].live)
			check(&model[i]);
}

static void crash(void)
{
	(void)rig_crash(r);
	adopt_survived(&r->e);
}

static void step(const uint8_t in[4])
{
	struct model *m = &model[in[0] / 8 % N];
	uint16_t word = (uint16_t)(in[1] | in[2] << 8);

	switch (in[0] % 8) {
	case 0:
		begin(m, in[3], word);
		break;
	case 4:
		end(m);
		break;
	case 5:
		crash();
		break;
	case 6:
		if (m->live)
			(void)put(m, word, in[3], false);
		crash();
		break;
	case 7:
		foreign = in[3] % 4 ? 0 : word % (BUDGET + 1);
		break;
	default:
		if (m->live)
			(void)put(m, word, in[3], true);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	open_bed();
	for (size_t i = 0; i + 4 <= size && i < 4 * 256; i += 4) {
		step(data + i);
		check_all();
	}
	for (unsigned i = 0; i < N; i++)
		end(&model[i]);
	CHECK(engine_root(&r->e)->body_pages == 0 && pages() == 0);
	rig_free(r);
	munmap(bodies.windows.at, windows_size(&def));
	close(fd);
	return 0;
}
