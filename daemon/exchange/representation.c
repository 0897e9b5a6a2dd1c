#include "exchange/representation.h"

#include "base/changes.h"
#include "base/siphash.h"

_Static_assert(sizeof(struct representation) % 8 == 0, "representation size");

static struct slab *slab(struct engine *e)
{
	return engine_slab(e, SLAB_REPRESENTATION);
}

static struct representation *at(struct engine *e, uint32_t i)
{
	return i == SLAB_NIL ? NULL : slab_at(slab(e), i);
}

/* --- what is shared -------------------------------------------------------------------- */

/* Options of one client or of one message: what is shared has them not.  ETags are left
 * out of the registration that is kept, too (observer.c), so nothing depends on them. */
static bool is_shared(uint32_t number)
{
	return number != OPT_OBSERVE && number != OPT_ETAG && number != OPT_BLOCK1 &&
	       number != OPT_BLOCK2 && number != OPT_REQUEST_TAG &&
	       (!option_is_nocachekey(number) || option_is_critical(number));
}

uint64_t representation_key(const struct engine *e, uint64_t mount, const struct message *m)
{
	struct option_iter it = option_iter(m->options);
	uint8_t bytes[2 * DGRAM_RX_MAX + 16];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct option_writer ow = option_writer(&w);
	struct option o;
	uint64_t key;

	write_bytes(&w, &mount, sizeof mount);
	write_u8(&w, m->code);
	while (option_next(&it, &o))
		if (is_shared(o.number))
			option_write(&ow, o.number, o.value);
	message_write_payload(&w, m->payload);
	assert(!w.full);        /* it fits a stored message (observer.c) */
	key = siphash(&e->space.ctl->key, bytes, (size_t)(w.p - bytes));
	return key ? key : 1;
}

/* --- derived --------------------------------------------------------------------------- */

static void link_up(struct engine *e, struct representation *p)
{
	uint32_t self = slab_index(slab(e), p), *first = &e->words[p->word];

	table_insert(&e->representations, slab(e), p->key, p);
	p->word_prev = SLAB_NIL;
	p->word_next = *first;
	if (*first != SLAB_NIL)
		at(e, *first)->word_prev = self;
	*first = self;
}

static void unlink_it(struct engine *e, struct representation *p)
{
	table_remove(&e->representations, slab(e), p->key, p);
	if (p->word_prev == SLAB_NIL)
		e->words[p->word] = p->word_next;
	else
		at(e, p->word_prev)->word_next = p->word_next;
	if (p->word_next != SLAB_NIL)
		at(e, p->word_next)->word_prev = p->word_prev;
	representation_go(e, p);
	engine_no_deadline(e, slab(e), p);
}

static void clear_derived(struct representation *p)
{
	p->nobservers = 0;
	p->idle = CHAIN_EMPTY;
	p->word_prev = p->word_next = SLAB_NIL;
	p->held_prev = p->held_next = SLAB_NIL;
	p->held = 0;
}

static struct representation *find(struct engine *e, uint64_t key)
{
	uint32_t i = table_first(&e->representations, key);

	while (i != SLAB_NIL && at(e, i)->key != key)
		i = at(e, i)->o.link;
	return at(e, i);
}

/* --- life ------------------------------------------------------------------------------- */

static struct representation *make(struct engine *e, uint64_t key,
				   const struct representation_of *of)
{
	bool room = e->space.ctl->live[SLAB_REPRESENTATION] < e->conf.limits.representations;
	struct representation *p = room ? slab_take(&e->space, slab(e)) : NULL;

	if (!p) {
		engine_count(e, COUNT_FULL_REPRESENTATIONS);
		return NULL;
	}
	clear_derived(p);
	p->key = key;
	p->mount = of->mount;
	p->seen = of->seen;
	p->word = of->word;
	p->format = of->format;
	p->private = of->private;
	p->attempts = 0;
	slab_publish(&e->space, slab(e), p);
	link_up(e, p);
	return p;
}

struct representation *representation_for(struct engine *e, uint64_t key,
					  const struct representation_of *of)
{
	struct representation *p = find(e, key);

	if (!p)
		return make(e, key, of);
	if (of->private && !p->private)
		undo_set(&e->space, &p->private, 1);
	if (p->seen != of->seen)
		representation_saw(e, p, of->seen);
	return p;
}

void representation_saw(struct engine *e, struct representation *p, uint64_t value)
{
	undo_set64(&e->space, &p->seen, value);
	representation_wake(e, p, 0);
}

void representation_wake(struct engine *e, struct representation *p, uint32_t ms)
{
	engine_deadline(e, slab(e), p, e->now + ms);
}

void representation_hold(struct engine *e, struct representation *p)
{
	uint32_t self = slab_index(slab(e), p);

	representation_wake(e, p, FLIGHT_STEP_MS);
	if (p->held)
		return;
	engine_count(e, COUNT_NOTIFICATIONS_PACED);
	p->held = 1;
	p->held_prev = e->held.tail;
	p->held_next = SLAB_NIL;
	*(p->held_prev == SLAB_NIL ? &e->held.head : &at(e, p->held_prev)->held_next) = self;
	e->held.tail = self;
}

void representation_go(struct engine *e, struct representation *p)
{
	if (!p->held)
		return;
	p->held = 0;
	*(p->held_prev == SLAB_NIL ? &e->held.head : &at(e, p->held_prev)->held_next) =
		p->held_next;
	*(p->held_next == SLAB_NIL ? &e->held.tail : &at(e, p->held_next)->held_prev) =
		p->held_prev;
}

void representation_landed(struct engine *e, uint64_t when)
{
	struct representation *p;

	flight_landed(&e->flight, when);
	if (e->held.head == SLAB_NIL || !flight_is_low(&e->flight, e->now))
		return;
	while ((p = at(e, e->held.head))) {
		representation_go(e, p);
		representation_wake(e, p, 0);
	}
}

void representation_rest(struct engine *e, struct representation *p)
{
	engine_no_deadline(e, slab(e), p);
}

void representation_left(struct engine *e, struct representation *p)
{
	if (p->nobservers)
		return;
	unlink_it(e, p);
	slab_kill(&e->space, slab(e), p);
}

struct representation *representation_of_word(struct engine *e, uint32_t word)
{
	return at(e, e->words[word]);
}

struct representation *representation_next(struct engine *e, const struct representation *p)
{
	return at(e, p->word_next);
}

/* --- adoption ----------------------------------------------------------------------------- */

bool representation_adopt(struct engine *e, struct representation *p)
{
	if (!p->key || !p->mount || p->word >= CHANGES_WORDS || p->format > 0x10000 ||
	    p->private > 1 || find(e, p->key))
		return false;
	clear_derived(p);
	link_up(e, p);
	return true;
}

bool representation_wanted(struct engine *e, struct representation *p)
{
	if (p->nobservers)
		return true;
	unlink_it(e, p);
	return false;
}
