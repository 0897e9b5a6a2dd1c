#include "base/legend.h"

#include "base/hash.h"

#include <errno.h>
#include <string.h>

#define KINDS 96u

/* --- made of a definition -------------------------------------------------------- */

/* Three passes fill three tables; each is written behind the one before. */
struct making {
	struct legend *l;
	const struct mem_kind *seen[KINDS];
	uint32_t n, nfields;
	struct legend_kind *kind;
	struct legend_field *field;
};

static void *grow(struct legend *l, size_t n)
{
	void *at = l->bytes + l->n;

	assert(n <= LEGEND_MAX - l->n);
	l->n += (uint32_t)n;
	return at;
}

static void name_it(char to[LEGEND_NAME], const char *name)
{
	size_t n = strlen(name);

	assert(n < LEGEND_NAME);
	memcpy(to, name, n);
}

static uint32_t number_of(const struct making *m, const struct mem_kind *k)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (m->seen[i] == k)
			return i;
	return LEGEND_NONE;
}

/* Notes a kind behind those that it is made of. */
static void gather(struct making *m, const struct mem_kind *k)
{
	if (!k || number_of(m, k) != LEGEND_NONE)
		return;
	for (unsigned i = 0; i < k->n; i++)
		gather(m, k->field[i].of);
	assert(m->n < KINDS);
	m->seen[m->n++] = k;
	m->nfields += k->n;
}

static void put_kinds(struct making *m)
{
	uint32_t first = 0;

	m->kind = grow(m->l, m->n * sizeof *m->kind);
	m->field = grow(m->l, m->nfields * sizeof *m->field);
	for (uint32_t i = 0; i < m->n; i++) {
		const struct mem_kind *k = m->seen[i];

		m->kind[i] = (struct legend_kind){ .size = k->size, .first = first, .n = k->n };
		name_it(m->kind[i].name, k->name);
		for (unsigned j = 0; j < k->n; j++) {
			const struct mem_field *f = &k->field[j];
			struct legend_field *to = &m->field[first++];

			*to = (struct legend_field){ .off = f->off, .size = f->size,
				.each = f->each, .type = (uint16_t)f->type,
				.of = (uint16_t)(f->of ? number_of(m, f->of) + 1 : 0) };
			name_it(to->name, f->name);
		}
	}
}

static void put_slabs(struct making *m, const struct space_def *def)
{
	struct legend_slab *to = grow(m->l, def->nslabs * sizeof *to);
	uint64_t window_at = space_size(def);

	m->l->slab = to;
	for (unsigned i = 0; i < def->nslabs; i++) {
		const struct slab_def *s = &def->slab[i];
		unsigned c = i - def->windowed;

		to[i] = (struct legend_slab){ .kind = number_of(m, s->kind), .magic = s->magic,
			.size = s->size, .cap = s->cap, .at = space_slab_at(def, i) };
		name_it(to[i].name, s->name);
		if (i < def->windowed || c >= WINDOWS_CLASSES || !def->windows.class[c].n)
			continue;
		to[i].window_at = window_at;
		to[i].window = def->windows.class[c].size;
		to[i].tail = def->windows.class[c].tail;
		window_at += def->windows.class[c].n * def->windows.class[c].size;
	}
}

void legend_make(struct legend *l, const struct space_def *def)
{
	struct making m = { .l = l };
	struct legend_head *head;

	l->n = 0;
	head = grow(l, sizeof *head);
	gather(&m, &space_kind);
	gather(&m, def->root_kind);
	gather(&m, def->extra_kind);
	for (unsigned i = 0; i < def->nslabs; i++)
		gather(&m, def->slab[i].kind);
	*head = (struct legend_head){ .version = LEGEND_VERSION, .nkinds = m.n,
		.nfields = m.nfields, .nslabs = def->nslabs,
		.control = number_of(&m, &space_kind), .root = number_of(&m, def->root_kind),
		.extra = number_of(&m, def->extra_kind),
		.root_at = offsetof(struct space_ctl, root), .root_n = SPACE_ROOT,
		.extra_at = space_slab_at(def, def->nslabs), .extra_n = def->extra };
	put_kinds(&m);
	put_slabs(&m, def);
	l->head = head;
	l->kind = m.kind;
	l->field = m.field;
}

uint64_t legend_hash(const struct legend *l)
{
	static const struct hash_key none = { { 0x243f6a8885a308d3u, 0x13198a2e03707344u } };

	return hash_bytes(&none, l->bytes, l->n);
}

/* --- read, and not believed ------------------------------------------------------ */

static bool is_name(const char name[LEGEND_NAME])
{
	return name[0] && !name[LEGEND_NAME - 1];
}

static bool kind_or_none(const struct legend *l, uint32_t kind)
{
	return kind == LEGEND_NONE || kind < l->head->nkinds;
}

/* All fields lie within their kind, and are made of kinds before it: no circle. */
static bool kind_is_sane(const struct legend *l, uint32_t number)
{
	const struct legend_kind *k = &l->kind[number];

	if (!is_name(k->name) || !k->size || k->first > l->head->nfields ||
	    k->n > l->head->nfields - k->first)
		return false;
	for (uint32_t i = 0; i < k->n; i++) {
		const struct legend_field *f = &l->field[k->first + i];

		if (!is_name(f->name) || f->type >= FIELD_TYPES || !f->size || !f->each ||
		    f->size % f->each || f->off > k->size || f->size > k->size - f->off ||
		    f->of > number || (f->of && l->kind[f->of - 1].size != f->each))
			return false;
	}
	return true;
}

static bool within(uint64_t at, uint64_t n, uint64_t size)
{
	return at <= size && n <= size - at;
}

