#include "base/slab.h"

static const struct mem_field object_rows[] = {
	FIELD_AS(struct object, word, FIELD_OWN),
	FIELD(struct object, link),
};

const struct mem_kind object_kind = KIND("object", struct object, object_rows);

ref_t slab_ref_next(const struct space *s, const struct slab *b, const void *obj)
{
	ref_t gen = slab_next_gen(((const struct object *)obj)->word);

	return (slab_ref(s, b, obj) & ~((ref_t)0x7fff << 32)) | gen << 32;
}

void *slab_take(struct space *s, struct slab *b)
{
	uint32_t *hwm = &s->ctl->hwm[b->number];
	struct object *o;

	if (slab_taken(s, b) >= b->limit)
		return NULL;
	if (b->free_head != SLAB_NIL) {
		o = slab_at(b, b->free_head);
		b->free_head = o->link;
		b->free_n--;
	} else {
		/* All below it are taken, and those are fewer than the limit.  It
		 * rises before use and never falls: a dead object below it is
		 * only one more for the free list.  Above it no adopter looked,
		 * so a damaged word ends here. */
		o = slab_at(b, *hwm);
		if (o->word & 1)
			slab_drop(s, b, o);
		space_set(hwm, *hwm + 1);
	}
	unpoison(o, b->size);
	return o;
}

void slab_untake(struct space *s, struct slab *b, void *obj)
{
	struct object *o = obj;

	(void)s;
	assert(!(o->word & 1));
	o->link = b->free_head;
	b->free_head = slab_index(b, o);
	b->free_n++;
	poison((uint8_t *)o + sizeof *o, b->size - sizeof *o);
}

void slab_spend(struct space *s, struct slab *b, void *obj)
{
	struct object *o = obj;

	undo_set(s, &o->word, slab_word(b->magic, slab_next_gen(o->word), 0));
	slab_untake(s, b, obj);
}

void slab_reopen(struct space *s, struct slab *b)
{
	uint32_t *hwm = &s->ctl->hwm[b->number];

	if (*hwm > b->cap)
		space_set(hwm, b->cap);
	b->free_head = SLAB_NIL;
	b->free_n = 0;
	unpoison(b->at, (size_t)b->size * b->cap);
}

uint32_t slab_sweep(struct space *s, struct slab *b)
{
	uint32_t bad = 0;

	slab_reopen(s, b);
	for (uint32_t i = 0; i < s->ctl->hwm[b->number]; i++) {
		struct object *o = slab_at(b, i);

		if ((o->word & 1) && !slab_sane(b, o)) {
			slab_drop(s, b, o);
			bad++;
		}
	}
	return bad;
}

void slab_drop(struct space *s, struct slab *b, void *obj)
{
	struct object *o = obj;

	(void)s;
	space_set(&o->word, slab_word(b->magic, slab_gen(o->word), 0));
}

void slab_rebuild_free(struct space *s, struct slab *b)
{
	uint32_t live = 0;

	b->free_head = SLAB_NIL;
	b->free_n = 0;
	for (uint32_t i = slab_used(s, b); i--;) {
		struct object *o = slab_at(b, i);

		if (o->word & 1) {
			live++;
			continue;
		}
		o->link = b->free_head;
		b->free_head = i;
		b->free_n++;
		poison((uint8_t *)o + sizeof *o, b->size - sizeof *o);
	}
	for (uint32_t i = slab_used(s, b); i < b->cap; i++)
		poison((uint8_t *)slab_at(b, i) + sizeof(struct object),
		       b->size - sizeof(struct object));
	s->ctl->live[b->number] = live;
}
