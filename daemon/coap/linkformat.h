/* linkformat.h - links in CoRE Link Format: writing and filtering (RFC 6690).
 *
 * A link borrows everything it names.  Pure; used in every process. */
#ifndef COAP_LINKFORMAT_H
#define COAP_LINKFORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum link_form {
	LINK_FLAG,              /* name */
	LINK_TOKEN,             /* name=value */
	LINK_QUOTED,            /* name="value", with \" and \\ where needed */
};

struct link_attr {
	struct span name;
	struct span value;      /* as meant, without quotes and escapes */
	uint8_t form;           /* enum link_form */
};

struct link {
	struct span href;       /* URI reference, percent-encoded where it must be */
	const struct link_attr *attrs;
	size_t attr_count;
};

/* An attribute with the form that suits it: numbers bare, all else quoted, as
 * the examples of RFC 6690 do; and one without a value. */
struct link_attr link_attr(struct span name, struct span value);
struct link_attr link_flag(struct span name);

/* Writes one link, without the comma between links. */
void link_write(struct writer *w, const struct link *link);

/* A document of links, of which only a window is kept: the bytes from offset
 * on, as many as w takes.  What lies outside is counted, not written, so any
 * block of a long document is made without keeping the rest. */
struct link_stream {
	struct writer w;
	size_t offset;
	size_t total;           /* length of the document up to now */
};

static inline struct link_stream link_stream(struct writer w, size_t offset)
{
	return (struct link_stream){ w, offset, 0 };
}

/* Adds bytes as they are, writing those inside the window. */
void link_stream_put(struct link_stream *s, struct span bytes);

/* Adds a link, after a comma if it is not the first. */
void link_stream_add(struct link_stream *s, const struct link *link);

/* Whether the document goes on after the window. */
static inline bool link_stream_more(const struct link_stream *s,
				    const uint8_t *window_start)
{
	return s->total > s->offset + (size_t)(s->w.p - window_start);
}

/* Whether a link passes a filter "name=value" or "name=prefix*" (section 4.1);
 * query is a Uri-Query value, that is, percent-decoded.  The name "href" means
 * the target.  rt, if, rel, rev and ct hold several values that match one by
 * one.  A query without "=" is no filter: everything passes. */
bool link_matches(const struct link *link, struct span query);

#endif