static bool slab_is_sane(const struct legend *l, const struct legend_slab *s, uint64_t mapped,
			 uint64_t size)
{
	return is_name(s->name) && kind_or_none(l, s->kind) && s->magic <= UINT16_MAX &&
	       s->size >= 8 && s->size % 8 == 0 && s->at % 8 == 0 &&
	       (s->kind == LEGEND_NONE || l->kind[s->kind].size == s->size) &&
	       within(s->at, (uint64_t)s->size * s->cap, mapped) &&
	       s->tail <= s->window && s->window < UINT32_MAX * (uint64_t)WINDOWS_PAGE &&
	       s->window % WINDOWS_PAGE == 0 && s->tail % WINDOWS_PAGE == 0 &&
	       (!s->window || (s->window_at <= size && s->window_at % WINDOWS_PAGE == 0 &&
			       (!s->cap || (size - s->window_at) / s->cap >= s->window)));
}

/* The three tables, as long as they say and no longer than what there is. */
static bool find_tables(struct legend *l)
{
	const struct legend_head *h = l->head;
	uint64_t n = sizeof *h + (uint64_t)h->nkinds * sizeof *l->kind +
		     (uint64_t)h->nfields * sizeof *l->field +
		     (uint64_t)h->nslabs * sizeof *l->slab;

	if (n != l->n || h->nslabs > SPACE_SLABS)
		return false;
	l->kind = (const void *)(h + 1);
	l->field = (const void *)(l->kind + h->nkinds);
	l->slab = (const void *)(l->field + h->nfields);
	return true;
}

static const char *fault(const struct legend *l, uint64_t mapped, uint64_t size)
{
	const struct legend_head *h = l->head;

	for (uint32_t i = 0; i < h->nkinds; i++)
		if (!kind_is_sane(l, i))
			return "its structs make no sense";
	for (uint32_t i = 0; i < h->nslabs; i++)
		if (!slab_is_sane(l, &l->slab[i], mapped, size))
			return "its slabs make no sense";
	if (h->control >= h->nkinds || !kind_or_none(l, h->root) || !kind_or_none(l, h->extra) ||
	    !within(0, l->kind[h->control].size, mapped) || h->root_at % 8 || h->extra_at % 8 ||
	    !within(h->root_at, h->root_n, mapped) ||
	    !within(h->extra_at, h->extra_n, mapped) ||
	    (h->root != LEGEND_NONE && l->kind[h->root].size > h->root_n) ||
	    (h->extra != LEGEND_NONE && l->kind[h->extra].size > h->extra_n))
		return "its parts make no sense";
	return NULL;
}

int legend_read(struct legend *l, const void *mem, size_t mapped, uint64_t size,
		struct err *err)
{
	struct legend_mark mark;
	const char *wrong;

	if (mapped < sizeof mark || mapped > size)
		return err_set(err, -EINVAL, "it is too short");
	memcpy(&mark, mem, sizeof mark);
	if (!mark.magic || !mark.layout)
		return err_set(err, -ENODATA, "there is nothing in it");
	if (mark.magic != SPACE_MAGIC)
		return err_set(err, -EINVAL, "it is of an unknown kind");
	if (mark.n < sizeof *l->head || mark.n > LEGEND_MAX || !within(mark.at, mark.n, mapped))
		return err_set(err, -EINVAL, "it does not say how it is laid out");
	memcpy(l->bytes, (const uint8_t *)mem + mark.at, mark.n);
	l->n = mark.n;
	l->head = (const void *)l->bytes;
	if (l->head->version != LEGEND_VERSION)
		return err_set(err, -EINVAL, "it is laid out in version %u, and %u is known",
			       l->head->version, LEGEND_VERSION);
	if (!find_tables(l) || legend_hash(l) != mark.layout)
		return err_set(err, -EINVAL, "what it says of its layout is damaged");
	wrong = fault(l, mapped, size);
	return wrong ? err_set(err, -EINVAL, "%s", wrong) : 0;
}

uint64_t legend_end(const struct legend *l, uint64_t size)
{
	for (uint32_t i = 0; i < l->head->nslabs; i++)
		if (l->slab[i].window && l->slab[i].window_at < size)
			size = l->slab[i].window_at;
	return size;
}

uint32_t legend_slab_of(const struct legend *l, const char *name)
{
	for (uint32_t i = 0; i < l->head->nslabs; i++)
		if (strcmp(l->slab[i].name, name) == 0)
			return i;
	return LEGEND_NONE;
}

const struct legend_field *legend_field_of(const struct legend *l, uint32_t kind,
					   const char *name)
{
	const struct legend_kind *k = &l->kind[kind];

	for (uint32_t i = 0; i < k->n; i++)
		if (strcmp(l->field[k->first + i].name, name) == 0)
			return &l->field[k->first + i];
	return NULL;
}

void legend_def(const struct legend *l, struct space_def *def)
{
	*def = (struct space_def){ .nslabs = l->head->nslabs, .windowed = SPACE_SLABS };
	for (unsigned i = 0; i < def->nslabs; i++) {
		const struct legend_slab *s = &l->slab[i];
		unsigned c;

		def->slab[i] = (struct slab_def){ .name = s->name, .magic = (uint16_t)s->magic,
						  .size = s->size, .cap = s->cap };
		if (!s->window)
			continue;
		if (def->windowed == SPACE_SLABS)
			def->windowed = i;
		c = i - def->windowed;
		if (c < WINDOWS_CLASSES) {
			def->windows.class[c].n = s->cap;
			def->windows.class[c].size = s->window;
			def->windows.class[c].tail = s->tail;
		}
	}
}
