#include "resource/wellknown.h"

#include "resource/call.h"
#include "resource/condition.h"
#include "resource/slice.h"

#include <errno.h>
#include <stdlib.h>

/* --- the links --------------------------------------------------------------------- */

static void add_attr(struct wellknown_entry *e, const char *name, const char *value)
{
	if (value && *value)
		e->attr[e->link.attr_count++] = link_attr(span_str(name), span_str(value));
}

static void make_entry(struct wellknown_entry *e, const struct resource_mount_spec *spec)
{
	const struct resource_link *l = &spec->link;

	e->link = (struct link){ .href = span_str(spec->path), .attrs = e->attr };
	add_attr(e, "title", l->title);
	add_attr(e, "rt", l->rt);
	add_attr(e, "if", l->iface);
	add_attr(e, "ct", l->ct);
	add_attr(e, "sz", l->sz);
	if (l->obs)
		e->attr[e->link.attr_count++] = link_flag(span_str("obs"));
}

static size_t write_all(const struct wellknown *wk, void *out, size_t cap)
{
	struct link_stream s = link_stream(writer_of(out, cap), 0);

	for (size_t i = 0; i < wk->n; i++)
		link_stream_add(&s, &wk->entry[i].link);
	return s.total;
}

/* The ETag of the whole list serves the filtered ones too: a client compares it
 * only with that of the same query (RFC 7252, 5.10.6). */
static int make_etag(struct wellknown *wk)
{
	static const struct hash_key key = { { 0x736b6e696c65726fu, 0x436f41502d636f72u } };
	uint8_t none[1], *text;
	size_t n = write_all(wk, none, 0);

	text = malloc(n + 1);
	if (!text)
		return -ENOMEM;
	write_all(wk, text, n);
	wk->etag = hash_bytes(&key, text, n);
	free(text);
	return 0;
}

int wellknown_init(struct wellknown *wk, const struct resource_mount_spec *specs, size_t n)
{
	*wk = (struct wellknown){ .n = n };
	wk->entry = calloc(n + 1, sizeof *wk->entry);
	if (!wk->entry)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		make_entry(&wk->entry[i], &specs[i]);
	return make_etag(wk);
}

void wellknown_free(struct wellknown *wk)
{
	free(wk->entry);
	*wk = (struct wellknown){ 0 };
}

/* --- the hook ------------------------------------------------------------------------ */

/* What the list is narrowed by (RFC 6690, 4.1 knows of one; more narrow it
 * further).  Each is held against each link, so their number is bounded. */
#define FILTERS 4u
struct filters {
	struct span query[FILTERS];
	unsigned n;
};

static bool read_filters(const struct message *request, struct filters *f)
{
	struct message_walk walk = message_walk(request, OPT_URI_QUERY);
	struct span query;

	for (f->n = 0; message_walk_next(&walk, &query); f->query[f->n++] = query)
		if (f->n == FILTERS)
			return false;
	return true;
}

static bool passes(const struct link *link, const struct filters *f)
{
	for (unsigned i = 0; i < f->n; i++)
		if (!link_matches(link, f->query[i]))
			return false;
	return true;
}

static size_t write_block(const struct wellknown *wk, const struct filters *f,
			  const struct block *block, struct reply *reply)
{
	uint8_t text[1u << (BLOCK_SZX_MAX + 4)];
	struct link_stream s = link_stream(writer_of(text, block_size(block)),
					   block_offset(block));

	for (size_t i = 0; i < wk->n; i++)
		if (passes(&wk->entry[i].link, f))
			link_stream_add(&s, &wk->entry[i].link);
	reply_data(reply, span_of(text, (size_t)(s.w.p - text)));
	return s.total;
}

static void answer(const struct wellknown *wk, const struct filters *f,
		   struct slice *slice, struct reply *reply)
{
	bool sliced;
	size_t total;

	reply_begin(reply, COAP_CONTENT);
	total = write_block(wk, f, &slice->block, reply);
	if (!slice_of(slice, total, &sliced))
		return reply_begin(reply, COAP_BAD_REQUEST);
	reply_add(reply, OPT_ETAG, span_of(&wk->etag, sizeof wk->etag));
	reply_add_uint(reply, OPT_CONTENT_FORMAT, COAPD_LINK_FORMAT);
	if (sliced)
		reply_add_uint(reply, OPT_BLOCK2, block_uint(&slice->block));
	if (sliced && slice->block.num == 0)
		reply_add_uint(reply, OPT_SIZE2, total);
}

static enum coapd_verdict wellknown_handle(void *self, coapd_task *task,
					   const struct coapd_event *event)
{
	const struct message *request = &coapd_request(task)->message;
	const struct wellknown *wk = self;
	struct span etag = span_of(&wk->etag, sizeof wk->etag);
	struct filters filters;
	struct slice slice;

	(void)event;
	if (!coapd_allow(task, COAPD_ALLOW_GET) || !coapd_offer(task, COAPD_LINK_FORMAT))
		return COAPD_DONE;
	if (!slice_wanted(request, task->engine->conf.szx, &slice) || !read_filters(request, &filters)) {
		coapd_reply(task, COAPD_400_BAD_REQUEST);
	} else if (condition_of(request, true, etag) == CONDITION_VALID) {
		coapd_reply(task, COAPD_203_VALID);
		reply_add(&task->reply, OPT_ETAG, etag);
	} else {
		answer(wk, &filters, &slice, &task->reply);
	}
	return COAPD_DONE;
}

const struct coapd_module wellknown_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "well-known core",
	.version = "1",
	.summary = "the links to all resources",
	.handle = wellknown_handle,
};
