#include "exchange/body.h"

#include <errno.h>

#define MAP_SHARE (BODY_GRAIN * 8)      /* bytes of the body for one byte of its map */

_Static_assert(sizeof(struct body) % 8 == 0, "body size");

static unsigned class_of(unsigned slab)
{
	return slab - SLAB_BODY_SMALL;
}

static struct slab *slab_of(struct engine *e, const struct body *b)
{
	struct slab *small = engine_slab(e, SLAB_BODY_SMALL);
	bool is_small = (const uint8_t *)b >= small->at &&
			(const uint8_t *)b < small->at + (size_t)small->size * small->cap;

	return is_small ? small : engine_slab(e, SLAB_BODY);
}

static const struct windows *windows(const struct engine *e)
{
	return &e->conf.bodies->windows;
}

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* --- windows: bytes, then their map ------------------------------------------------ */

static uint64_t window_size(uint64_t cap)
{
	return round_up(cap + cap / MAP_SHARE, WINDOWS_PAGE);
}

struct windows_def body_windows(uint32_t small, uint32_t large, uint64_t cap)
{
	cap = round_up(cap, WINDOWS_PAGE);
	return (struct windows_def){ .class = {
		{ small, window_size(BODY_SMALL), BODY_SMALL },
		{ large, window_size(cap), cap } } };
}

/* Bytes that a body of the class can have. */
static uint64_t class_cap(const struct engine *e, unsigned class)
{
	return windows(e)->def->class[class].tail;
}

static uint8_t *bytes_of(struct engine *e, const struct body *b)
{
	struct slab *s = slab_of(e, b);

	return windows_at(windows(e), class_of(s->number), slab_index(s, b));
}

static uint8_t *map_of(struct engine *e, const struct body *b)
{
	return bytes_of(e, b) + class_cap(e, class_of(slab_of(e, b)->number));
}

/* --- what it costs ------------------------------------------------------------------ */

static uint32_t pages_for(uint64_t n)
{
	return (uint32_t)(round_up(n, WINDOWS_PAGE) / WINDOWS_PAGE);
}

static uint64_t spent(const struct body_budget *budget)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < budget->n; i++)
		sum += __atomic_load_n(budget->used[i], __ATOMIC_RELAXED);
	return sum;
}

static bool affords(struct engine *e, uint32_t pages)
{
	const struct body_budget *budget = e->conf.bodies->budget;

	if (spent(budget) + pages <= budget->pages)
		return true;
	engine_count(e, COUNT_FULL_BODIES);
	return false;
}

static void charge(struct engine *e, int64_t pages)
{
	uint64_t *sum = &engine_root(e)->body_pages;

	undo_set64(&e->space, sum, *sum + (uint64_t)pages);
}

/* --- life ---------------------------------------------------------------------------- */

struct body *body_get(struct engine *e, ref_t ref)
{
	unsigned slab = REF_SLAB(ref);

	if (slab != SLAB_BODY && slab != SLAB_BODY_SMALL)
		return NULL;
	return slab_get(&e->space, engine_slab(e, slab), ref);
}

ref_t body_ref(struct engine *e, const struct body *b)
{
	return slab_ref(&e->space, slab_of(e, b), b);
}

static struct body *take(struct engine *e, unsigned slab, ref_t owner)
{
	struct body *b = slab_take(&e->space, engine_slab(e, slab));

	if (!b)
		return NULL;
	b->owner = owner;
	b->length = b->end = 0;
	b->pages = b->touched = 0;
	slab_publish(&e->space, engine_slab(e, slab), b);
	return b;
}

struct body *body_new(struct engine *e, ref_t owner, uint64_t n)
{
	struct body *b = NULL;

	if (!e->conf.bodies || !affords(e, 1))
		return NULL;
	if (n <= BODY_SMALL)
		b = take(e, SLAB_BODY_SMALL, owner);
	if (!b)
		b = take(e, SLAB_BODY, owner);
	if (!b)
		engine_count(e, COUNT_FULL_BODIES);
	return b;
}

