/* fuzz_import - memory of a slot with any words in it changed is taken over into another
 * layout, and adopted: it is refused with a reason, or costs objects, and nothing else.
 *
 * An input is a list of changes of eight bytes each: where (what part, and the offset
 * within it), and a word; the last bit of the where tells whether the legend is then made
 * to look as if it were meant. */
#include "base/import.h"
#include "rig.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct change {
	uint32_t where, word;
};

static struct rig *rig;                 /* whose memory is changed */
static struct space_def larger, twisted;
static uint8_t *copy, *to;
static size_t size_of_copy, size_of_to;

static void populate(void)
{
	for (uint16_t mid = 1; mid <= 6; mid++)
		rig_serve(rig, mid % 4, COAP_CON, COAP_POST, mid, "tk", "11=x");
	rig_serve(rig, 4, COAP_CON, COAP_POST, 9, "tk", "11=w");
	rig_serve(rig, 5, COAP_CON, COAP_POST, 9, "tk", "11=w");
	rig_wait(rig, 200);
	rig_finish(rig, "separate");
	unpoison(rig->mem, space_size(&rig->def));
}

/* The same slabs of just bytes, in another order. */
static void twist(void)
{
	twisted = rig->def;
	for (unsigned i = 0; i < twisted.nslabs; i++) {
		twisted.slab[i] = rig->def.slab[twisted.nslabs - 1 - i];
		twisted.slab[i].magic ^= 1;
	}
}

static void begin(void)
{
	struct engine_limits limits = rig_limits();

	limits.small_bodies = limits.bodies = limits.assemblies = 3;
	limits.observers = limits.representations = 3;
	rig = rig_new(&limits);
	populate();
	larger = rig->def;
	for (unsigned i = 0; i < larger.nslabs; i++)
		larger.slab[i].cap += 3;
	twist();
	size_of_copy = space_size(&rig->def);
	size_of_to = space_size(&larger);
	copy = malloc(size_of_copy);
	to = aligned_alloc(4096, size_of_to);
}

static void look_as_meant(const struct space_ctl *was)
{
	struct space_ctl *ctl = (void *)copy;
	struct legend l;

	memcpy(l.bytes, copy + was->legend_at, was->legend_n);
	l.n = was->legend_n;
	ctl->magic = SPACE_MAGIC;
	ctl->legend_at = was->legend_at;
	ctl->legend_n = was->legend_n;
	ctl->layout = legend_hash(&l);
}

/* True: the legend is to look as if it were meant. */
static bool change(const struct space_ctl *was, const struct change *c)
{
	size_t at = 0, n = sizeof *was;

	if (c->where >> 30 == 1 || c->where >> 30 == 2) {
		at = was->legend_at;
		n = was->legend_n;
	} else if (c->where >> 30 == 3) {
		at = space_slab_at(&rig->def, 0);
		n = size_of_copy - at;
	}
	at += (c->where >> 1 & 0x1fffffff) % (n - 3);
	memcpy(copy + at, &c->word, sizeof c->word);
	return c->where & 1;
}

static void adopt(const struct space_def *def)
{
	static const struct hash_key key = { { 1, 2 } };
	enum space_state state;
	struct engine e;

	assert(engine_open(&e, to, def, 3, &key, &rig->conf, &state) == 0);
	assert(state == SPACE_OLD);
	e.now = rig->e.now;
	if (adopt_begin(&e))
		adopt_end(&e);
	for (unsigned i = 0; i < e.space.nslabs; i++)
		assert(e.space.ctl->live[i] <= def->slab[i].cap);
	engine_close(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct import i;
	const struct space_def *def;
	bool meant = false;
	struct err err;
	int rc;

	if (!rig)
		begin();
	memcpy(copy, rig->mem, size_of_copy);
	for (size_t at = 0; at + sizeof(struct change) <= size; at += sizeof(struct change)) {
		struct change c;

		memcpy(&c, data + at, sizeof c);
		meant |= change(rig->mem, &c);
	}
	if (meant)
		look_as_meant(rig->mem);
	def = size % 2 ? &twisted : &larger;
	memset(to, 0, sizeof(struct space_ctl));
	err.text[0] = 0;
	rc = import_begin(&i, to, def, copy, size_of_copy, size_of_copy, NULL, &err);
	assert(rc <= 0 && (rc == 0 || err.text[0]));
	if (rc == 0) {
		import_end(&i);
		adopt(def);
	}
	return 0;
}
