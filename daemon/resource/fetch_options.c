#include "resource/fetch_options.h"

#include <errno.h>

#define MOST 64u                /* options of a request */
#define PATH_MOST 1408u         /* bytes of path and query */
#define AUTHORITY_MOST 300u     /* bytes of Uri-Host and Uri-Port */

struct list {
	struct option v[MOST];
	unsigned n;
	bool full;
};

/* Behind those of lesser and the same number. */
static void add(struct list *l, uint16_t number, struct span value)
{
	unsigned i = l->n;

	if (i == MOST) {
		l->full = true;
		return;
	}
	for (; i && l->v[i - 1].number > number; i--)
		l->v[i] = l->v[i - 1];
	l->v[i] = (struct option){ number, value };
	l->n++;
}

static void add_all(struct list *l, struct span options)
{
	struct option_iter it = option_iter(options);
	struct option o;

	while (option_next(&it, &o))
		add(l, o.number, o.value);
}

static bool put(const struct list *l, struct writer *w)
{
	struct option_writer ow = option_writer(w);

	for (unsigned i = 0; i < l->n; i++)
		option_write(&ow, l->v[i].number, l->v[i].value);
	return !l->full && !w->full;
}

/* Made by the stages: exchange, xfer, obs (RFC 7641, 7959, 9175, 9177). */
static bool of_stages(uint16_t number)
{
	return number == OPT_OBSERVE || number == OPT_BLOCK1 || number == OPT_BLOCK2 ||
	       number == OPT_Q_BLOCK1 || number == OPT_Q_BLOCK2 || number == OPT_SIZE1 ||
	       number == OPT_REQUEST_TAG || number == OPT_ECHO || number == OPT_OSCORE;
}

bool fetch_hands_on(uint16_t number)
{
	return !of_stages(number) && number != OPT_SIZE2;
}

static bool given(const struct coapd_out *out, uint16_t number)
{
	for (size_t i = 0; i < out->nopts; i++)
		if (out->opts[i].number == number)
			return true;
	return false;
}

/* One less, and none is no request any more (RFC 8768 3). */
static int add_hop(struct list *l, struct span value, uint8_t *hop)
{
	if (value.n != 1 || value.p[0] <= 1)
		return -ELOOP;
	*hop = (uint8_t)(value.p[0] - 1);
	add(l, OPT_HOP_LIMIT, span_of(hop, 1));
	return 0;
}

static int add_like(struct list *l, const struct coapd_out *out, const struct message *m,
		    uint8_t *hop)
{
	struct option_iter it = option_iter(m->options);
	struct option o;
	int err = 0;

	while (!err && option_next(&it, &o)) {
		/* The number of a path says where it goes, as the path itself does,
		 * which is unsafe to forward. */
		if (option_is_unsafe(o.number) || !fetch_hands_on(o.number) ||
		    o.number == OPT_URI_PATH_ABBREV || given(out, o.number))
			continue;
		if (o.number == OPT_HOP_LIMIT)
			err = add_hop(l, o.value, hop);
		else
			add(l, o.number, o.value);
	}
	return err;
}

static int add_given(struct list *l, const struct coapd_out *out)
{
	for (size_t i = 0; i < out->nopts; i++) {
		const struct coapd_optval *v = &out->opts[i];

		if (of_stages(v->number))
			return -EINVAL;
		if (v->value.n > OPTION_VALUE_MAX)
			return -EMSGSIZE;
		add(l, v->number, span_of(v->value.p, v->value.n));
	}
	return 0;
}

int fetch_options_write(struct writer *w, const struct uri *u, const struct coapd_out *out)
{
	uint8_t bytes[PATH_MOST], hop;
	struct writer own = writer_of(bytes, sizeof bytes);
	struct option_writer ow = option_writer(&own);
	struct list l = { .n = 0 };
	int err = 0;

	if (u) {
		uri_write_path(u, &ow);
		uri_write_query(u, &ow);
	}
	add_all(&l, span_of(bytes, (size_t)(own.p - bytes)));
	if (out->like)
		err = add_like(&l, out, (const struct message *)(const void *)out->like, &hop);
	if (!err)
		err = add_given(&l, out);
	if (err)
		return err;
	return !own.full && put(&l, w) ? 0 : -EMSGSIZE;
}

bool fetch_options_address(struct writer *w, struct span options, const struct uri *u,
			   const struct addr *to)
{
	uint8_t bytes[AUTHORITY_MOST];
	struct writer own = writer_of(bytes, sizeof bytes);
	struct option_writer ow = option_writer(&own);
	struct list l = { .n = 0 };

	uri_write_authority(u, to, &ow);
	add_all(&l, options);
	add_all(&l, span_of(bytes, (size_t)(own.p - bytes)));
	return !own.full && put(&l, w);
}