struct body *body_of(struct engine *e, ref_t owner, struct span a, struct span b)
{
	uint64_t at = round_up(a.n, BODY_GRAIN), n = at + b.n;
	unsigned slab = n <= BODY_SMALL ? SLAB_BODY_SMALL : SLAB_BODY;
	struct body *body;
	uint8_t *bytes;

	if (!e->conf.bodies || n > class_cap(e, 1) || !affords(e, pages_for(n)))
		return NULL;
	body = slab_take(&e->space, engine_slab(e, slab));
	if (!body) {
		engine_count(e, COUNT_FULL_BODIES);
		return NULL;
	}
	*body = (struct body){ .o = body->o, .owner = owner, .length = n, .end = n,
			       .pages = pages_for(n), .touched = pages_for(n) };
	bytes = bytes_of(e, body);
	if (a.n)
		memcpy(bytes, a.p, a.n);
	if (b.n)
		memcpy(bytes + at, b.p, b.n);
	charge(e, body->pages);
	slab_publish(&e->space, engine_slab(e, slab), body);
	return body;
}

void body_kill(struct engine *e, struct body *b)
{
	struct slab *s = slab_of(e, b);
	unsigned n = e->ndead_bodies++;

	assert(n < SPACE_FREES);
	e->conf.bodies->dead[n].slab = s->number;
	e->conf.bodies->dead[n].index = slab_index(s, b);
	e->conf.bodies->dead[n].touched = b->touched;
	charge(e, -(int64_t)b->pages);
	slab_kill(&e->space, s, b);
}

static void give_back(struct engine *e, unsigned slab, uint32_t index, uint32_t touched)
{
	unsigned class = class_of(slab);
	uint64_t size = windows(e)->def->class[class].size, to = (uint64_t)touched * WINDOWS_PAGE;

	/* The map is last; it has memory only if there were gaps. */
	windows_release(windows(e), class, index, 0, to < size ? to : size);
}

void body_release(struct engine *e)
{
	struct bodies *bodies = e->conf.bodies;

	for (unsigned i = 0; i < e->ndead_bodies; i++)
		give_back(e, bodies->dead[i].slab, bodies->dead[i].index,
			  bodies->dead[i].touched);
	e->ndead_bodies = 0;
}

/* --- bytes ----------------------------------------------------------------------------- */

static bool has_gaps(const struct body *b)
{
	return b->end > b->length;
}

/* Marks what was written as there. */
static void mark(uint8_t *map, uint64_t from, uint64_t to)
{
	for (uint64_t g = from / BODY_GRAIN; g * BODY_GRAIN < to; g++)
		map[g / 8] = (uint8_t)(map[g / 8] | 1u << g % 8);
}

/* Where the first gap at or behind from is, at most end. */
static uint64_t first_gap(const uint8_t *map, uint64_t from, uint64_t end)
{
	uint64_t g = from / BODY_GRAIN;

	while (g * BODY_GRAIN < end && map[g / 8] >> g % 8 & 1)
		g += g % 8 == 0 && map[g / 8] == 0xff ? 8 : 1;
	return g * BODY_GRAIN < end ? g * BODY_GRAIN : end;
}

/* The memory that bytes up to end take, a map included once there are gaps. */
static int grow(struct engine *e, struct body *b, uint64_t end, bool gaps)
{
	uint64_t cap = class_cap(e, class_of(slab_of(e, b)->number));
	uint32_t need = pages_for(end) + (gaps ? pages_for(cap / MAP_SHARE) : 0);
	uint32_t touched = gaps ? pages_for(window_size(cap)) : pages_for(end);

	if (need > b->pages) {
		if (!affords(e, need - b->pages))
			return -ENOMEM;
		charge(e, need - b->pages);
		undo_set(&e->space, &b->pages, need);
	}
	if (touched > b->touched)
		space_set(&b->touched, touched);
	return 0;
}

