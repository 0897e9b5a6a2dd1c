#include "worker/view.h"

#include "exchange/dealings.h"
#include "exchange/observer.h"

void view_open(struct view *v, const void *mem, const struct space_def *def)
{
	static const struct space_ctl nothing;
	static const struct space_def nobody;

	if (!mem)
		def = &nobody;
	*v = (struct view){ .ctl = mem ? mem : &nothing, .def = def };
	for (unsigned i = 0; i < def->nslabs; i++)
		v->off[i] = space_slab_at(def, i);
}

static uint64_t word(const uint64_t *at)
{
	return __atomic_load_n(at, __ATOMIC_RELAXED);
}

uint64_t view_counter(const struct view *v, enum counter c)
{
	return word(&v->ctl->counter[c]);
}

uint64_t view_code(const struct view *v, uint8_t code)
{
	return word(&v->ctl->code[code]);
}

static struct durations durations(const struct durations *at)
{
	struct durations d;

	for (unsigned i = 0; i < DURATIONS; i++)
		d.bucket[i] = word(&at->bucket[i]);
	d.sum_ns = word(&at->sum_ns);
	return d;
}

struct durations view_served(const struct view *v)
{
	return durations(&v->ctl->served);
}

struct durations view_waited(const struct view *v)
{
	return durations(&v->ctl->waited);
}

uint64_t view_epoch(const struct view *v)
{
	return word(&v->ctl->epoch);
}

uint64_t view_body_pages(const struct view *v)
{
	return word(&((const struct engine_root *)(const void *)v->ctl->root)->body_pages);
}

static uint32_t at_most(const uint32_t *at, uint32_t cap)
{
	uint32_t n = __atomic_load_n(at, __ATOMIC_RELAXED);

	return n < cap ? n : cap;
}

uint32_t view_live(const struct view *v, unsigned slab)
{
	return at_most(&v->ctl->live[slab], v->def->slab[slab].cap);
}

uint32_t view_used(const struct view *v, unsigned slab)
{
	return at_most(&v->ctl->hwm[slab], v->def->slab[slab].cap);
}

/* --- objects ---------------------------------------------------------------------- */

static const struct object *object_at(const struct view *v, unsigned slab, uint32_t index)
{
	return (const void *)((const uint8_t *)v->ctl + v->off[slab] +
			      (size_t)index * v->def->slab[slab].size);
}

/* A copy of a live object: one that is of the same life before and after it was taken.
 * A word of it may still be newer than another: it is for people to look at. */
static bool copy(const struct view *v, unsigned slab, uint32_t index, void *out, size_t n)
{
	const struct object *o;
	uint32_t before;

	if (index >= view_used(v, slab))
		return false;
	o = object_at(v, slab, index);
	before = __atomic_load_n(&o->word, __ATOMIC_ACQUIRE);
	if (!(before & 1) || before >> 16 != v->def->slab[slab].magic)
		return false;
	memcpy(out, o, n);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&o->word, __ATOMIC_RELAXED) == before;
}

/* The same, of the life that the reference names. */
static bool copy_ref(const struct view *v, unsigned slab, ref_t ref, void *out, size_t n)
{
	return copy(v, slab, REF_INDEX(ref), out, n) &&
	       slab_gen(((const struct object *)out)->word) == REF_GEN(ref);
}

uint32_t view_peers(const struct view *v)
{
	return view_used(v, SLAB_ENDPOINT);
}

bool view_peer(const struct view *v, uint32_t place, struct view_peer *out)
{
	struct dealings d;
	struct endpoint p;

	if (!copy(v, SLAB_ENDPOINT, place, &p, sizeof p))
		return false;
	if (!copy(v, SLAB_DEALINGS, p.dealings, &d, sizeof d) || REF_INDEX(d.peer) != place)
		d = (struct dealings){ 0 };
	*out = (struct view_peer){ .remote = p.remote, .seen_s = p.seen_s,
				   .observers = d.nobservers, .exchanges = d.nexchanges,
				   .assemblies = d.nassemblies, .answers = p.ndedup };
	return true;
}

uint32_t view_observers(const struct view *v)
{
	return view_used(v, SLAB_OBSERVER);
}

/* The message that was stored for it, in it or in a blob. */
static bool copy_request(const struct view *v, const struct observer *o,
			 struct view_observer *out)
{
	struct blob b;

	out->len = o->request.len;
	if (o->request.blob == SLAB_NIL) {
		if (out->len > sizeof o->inside)
			return false;
		memcpy(out->request, o->inside, out->len);
		return true;
	}
	if (out->len > sizeof b.data || !copy(v, SLAB_BLOB, o->request.blob, &b, sizeof b))
		return false;
	memcpy(out->request, b.data, out->len);
	return true;
}

bool view_observer(const struct view *v, uint32_t place, struct view_observer *out)
{
	struct observer o;
	struct endpoint p;

	if (!copy(v, SLAB_OBSERVER, place, &o, sizeof o) ||
	    !copy_ref(v, SLAB_ENDPOINT, o.peer, &p, sizeof p) || !copy_request(v, &o, out))
		return false;
	out->remote = p.remote;
	out->sequence = o.sequence;
	out->under_way = o.exchange != 0;
	out->non = o.non != 0;
	return true;
}
