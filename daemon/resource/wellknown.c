#include "resource/wellknown.h"

#include "resource/call.h"
#include "resource/condition.h"
#include "resource/slice.h"

#include <errno.h>
#include <stdlib.h>

/* application/link-format+cbor and +json as draft-ietf-core-links-json-10 and clients
 * in the field number them; the general numbers of CBOR and JSON will do as well.  64 has
 * since been assigned to another format (RFC 9528), which nobody asks a list of links
 * in: who accepts it here means the draft's. */
#define FORMAT_LINKS_CBOR 64u
#define FORMAT_LINKS_JSON 504u

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

static size_t write_window(const struct wellknown *wk, size_t offset, void *out, size_t cap)
{
	struct link_stream s = link_stream(writer_of(out, cap), offset);

	for (size_t i = 0; i < wk->n; i++)
		link_stream_add(&s, wk->link[i]);
	return s.total;
}

/* The ETag of the whole list serves the filtered ones too: a client compares it
 * only with that of the same query (RFC 7252, 5.10.6).  The key is no secret: it is
 * the same in every worker, and so is the ETag. */
static void make_etag(struct wellknown *wk)
{
	static const struct hash_key key = { { 0x736b6e696c65726fu, 0x436f41502d636f72u } };
	uint8_t text[1024];
	size_t total = 1;

	wk->etag = 0;
	for (size_t at = 0; at < total; at += sizeof text) {
		size_t n;

		total = write_window(wk, at, text, sizeof text);
		n = total - at < sizeof text ? total - at : sizeof text;
		wk->etag = hash_words(&key, wk->etag, hash_bytes(&key, text, n));
	}
}

static bool is_of(const struct coapd_mount *m, const char *host)
{
	return m->spec.host == host || (m->spec.host && host && !strcmp(m->spec.host, host));
}

/* Whether another mount is just there: it answers, so its link is the site's. */
static bool is_mounted(const struct coapd_mount *mounts, size_t n, const char *host,
		       const struct link *link)
{
	for (size_t i = 0; i < n; i++)
		if (is_of(&mounts[i], host) && span_eq(span_str(mounts[i].spec.path), link->href))
			return true;
	return false;
}

static size_t count_links(const struct coapd_mount *mounts, size_t n)
{
	size_t count = n + 1;

	for (size_t i = 0; i < n; i++)
		for (const struct mount_link *l = mounts[i].links.first; l; l = l->next)
			count++;
	return count;
}

int wellknown_init(struct wellknown *wk, const struct coapd_mount *mounts, size_t n,
		   const char *host)
{
	*wk = (struct wellknown){ .entry = calloc(n + 1, sizeof *wk->entry) };
	wk->link = calloc(count_links(mounts, n), sizeof *wk->link);
	if (!wk->entry || !wk->link)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (!is_of(&mounts[i], host))
			continue;
		make_entry(&wk->entry[i], &mounts[i].spec);
		wk->link[wk->n++] = &wk->entry[i].link;
		for (const struct mount_link *l = mounts[i].links.first; l; l = l->next)
			if (!is_mounted(mounts, n, host, &l->link))
				wk->link[wk->n++] = &l->link;
	}
	make_etag(wk);
	return 0;
}

void wellknown_about(struct wellknown *wk, const char *uri)
{
	if (!*uri)
		return;
	wk->about.link = (struct link){ .href = span_str(uri), .attrs = wk->about.attr };
	add_attr(&wk->about, "rel", "impl-info");
	wk->link[wk->n++] = &wk->about.link;
	make_etag(wk);
}

void wellknown_free(struct wellknown *wk)
{
	free(wk->entry);
	free(wk->link);
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

/* How many links pass. */
static size_t count_passing(const struct wellknown *wk, const struct filters *f)
{
	size_t n = 0;

	for (size_t i = 0; i < wk->n; i++)
		n += passes(wk->link[i], f);
	return n;
}

/* The formats that the list comes in, the first where the client names none. */
static const struct format {
	uint16_t number;
	enum link_notation notation;
} formats[] = {
	{ COAPD_LINK_FORMAT, LINKS_TEXT },
	{ COAPD_CBOR, LINKS_CBOR },
	{ COAPD_JSON, LINKS_JSON },
	{ FORMAT_LINKS_CBOR, LINKS_CBOR },
	{ FORMAT_LINKS_JSON, LINKS_JSON },
};

/* The format that is accepted; NULL: none of ours. */
static const struct format *format_of(const struct message *request)
{
	uint64_t accept;

	if (!message_option_uint(request, OPT_ACCEPT, &accept))
		return &formats[0];
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (formats[i].number == accept)
			return &formats[i];
	return NULL;
}

/* Each format has ETags of its own: who knows one does not know the others. */
static uint64_t etag_of(const struct wellknown *wk, const struct format *format)
{
	static const struct hash_key key = { { 0x6b6e6f77666f726du, 0x617473696e636f61u } };

	return hash_words(&key, wk->etag, format->number);
}

/* What is asked for. */
struct list {
	const struct wellknown *wk;
	const struct format *format;
	struct filters filters;
	struct slice slice;
	uint64_t etag;
};

static size_t write_block(const struct list *l, struct reply *reply)
{
	const struct block *block = &l->slice.block;
	enum link_notation notation = l->format->notation;
	uint8_t text[1u << (BLOCK_SZX_MAX + 4)];
	struct link_stream s = link_stream(writer_of(text, block_size(block)),
					   block_offset(block));

	linkdata_begin(&s, notation, count_passing(l->wk, &l->filters));
	for (size_t i = 0; i < l->wk->n; i++)
		if (passes(l->wk->link[i], &l->filters))
			linkdata_add(&s, notation, l->wk->link[i]);
	linkdata_end(&s, notation);
	reply_data(reply, span_of(text, (size_t)(s.w.p - text)));
	return s.total;
}

static void answer(struct list *l, struct reply *reply)
{
	bool sliced;
	size_t total;

	reply_begin(reply, COAP_CONTENT);
	total = write_block(l, reply);
	if (!slice_of(&l->slice, total, &sliced))
		return reply_begin(reply, COAP_BAD_REQUEST);
	reply_add(reply, OPT_ETAG, span_of(&l->etag, sizeof l->etag));
	reply_add_uint(reply, OPT_CONTENT_FORMAT, l->format->number);
	if (sliced)
		reply_add_uint(reply, OPT_BLOCK2, block_uint(&l->slice.block));
	if (sliced && l->slice.block.num == 0)
		reply_add_uint(reply, OPT_SIZE2, total);
}

static enum coapd_verdict wellknown_handle(void *self, coapd_task *task,
					   const struct coapd_event *event)
{
	const struct message *request = &coapd_request(task)->message;
	struct list l = { .wk = self, .format = format_of(request) };
	struct span etag = span_of(&l.etag, sizeof l.etag);

	(void)event;
	if (!coapd_allow(task, COAPD_ALLOW_GET))
		return COAPD_DONE;
	if (!l.format) {
		coapd_reply(task, COAPD_406_NOT_ACCEPTABLE);
		return COAPD_DONE;
	}
	l.etag = etag_of(l.wk, l.format);
	if (!slice_wanted(request, task->engine->conf.szx, &l.slice) ||
	    !read_filters(request, &l.filters)) {
		coapd_reply(task, COAPD_400_BAD_REQUEST);
	} else if (condition_of(request, true, etag) == CONDITION_VALID) {
		coapd_reply(task, COAPD_203_VALID);
		reply_add(&task->reply, OPT_ETAG, etag);
	} else {
		answer(&l, &task->reply);
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