/* A small body goes on in a large window. */
static int move(struct engine *e, struct body **b)
{
	struct body *old = *b, *large = take(e, SLAB_BODY, old->owner);
	int err;

	if (!large) {
		engine_count(e, COUNT_FULL_BODIES);
		return -ENOMEM;
	}
	err = grow(e, large, old->end, has_gaps(old));
	if (err) {
		body_kill(e, large);
		return err;
	}
	memcpy(bytes_of(e, large), bytes_of(e, old), old->end);
	if (has_gaps(old))
		memcpy(map_of(e, large), map_of(e, old), BODY_SMALL / MAP_SHARE);
	undo_set64(&e->space, &large->length, old->length);
	undo_set64(&e->space, &large->end, old->end);
	body_kill(e, old);
	*b = large;
	return 0;
}

static void extend(struct engine *e, struct body *b, uint64_t offset, uint64_t to)
{
	uint64_t end = to > b->end ? to : b->end, length = b->length;

	if (offset > length)
		mark(map_of(e, b), offset, to);
	else if (to > length)
		length = has_gaps(b) ? first_gap(map_of(e, b), round_up(to, BODY_GRAIN), end) : to;
	if (length > end)
		length = end;
	if (length != b->length)
		undo_set64(&e->space, &b->length, length);
	if (end != b->end)
		undo_set64(&e->space, &b->end, end);
}

int body_write(struct engine *e, struct body **b, uint64_t offset, struct span data)
{
	uint64_t to = offset + data.n;
	int err = 0;

	assert(offset % BODY_GRAIN == 0 && data.n <= DGRAM_RX_MAX);
	if (offset > class_cap(e, 1) || to > class_cap(e, 1))
		return -EFBIG;
	if (to > class_cap(e, class_of(slab_of(e, *b)->number)))
		err = move(e, b);
	if (!err)
		err = grow(e, *b, to > (*b)->end ? to : (*b)->end,
			   has_gaps(*b) || offset > (*b)->length);
	if (err)
		return err;
	if (data.n)
		memcpy(bytes_of(e, *b) + offset, data.p, data.n);
	extend(e, *b, offset, to);
	return 0;
}

struct span body_read(const struct engine *e, const struct body *b, uint64_t offset, size_t n)
{
	uint64_t left = offset < b->length ? b->length - offset : 0;

	return span_of(bytes_of((struct engine *)e, b) + offset, n < left ? n : (size_t)left);
}

/* --- adoption ------------------------------------------------------------------------------ */

bool body_adopt(struct engine *e, struct body *b)
{
	uint64_t cap = e->conf.bodies ? class_cap(e, class_of(slab_of(e, b)->number)) : 0;

	return e->conf.bodies && b->owner && b->length <= b->end && b->end <= cap &&
	       b->touched <= pages_for(window_size(cap)) && pages_for(b->end) <= b->pages &&
	       b->pages <= b->touched;
}

/* Live ones are counted; what dead ones had touched is given back once more, for
 * their worker may have died before. */
static uint64_t adopted(struct engine *e, unsigned slab)
{
	struct slab *s = engine_slab(e, slab);
	uint64_t max = pages_for(windows(e)->def->class[class_of(slab)].size), sum = 0;

	for (uint32_t i = 0; i < slab_used(&e->space, s); i++) {
		struct body *b = slab_at(s, i);

		if (b->o.word & 1) {
			sum += b->pages;
		} else if (b->touched) {
			give_back(e, slab, i, b->touched < max ? b->touched : (uint32_t)max);
			space_set(&b->touched, 0);
		}
	}
	return sum;
}

void body_adopted(struct engine *e)
{
	uint64_t sum;

	if (!e->conf.bodies)
		return;
	e->ndead_bodies = 0;
	sum = adopted(e, SLAB_BODY_SMALL) + adopted(e, SLAB_BODY);
	memcpy(&engine_root(e)->body_pages, &sum, sizeof sum);
}

void body_wiped(struct engine *e)
{
	e->ndead_bodies = 0;
	for (unsigned slab = SLAB_BODY_SMALL; e->conf.bodies && slab <= SLAB_BODY; slab++)
		for (uint32_t i = 0; i < engine_slab(e, slab)->cap; i++)
			windows_release(windows(e), class_of(slab), i, 0,
					windows(e)->def->class[class_of(slab)].size);
}
