#include "exchange/dedup.h"

#include "exchange/exchange.h"

_Static_assert(offsetof(struct dedup, kind) == offsetof(struct dedup, mid) + 20, "a row of words");

/* The entries of a peer stand side by side by message ID, from a place on that nobody but us
 * knows. */
static inline uint64_t place(const struct engine *e, const struct endpoint *p, uint32_t mid)
{
	return endpoint_hash(e, p) + mid;
}

/* How long a duplicate may still come (RFC 7252 4.8.2). */
static uint32_t lifetime_s(const struct engine *e, const struct dedup *d)
{
	return d->kind & DEDUP_NON ? e->non_lifetime_s : e->lifetime_s;
}

static struct dedup *at(struct engine *e, uint32_t i)
{
	return slab_at(engine_slab(e, SLAB_DEDUP), i);
}

static bool expired(const struct engine *e, const struct dedup *d)
{
	return !dedup_busy(d) && engine_seconds(e) - d->at_s > lifetime_s(e, d);
}

/* --- derived: the peer's answered ones, oldest first ------------------------ */

static inline void list_insert(struct engine *e, struct endpoint *p, struct dedup *d, uint32_t behind)
{
	uint32_t self = slab_index(engine_slab(e, SLAB_DEDUP), d);

	d->prev = behind;
	d->next = behind == SLAB_NIL ? p->dedup_head : at(e, behind)->next;
	*(d->prev == SLAB_NIL ? &p->dedup_head : &at(e, d->prev)->next) = self;
	*(d->next == SLAB_NIL ? &p->dedup_tail : &at(e, d->next)->prev) = self;
	p->nkept++;
}

/* In order of answering; only for one that an adoption has lost is there any way to go. */
static inline void list_add(struct engine *e, struct endpoint *p, struct dedup *d)
{
	uint32_t i = p->dedup_tail;

	while (i != SLAB_NIL && (int32_t)(at(e, i)->order - d->order) > 0)
		i = at(e, i)->prev;
	list_insert(e, p, d, i);
}

static inline void list_remove(struct engine *e, struct endpoint *p, struct dedup *d)
{
	*(d->prev == SLAB_NIL ? &p->dedup_head : &at(e, d->prev)->next) = d->next;
	*(d->next == SLAB_NIL ? &p->dedup_tail : &at(e, d->next)->prev) = d->prev;
	p->nkept--;
}

/* --- making and ending ------------------------------------------------------ */

static inline struct endpoint *peer_of(struct engine *e, const struct dedup *d)
{
	return endpoint_held(e, d->peer);
}

void dedup_kill(struct engine *e, struct dedup *d)
{
	struct slab *b = engine_slab(e, SLAB_DEDUP);
	struct endpoint *p = peer_of(e, d);

	assert(p->o.word & 1 && p->ndedup);
	table_remove(&e->dedups, b, place(e, p, d->mid), d);
	if (!dedup_busy(d))
		list_remove(e, p, d);
	p->ndedup--;
	if (d->state == DEDUP_DONE && d->answer.blob != SLAB_NIL)
		stored_drop(e, &d->answer);
	slab_kill(&e->space, b, d);
}

/* One with this message ID and, unless any will do, this print.  What has outlived its lifetime
 * is left to the sweep. */
__attribute__((always_inline)) static inline struct dedup *
find(struct engine *e, const struct endpoint *p, uint16_t mid, bool any, uint32_t print)
{
	uint32_t i = table_first(&e->dedups, place(e, p, mid));

	for (; i != SLAB_NIL; i = at(e, i)->o.link) {
		struct dedup *d = at(e, i);

		if (d->mid == mid && peer_of(e, d) == p && (any || d->print == print) &&
		    !expired(e, d))
			return d;
	}
	return NULL;
}

struct dedup *dedup_find(struct engine *e, const struct endpoint *p, uint16_t mid)
{
	return find(e, p, mid, true, 0);
}

struct dedup *dedup_same(struct engine *e, const struct endpoint *p, uint16_t mid, uint32_t print)
{
	return find(e, p, mid, false, print);
}

bool dedup_none(struct engine *e, const struct endpoint *p)
{
	bool none = p->ndedup == p->nkept;

	for (uint32_t i = p->dedup_head; none && i != SLAB_NIL; i = at(e, i)->next)
		none = expired(e, at(e, i));
	return none;
}

