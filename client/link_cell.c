#include "client/link_cell.h"

#include "base/ascii.h"
#include "base/quote.h"
#include "coap/content_format.h"
#include "coap/linkparse.h"

#define MORE "..."

static void put(struct writer *w, const char *text)
{
	write_span(w, span_str(text));
}

static void put_quoted(struct writer *w, struct span text, bool utf8)
{
	if (quote_write(w, text, CELL_VALUE_MAX, utf8) < text.n)
		put(w, MORE);
}

void link_cell_text(struct writer *w, struct span text, bool utf8)
{
	if (text.n <= CELL_VALUE_MAX && quote_is_plain(text, utf8))
		write_span(w, text);
	else
		put_quoted(w, text, utf8);
}

/* --- one attribute -------------------------------------------------------------- */

static void put_attr(struct writer *w, const struct link_attr *a, bool utf8)
{
	link_cell_text(w, a->name, utf8);
	if (a->form == LINK_FLAG)
		return;
	put(w, "=");
	link_cell_text(w, a->value, utf8);
}

static void put_format(struct writer *w, struct span word, bool utf8)
{
	const struct content_format *f = NULL;
	uint32_t number = 0;
	bool digits = word.n > 0 && word.n < 6;

	for (size_t i = 0; i < word.n && digits; i++) {
		digits = ascii_is_digit(word.p[i]);
		number = number * 10 + (word.p[i] - '0');
	}
	if (digits)
		f = content_format(number);
	if (f)
		put(w, f->name);
	else {
		put(w, "ct=");
		link_cell_text(w, word, utf8);
	}
}

/* Several formats stand in one value, with blanks between them. */
static void put_formats(struct writer *w, struct span left, bool utf8)
{
	for (bool first = true; first || left.n; first = false) {
		const uint8_t *blank = left.n ? memchr(left.p, ' ', left.n) : NULL;
		size_t n = blank ? (size_t)(blank - left.p) : left.n;

		if (!first)
			put(w, ",");
		put_format(w, span_of(left.p, n), utf8);
		left = blank ? span_of(blank + 1, left.n - n - 1) : span_of(NULL, 0);
	}
}

/* --- cells ---------------------------------------------------------------------- */

/* Whose cell an attribute is in. */
static enum link_cell cell_of(struct span name)
{
	static const struct {
		const char *name;
		enum link_cell cell;
	} own[] = {
		{ "obs", CELL_OBS }, { "ct", CELL_CT }, { "sz", CELL_SZ }, { "rt", CELL_RT },
		{ "if", CELL_IF }, { "title", CELL_TITLE },
		/* told otherwise: */
		{ "anchor", CELLS },
	};

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (span_eq(name, span_str(own[i].name)))
			return own[i].cell;
	return CELL_REST;
}

static void put_in_cell(struct writer *w, enum link_cell cell, const struct link_attr *a,
			bool utf8)
{
	if (cell == CELL_CT && a->form != LINK_FLAG)
		put_formats(w, a->value, utf8);
	else if (cell == CELL_TITLE && a->form != LINK_FLAG)
		put_quoted(w, a->value, utf8);
	else
		put_attr(w, a, utf8);
}

void link_cell(const struct link *link, enum link_cell cell, bool utf8, char out[CELL_MAX])
{
	struct writer w = writer_of(out, CELL_MAX - sizeof MORE - 1);
	bool relation = link_find(link, "anchor") != NULL;
	uint8_t *good = w.p;

	for (size_t i = 0; i < link->attr_count && !w.full; i++) {
		const struct link_attr *a = &link->attrs[i];

		if (cell_of(a->name) != cell || (relation && span_eq(a->name, span_str("rel"))))
			continue;
		if (w.p != (uint8_t *)out)
			put(&w, " ");
		put_in_cell(&w, cell, a, utf8);
		if (!w.full)
			good = w.p;
	}
	/* What does not fit is left out whole. */
	memcpy(good, w.full ? " " MORE : "", w.full ? sizeof MORE + 1 : 1);
}

size_t link_cell_width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((uint8_t)*text & 0xc0) != 0x80;
	return n;
}
