#include "exchange/xfer_message.h"

#include "coap/block.h"
#include "exchange/obs.h"

#include <errno.h>

struct own_option {
	uint16_t number;
	struct span value;
	uint8_t bytes[8];
};

/* Those of ours in their order, at most one of each kind. */
struct own {
	struct own_option option[5];
	unsigned n;
};

static void own_uint(struct own *own, uint16_t number, uint64_t v)
{
	struct own_option *o = &own->option[own->n++];

	o->number = number;
	o->value = span_of(o->bytes, option_uint_encode(v, o->bytes));
}

static uint64_t block_value(const struct xfer_state *s, bool more)
{
	struct block b = { s->offset >> (s->szx + 4), more, (uint8_t)s->szx };

	return block_uint(&b);
}

/* A wish for the size of the response's blocks goes with the message that is
 * answered by the first (2.4, and 3.3 figure 11). */
static void own_block2(struct own *own, const struct xfer *x, const struct xfer_state *s)
{
	struct block wish = { .szx = (uint8_t)x->szx };

	if (s->phase == XFER_DOWNLOAD)
		own_uint(own, OPT_BLOCK2, block_value(s, false));
	else if (s->phase != XFER_UPLOAD && x->szx < BLOCK_SZX_MAX)
		own_uint(own, OPT_BLOCK2, block_uint(&wish));
}

static void collect(struct own *own, const struct xfer *x, const struct xfer_state *s)
{
	bool upload = s->phase == XFER_UPLOAD || s->phase == XFER_LAST;

	own_block2(own, x, s);
	if (upload)
		own_uint(own, OPT_BLOCK1, block_value(s, s->phase == XFER_UPLOAD));
	if (upload && s->offset == 0)
		own_uint(own, OPT_SIZE1, x->body_n);
	if (s->echo_n)
		own->option[own->n++] = (struct own_option){
			.number = OPT_ECHO, .value = span_of(s->echo, s->echo_n) };
	/* In the Block2 phase as well (RFC 9175 3.4). */
	if (s->tag)
		own_uint(own, OPT_REQUEST_TAG, s->tag);
}

/* Whether an option of the caller's belongs to the message.  A later one must not
 * register an observation (2.6), and If-None-Match would fail on what the first has
 * created (2.10).  Without an answer to a block (2.31) there would be no next one, so only
 * that to the last may be left out (RFC 7967). */
static bool belongs(const struct xfer_state *s, uint16_t number)
{
	switch (number) {
	case OPT_OBSERVE:
	case OPT_IF_NONE_MATCH:
		return s->phase != XFER_DOWNLOAD && s->offset == 0;
	case OPT_NO_RESPONSE:
		return s->phase != XFER_UPLOAD;
	default:
		return true;
	}
}

static void write_options(struct writer *w, struct span options, const struct own *own,
			  const struct xfer_state *s)
{
	struct option_writer ow = option_writer(w);
	struct option_iter it = option_iter(options);
	struct option o;
	unsigned i = 0;

	while (option_next(&it, &o)) {
		for (; i < own->n && own->option[i].number < o.number; i++)
			option_write(&ow, own->option[i].number, own->option[i].value);
		if (belongs(s, o.number))
			option_write(&ow, o.number, o.value);
	}
	for (; i < own->n; i++)
		option_write(&ow, own->option[i].number, own->option[i].value);
}

uint32_t xfer_part(const struct xfer *x, const struct xfer_state *s)
{
	uint32_t size = 16u << s->szx;

	switch ((enum xfer_phase)s->phase) {
	case XFER_WHOLE:
		return x->body_n;
	case XFER_UPLOAD:
		return size;
	case XFER_LAST:
		return x->body_n - s->offset;
	case XFER_DOWNLOAD:
		return x->code == COAP_FETCH && !s->tag ? x->body_n : 0;
	case XFER_PHASES:
		break;
	}
	return 0;
}

/* The body of what an observation goes on with is that of who observes. */
static bool read_body(struct engine *e, const struct xfer *x, uint64_t offset, uint8_t *out,
		      uint32_t n)
{
	const struct obs *o = obs_get(e, x->owner);

	return e->source && e->source->read(e->source->arg, o ? o->owner : x->owner, offset,
					    out, n);
}

int xfer_write(struct engine *e, const struct xfer *x, const struct xfer_state *s,
	       uint8_t *out, size_t cap)
{
	bool download = s->phase == XFER_DOWNLOAD;
	uint32_t n = xfer_part(x, s);
	struct writer w = writer_of(out, cap);
	struct own own = { .n = 0 };

	collect(&own, x, s);
	write_options(&w, stored_get(e, &x->options, x->inside), &own, s);
	if (n)
		write_u8(&w, 0xff);
	if (w.full || writer_left(&w) < n)
		return -EMSGSIZE;
	if (n && !read_body(e, x, download ? 0 : s->offset, w.p, n))
		return -EIO;
	return (int)((size_t)(w.p - out) + n);
}