void dedup_marks(struct engine *e, const struct endpoint *p, struct window *w)
{
	uint32_t oldest = 0;

	for (uint32_t i = p->dedup_head; i != SLAB_NIL; i = at(e, i)->next)
		if (!expired(e, at(e, i)) && engine_seconds(e) - at(e, i)->at_s > oldest)
			oldest = engine_seconds(e) - at(e, i)->at_s;
	/* As of that time, so that the first half ends when the first of them does. */
	for (uint32_t i = p->dedup_head; i != SLAB_NIL; i = at(e, i)->next)
		if (!expired(e, at(e, i)) && !(at(e, i)->kind & DEDUP_APART))
			window_mark(w, engine_seconds(e) - oldest, e->lifetime_s,
				    (uint16_t)at(e, i)->mid, false);
}

/* Beyond its share a peer loses its own oldest answer; from then on the window
 * of message IDs has to tell what was seen. */
static inline bool is_at_its_share(const struct engine *e, const struct endpoint *p)
{
	const struct slab *b = &e->space.slab[SLAB_DEDUP];
	uint32_t taken = slab_taken(&e->space, b);

	return p->nkept >= e->conf.limits.answers_per_endpoint &&
	       (p->nkept >= DEDUP_LENT_MOST || taken >= e->conf.limits.answers_lent ||
		taken >= b->limit);
}

/* Whether one that is settled now is beyond it: more may have been taken meanwhile. */
static inline bool is_beyond_its_share(const struct engine *e, const struct endpoint *p)
{
	return p->nkept >= e->conf.limits.answers_per_endpoint &&
	       (p->nkept >= DEDUP_LENT_MOST ||
		slab_taken(&e->space, &e->space.slab[SLAB_DEDUP]) > e->conf.limits.answers_lent);
}

static inline void forget(struct engine *e, struct endpoint *p, const struct dedup *oldest)
{
	if (expired(e, oldest))
		return;
	dealings_forgot(e, p);
	engine_count(e, COUNT_EVICTED_EARLY);
}

bool dedup_bound(struct engine *e, struct endpoint *p, uint16_t mid)
{
	uint32_t i = table_first(&e->dedups, place(e, p, mid));
	struct dedup *first = NULL;
	unsigned n = 0;

	for (; i != SLAB_NIL; i = at(e, i)->o.link) {
		struct dedup *d = at(e, i);

		if (d->mid != mid || peer_of(e, d) != p || dedup_busy(d))
			continue;
		if (!first || (int32_t)(d->order - first->order) < 0)
			first = d;
		n++;
	}
	if (n < DEDUP_SAME_ID)
		return false;
	list_remove(e, p, first);
	list_insert(e, p, first, SLAB_NIL);
	return true;
}

/* Of what a peer was lent one goes back, its oldest. */
static inline void give_back(struct engine *e, struct endpoint *p)
{
	struct dedup *oldest = at(e, p->dedup_head);

	forget(e, p, oldest);
	dedup_kill(e, oldest);
}

/* The peer's oldest entry becomes the new one, which is one change where a death and a
 * birth are many.  Its answer is overwritten when it is answered. */
struct dedup *dedup_instead(struct engine *e, struct endpoint *p, uint16_t mid,
			    uint32_t print, uint32_t kind)
{
	struct slab *b = engine_slab(e, SLAB_DEDUP);
	uint32_t self = p->dedup_head;
	struct dedup *d = at(e, self);
	struct undo_notes n;

	forget(e, p, d);
	table_remove_as(&e->dedups, b, place(e, p, d->mid), self, d);
	list_remove(e, p, d);
	if (d->state == DEDUP_DONE && d->answer.blob != SLAB_NIL)
		stored_drop(e, &d->answer);
	if (d->exchange)
		undo_set64(&e->space, &d->exchange, 0);
	n = undo_begin(&e->space, 7);
	undo_note(&e->space, &n, &d->o.word, 1);
	undo_note(&e->space, &n, &d->mid, 6);   /* up to kind */
	undo_noted(&e->space, &n);
	undo_store(&d->o.word, slab_word_next(b, d));
	undo_store(&d->mid, mid);
	undo_store(&d->state, DEDUP_EXEC);
	undo_store(&d->print, print);
	undo_store(&d->at_s, engine_seconds(e));
	undo_store(&d->kind, kind);
	table_insert_as(&e->dedups, place(e, p, mid), self, d);
	return d;
}

