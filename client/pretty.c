#include "client/pretty.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "client/diag.h"
#include "coap/linkparse.h"

#include <stdio.h>

#define LINK_TEXT 8192u         /* bytes of the longest link that is arranged */
#define DEPTH 100u              /* levels of brackets, as many as a person can follow */

/* A JSON text on its way through: first it is only checked (no out), then written. */
struct walk {
	const uint8_t *p, *end;
	struct pour *out;
	bool color;
	unsigned depth;
};

static const char key_color[] = "\033[36m", string_color[] = "\033[32m",
		  number_color[] = "\033[33m", href_color[] = "\033[36m";

static void put(struct walk *w, struct span s)
{
	if (w->out)
		pour_span(w->out, s);
}

static void put_text(struct walk *w, const char *s)
{
	put(w, span_str(s));
}

static void paint(struct walk *w, const char *color)
{
	if (w->color)
		put_text(w, color);
}

static void new_line(struct walk *w)
{
	put_text(w, "\n");
	for (unsigned i = 0; i < w->depth; i++)
		put_text(w, "  ");
}

/* The next byte that is no blank, or 0. */
static uint8_t peek(struct walk *w)
{
	while (w->p < w->end && memchr(" \t\n\r", *w->p, 4))
		w->p++;
	return w->p < w->end ? *w->p : 0;
}

static bool take(struct walk *w, uint8_t c)
{
	if (peek(w) != c)
		return false;
	w->p++;
	return true;
}

/* --- values (RFC 8259 sections 3 to 7) -------------------------------------------- */

static bool value(struct walk *w);

/* What follows a backslash. */
static size_t escape_length(const uint8_t *p, const uint8_t *end)
{
	if (end - p < 2)
		return 0;
	if (p[1] != 'u')
		return strchr("\"\\/bfnrt", p[1]) && p[1] ? 2 : 0;
	if (end - p < 6)
		return 0;
	for (unsigned i = 2; i < 6; i++)
		if (ascii_hex_value(p[i]) < 0)
			return 0;
	return 6;
}

/* One character of a string; false if it may not stand there. */
static bool character(struct walk *w)
{
	uint32_t c;
	size_t n;
	char text[8];

	if (*w->p == '\\') {
		n = escape_length(w->p, w->end);
		put(w, span_of(w->p, n));
		w->p += n;
		return n;
	}
	n = utf8_next((const char *)w->p, (size_t)(w->end - w->p), &c);
	if (n == 0 || c < 0x20)
		return false;
	if (c >= 0x7f && c < 0xa0) {
		snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
		put_text(w, text);
	} else {
		put(w, span_of(w->p, n));
	}
	w->p += n;
	return true;
}

static bool string(struct walk *w, const char *color)
{
	if (!take(w, '"'))
		return false;
	paint(w, color);
	put_text(w, "\"");
	while (w->p < w->end && *w->p != '"')
		if (!character(w))
			return false;
	if (w->p == w->end)
		return false;
	w->p++;
	put_text(w, "\"");
	paint(w, "\033[0m");
	return true;
}

static size_t digits(struct walk *w)
{
	const uint8_t *from = w->p;

	while (w->p < w->end && ascii_is_digit(*w->p))
		w->p++;
	return (size_t)(w->p - from);
}

static bool next_is(struct walk *w, const char *any)
{
	if (w->p == w->end || !*w->p || !strchr(any, *w->p))
		return false;
	w->p++;
	return true;
}

static bool scan_number(struct walk *w)
{
	next_is(w, "-");
	if (next_is(w, "0")) {
		if (w->p < w->end && ascii_is_digit(*w->p))
			return false;
	} else if (!digits(w)) {
		return false;
	}
	if (next_is(w, ".") && !digits(w))
		return false;
	if (!next_is(w, "eE"))
		return true;
	next_is(w, "+-");
	return digits(w);
}

static bool number(struct walk *w)
{
	const uint8_t *from = w->p;

	if (!scan_number(w))
		return false;
	paint(w, number_color);
	put(w, span_of(from, (size_t)(w->p - from)));
	paint(w, "\033[0m");
	return true;
}

static bool literal(struct walk *w, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(w->end - w->p) < n || memcmp(w->p, text, n) != 0)
		return false;
	w->p += n;
	paint(w, number_color);
	put_text(w, text);
	paint(w, "\033[0m");
	return true;
}

static bool member(struct walk *w)
{
	if (peek(w) != '"' || !string(w, key_color) || !take(w, ':'))
		return false;
	put_text(w, ": ");
	return value(w);
}

/* An object or array, whose bracket was taken. */
static bool list(struct walk *w, uint8_t close, bool (*item)(struct walk *))
{
	if (take(w, close))
		return true;
	if (++w->depth > DEPTH)
		return false;
	do {
		new_line(w);
		if (!item(w))
			return false;
		if (peek(w) == ',')
			put_text(w, ",");
	} while (take(w, ','));
	w->depth--;
	new_line(w);
	return take(w, close);
}

static bool value(struct walk *w)
{
	uint8_t c = peek(w);
	bool ok;

	switch (c) {
	case '{':
	case '[':
		w->p++;
		put_text(w, c == '{' ? "{" : "[");
		ok = list(w, c == '{' ? '}' : ']', c == '{' ? member : value);
		put_text(w, c == '{' ? "}" : "]");
		return ok;
	case '"':
		return string(w, string_color);
	case 't':
		return literal(w, "true");
	case 'f':
		return literal(w, "false");
	case 'n':
		return literal(w, "null");
	default:
		return number(w);
	}
}

static bool walk(struct span body, struct pour *out, bool color)
{
	struct walk w = { .p = body.p, .end = body.p + body.n, .out = out, .color = color };

	if (!value(&w) || peek(&w) || w.p != w.end)
		return false;
	put_text(&w, "\n");
	return true;
}

/* --- links (RFC 6690) --------------------------------------------------------------- */

/* "<target>;..." with the target painted. */
static bool put_link(struct pour *out, const struct link *link, bool color)
{
	uint8_t text[LINK_TEXT];
	struct writer w = writer_of(text, sizeof text);
	size_t n = link->href.n + 1;

	link_write(&w, link);
	if (w.full)
		return false;
	if (!out)
		return true;
	pour_text(out, color ? href_color : "");
	pour_span(out, span_of(text, n + 1));
	pour_text(out, color ? "\033[0m" : "");
	pour_span(out, span_of(text + n + 1, (size_t)(w.p - text) - n - 1));
	return true;
}

static bool links(struct span body, struct pour *out, bool color)
{
	struct link_parse p;
	struct link link;
	unsigned n = 0;
	int rc;

	link_parse(&p, body);
	while ((rc = link_parse_next(&p, &link, NULL)) == 1) {
		if (out && n++)
			pour_text(out, ",\n");
		if (!put_link(out, &link, color))
			return false;
	}
	if (out)
		pour_text(out, "\n");
	return rc == 0;
}

bool pretty_write(struct pour *out, enum content_kind kind, struct span body, bool color)
{
	bool (*how)(struct span, struct pour *, bool) =
		kind == CONTENT_JSON ? walk : kind == CONTENT_LINKS ? links : NULL;

	if (kind == CONTENT_CBOR || kind == CONTENT_CBOR_SEQ)
		return diag_write(out, body, kind == CONTENT_CBOR_SEQ, color);
	return body.n && how && how(body, NULL, false) && how(body, out, color);
}
