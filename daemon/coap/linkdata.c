#include "coap/linkdata.h"

#include <stdio.h>

static void put(struct link_stream *s, const char *text)
{
	link_stream_put(s, span_str(text));
}

/* --- JSON (RFC 8259) ------------------------------------------------------------ */

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

static void put_escaped(struct link_stream *s, uint8_t c)
{
	char text[8];

	if (c >= 0x20)
		snprintf(text, sizeof text, "\\%c", c);
	else
		snprintf(text, sizeof text, "\\u%04x", c);
	put(s, text);
}

static void put_string(struct link_stream *s, struct span value)
{
	size_t i = 0, n;

	put(s, "\"");
	while (i < value.n) {
		for (n = 0; i + n < value.n && is_plain(value.p[i + n]); n++)
			;
		link_stream_put(s, span_of(value.p + i, n));
		i += n;
		if (i < value.n)
			put_escaped(s, value.p[i++]);
	}
	put(s, "\"");
}

static void put_member(struct link_stream *s, const struct link_attr *attr)
{
	put(s, ",");
	put_string(s, attr->name);
	put(s, ":");
	if (attr->form == LINK_FLAG)
		put(s, "true");
	else
		put_string(s, attr->value);
}

static void add_json(struct link_stream *s, const struct link *link)
{
	/* More than the bracket is there behind the first. */
	put(s, s->total > 1 ? ",{\"href\":" : "{\"href\":");
	put_string(s, link->href);
	for (size_t i = 0; i < link->attr_count; i++)
		put_member(s, &link->attrs[i]);
	put(s, "}");
}

/* --- CBOR (RFC 8949 section 3) ---------------------------------------------------- */

enum { CBOR_UINT = 0 << 5, CBOR_TEXT = 3 << 5, CBOR_ARRAY = 4 << 5, CBOR_MAP = 5 << 5 };
#define CBOR_TRUE 0xf5

/* A head: major type, and the number in its shortest form. */
static void put_head(struct link_stream *s, unsigned major, size_t v)
{
	uint8_t bytes[5];
	struct writer w = writer_of(bytes, sizeof bytes);

	if (v < 24) {
		write_u8(&w, (uint8_t)(major | v));
	} else if (v <= UINT8_MAX) {
		write_u8(&w, (uint8_t)(major | 24));
		write_u8(&w, (uint8_t)v);
	} else if (v <= UINT16_MAX) {
		write_u8(&w, (uint8_t)(major | 25));
		write_u16(&w, (uint16_t)v);
	} else {
		write_u8(&w, (uint8_t)(major | 26));
		write_u16(&w, (uint16_t)(v >> 16));
		write_u16(&w, (uint16_t)v);
	}
	link_stream_put(s, span_of(bytes, (size_t)(w.p - bytes)));
}

static void put_text(struct link_stream *s, struct span text)
{
	put_head(s, CBOR_TEXT, text.n);
	link_stream_put(s, text);
}

/* The numbers of names (section 2.2 of the draft); href is 1. */
static void put_name(struct link_stream *s, struct span name)
{
	static const char *const names[] = { "href", "rel", "anchor", "rev", "hreflang", "media",
					     "title", "type", "rt", "if", "sz", "ct", "obs" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eq(name, span_str(names[i])))
			return put_head(s, CBOR_UINT, i + 1);
	put_text(s, name);
}

static void add_cbor(struct link_stream *s, const struct link *link)
{
	static const uint8_t yes = CBOR_TRUE;

	put_head(s, CBOR_MAP, link->attr_count + 1);
	put_name(s, span_str("href"));
	put_text(s, link->href);
	for (size_t i = 0; i < link->attr_count; i++) {
		put_name(s, link->attrs[i].name);
		if (link->attrs[i].form == LINK_FLAG)
			link_stream_put(s, span_of(&yes, 1));
		else
			put_text(s, link->attrs[i].value);
	}
}

/* --- documents ---------------------------------------------------------------------- */

void linkdata_begin(struct link_stream *s, enum link_notation notation, size_t n)
{
	if (notation == LINKS_JSON)
		put(s, "[");
	else if (notation == LINKS_CBOR)
		put_head(s, CBOR_ARRAY, n);
}

void linkdata_add(struct link_stream *s, enum link_notation notation, const struct link *link)
{
	static void (*const add[])(struct link_stream *, const struct link *) = {
		[LINKS_TEXT] = link_stream_add, [LINKS_JSON] = add_json, [LINKS_CBOR] = add_cbor,
	};

	add[notation](s, link);
}

void linkdata_end(struct link_stream *s, enum link_notation notation)
{
	if (notation == LINKS_JSON)
		put(s, "]");
}