static struct dedup *add(struct engine *e, struct endpoint *p, uint16_t mid, uint32_t print,
			 uint32_t kind)
{
	struct slab *b = engine_slab(e, SLAB_DEDUP);
	struct dedup *d;

	/* Where there is room, the sweep of each second is enough. */
	if (slab_taken(&e->space, b) > b->limit / 4 * 3)
		dedup_sweep(e, 4);
	d = slab_take(&e->space, b);
	if (!d) {
		engine_count(e, COUNT_FULL_DEDUP);
		return NULL;
	}
	d->peer = endpoint_ref(e, p);
	d->exchange = 0;
	d->mid = mid;
	d->state = DEDUP_EXEC;
	d->print = print;
	d->at_s = engine_seconds(e);
	d->order = 0;
	d->kind = kind;
	d->answer = (struct stored){ 0, SLAB_NIL };
	slab_publish(&e->space, b, d);
	table_insert(&e->dedups, b, place(e, p, mid), d);
	p->ndedup++;
	return d;
}

struct dedup *dedup_add(struct engine *e, struct endpoint *p, uint16_t mid,
			uint32_t print, uint32_t kind)
{
	return is_at_its_share(e, p) ? dedup_instead(e, p, mid, print, kind) :
				       add(e, p, mid, print, kind);
}

/* What is not being worked on any more has its mark, if there is a window.  What waits has it
 * from when it began to: by now its ID may be ahead of the newest again. */
static inline void mark(struct engine *e, struct endpoint *p, const struct dedup *d)
{
	if (dealings_are(p) && !(d->kind & DEDUP_APART))
		dealings_mark(e, dealings_with(e, p), (uint16_t)d->mid, false);
}

__attribute__((always_inline)) static inline void
set(struct engine *e, struct dedup *d, enum dedup_state state)
{
	struct engine_root *root = engine_root(e);
	struct endpoint *p = peer_of(e, d);

	if (!dedup_busy(d) || state == DEDUP_WAITING) {
		undo_set(&e->space, &d->state, state);
		return;
	}
	/* It may have waited, and others been settled meanwhile. */
	if (is_beyond_its_share(e, p))
		give_back(e, p);
	/* Nothing reads its place in the order before the state says that it is settled, and
	 * whose entry it was has that logged; of the numbers any may be left out. */
	space_set(&root->order, root->order + 1);
	space_set(&d->order, root->order);
	undo_set(&e->space, &d->state, state);
	list_add(e, p, d);
	if (!d->exchange)
		mark(e, p, d);
}

void dedup_set(struct engine *e, struct dedup *d, enum dedup_state state)
{
	set(e, d, state);
}

void dedup_lost(struct engine *e, struct dedup *d)
{
	space_set(&d->state, DEDUP_GONE);
	list_add(e, endpoint_get(e, d->peer), d);
}

void dedup_wait(struct engine *e, struct dedup *d, ref_t exchange)
{
	undo_set64(&e->space, &d->exchange, exchange);
	mark(e, peer_of(e, d), d);
	dedup_set(e, d, DEDUP_WAITING);
}

/* With its old answer gone already. */
static __attribute__((noinline)) bool dedup_keep(struct engine *e, struct dedup *d, struct span answer, bool unread)
{
	if (!unread && d->answer.blob != SLAB_NIL)
		undo_set(&e->space, &d->answer.blob, SLAB_NIL);
	return stored_put(e, &d->answer, d->inside, DEDUP_INSIDE, answer, dedup_ref(e, d), unread);
}

void dedup_answered(struct engine *e, struct dedup *d, struct span answer)
{
	bool unread = space_exec(&e->space), kept = true;

	/* Once a commit has said that it is being worked on, nothing reads the answer before
	 * the state says DONE; else this may be undone, and an old answer be read again. */
	if (answer.n <= DEDUP_INSIDE && unread) {
		bytes_copy(d->inside, answer.p, answer.n);
		d->answer = (struct stored){ (uint32_t)answer.n, SLAB_NIL };
	} else {
		kept = dedup_keep(e, d, answer, unread);
	}
	set(e, d, kept ? DEDUP_DONE : DEDUP_GONE);
}

struct span dedup_answer(const struct engine *e, const struct dedup *d)
{
	return stored_get(e, &d->answer, d->inside);
}

void dedup_sweep(struct engine *e, unsigned probes)
{
	struct engine_root *root = engine_root(e);
	uint32_t hwm = e->space.ctl->hwm[SLAB_DEDUP];

	for (unsigned n = 0; n < probes && n < hwm; n++) {
		uint32_t i = root->hand_dedup < hwm ? root->hand_dedup : 0;
		struct dedup *d = at(e, i);

		space_set(&root->hand_dedup, i + 1);
		if ((d->o.word & 1) && expired(e, d))
			dedup_kill(e, d);
	}
}

/* Each names the other: one that did not would never be settled. */
static bool waits(struct engine *e, const struct dedup *d)
{
	const struct exchange *x = exchange_get(e, d->exchange);

	return x && x->state == EXCHANGE_WAITING && x->dedup == dedup_ref(e, d);
}

bool dedup_adopt(struct engine *e, struct dedup *d)
{
	struct endpoint *p = endpoint_get(e, d->peer);

	if (!p || d->mid > 0xffff || d->state < DEDUP_EXEC || d->state >= DEDUP_STATES)
		return false;
	if (d->state == DEDUP_DONE &&
	    (!stored_valid(e, &d->answer, DEDUP_INSIDE, dedup_ref(e, d)) ||
	     d->answer.len > DGRAM_TX_MAX))
		return false;
	/* Executing, and yet not the one the commit word speaks of: damage. */
	if (d->state == DEDUP_EXEC &&
	    !(space_exec(&e->space) && engine_root(e)->exec == dedup_ref(e, d)))
		return false;
	if (d->state == DEDUP_WAITING && !waits(e, d))
		space_set(&d->state, DEDUP_GONE);
	table_insert(&e->dedups, engine_slab(e, SLAB_DEDUP), place(e, p, d->mid), d);
	p->ndedup++;
	if (!dedup_busy(d))
		list_insert(e, p, d, p->dedup_tail);
	return true;
}

/* --- their order, after an adoption ------------------------------------------------ */

static bool before(struct engine *e, uint32_t i, uint32_t k)
{
	return (int32_t)(at(e, i)->order - at(e, k)->order) < 0;
}

/* Two sorted lists become one. */
static uint32_t merge(struct engine *e, uint32_t a, uint32_t b)
{
	uint32_t first = SLAB_NIL, *end = &first;

	while (a != SLAB_NIL && b != SLAB_NIL) {
		uint32_t *from = before(e, b, a) ? &b : &a;

		*end = *from;
		end = &at(e, *from)->next;
		*from = *end;
	}
	*end = a != SLAB_NIL ? a : b;
	return first;
}

/* Takes the rise that the list begins with; what is left begins at *i. */
static uint32_t rise(struct engine *e, uint32_t *i)
{
	uint32_t first = *i, last = first;

	while (*i != SLAB_NIL && !before(e, *i, last)) {
		last = *i;
		*i = at(e, last)->next;
	}
	at(e, last)->next = SLAB_NIL;
	return first;
}

/* Rises are merged as in counting: list k is none or was made of 2^k of them.  A peer that has
 * pushed out its own has two. */
static void sort(struct engine *e, struct endpoint *p)
{
	uint32_t list[32], i = p->dedup_head, one = SLAB_NIL, last = SLAB_NIL, k;

	memset(list, 0xff, sizeof list);
	while (i != SLAB_NIL) {
		one = rise(e, &i);
		for (k = 0; list[k] != SLAB_NIL; k++) {
			one = merge(e, list[k], one);
			list[k] = SLAB_NIL;
		}
		list[k] = one;
	}
	for (k = 0, one = SLAB_NIL; k < 32; k++)
		one = merge(e, list[k], one);
	p->dedup_head = one;
	for (i = one; i != SLAB_NIL; last = i, i = at(e, i)->next)
		at(e, i)->prev = last;
	p->dedup_tail = last;
}

bool dedup_sorted(struct engine *e, struct endpoint *p)
{
	if (p->nkept > 1)
		sort(e, p);
	return true;
}
