#include "client/diag.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DEPTH 100u              /* levels of nesting */
#define BREAK 0xff

enum { UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };  /* major types (3.1) */

/* On its way through: first it is only checked (no out), then written. */
struct diag {
	struct reader r;
	struct pour *out;
	bool color;
	unsigned depth;         /* of lines */
	unsigned nested;        /* items, tags among them */
};

struct head {
	unsigned major, info;
	uint64_t v;
};

static const char *const key_color = "\033[36m", *const text_color = "\033[32m",
		  *const number_color = "\033[33m", *const plain = "\033[0m";

static void put(struct diag *d, const char *text)
{
	if (d->out)
		pour_text(d->out, text);
}

static void paint(struct diag *d, const char *color)
{
	if (d->color)
		put(d, color);
}

static void new_line(struct diag *d)
{
	put(d, "\n");
	for (unsigned i = 0; i < d->depth; i++)
		put(d, "  ");
}

/* --- heads (section 3) ---------------------------------------------------------------- */

static bool indefinite(const struct head *h)
{
	return h->info == 31;
}

static bool read_head(struct diag *d, struct head *h)
{
	uint8_t first = read_u8(&d->r);
	unsigned bytes;

	h->major = first >> 5;
	h->info = first & 31;
	h->v = h->info;
	if (h->info < 24)
		return !d->r.bad;
	if (h->info > 27)
		return !d->r.bad && indefinite(h) && h->major >= BYTES && h->major <= MAP;
	bytes = 1u << (h->info - 24);
	h->v = 0;
	while (bytes--)
		h->v = h->v << 8 | read_u8(&d->r);
	return !d->r.bad;
}

static bool at_break(struct diag *d)
{
	if (reader_left(&d->r) == 0 || *d->r.p != BREAK)
		return false;
	read_u8(&d->r);
	return true;
}

/* --- items ---------------------------------------------------------------------------- */

static bool item(struct diag *d);

static bool put_number(struct diag *d, const char *text)
{
	paint(d, number_color);
	put(d, text);
	paint(d, plain);
	return true;
}

static bool whole(struct diag *d, const struct head *h)
{
	char text[32];

	/* -1 - v: of the largest v that is no number of 64 bits. */
	if (h->major == UINT)
		snprintf(text, sizeof text, "%" PRIu64, h->v);
	else if (h->v == UINT64_MAX)
		snprintf(text, sizeof text, "-18446744073709551616");
	else
		snprintf(text, sizeof text, "-%" PRIu64, h->v + 1);
	return put_number(d, text);
}

/* The shortest of the forms that mean the same. */
static bool real(struct diag *d, double v)
{
	char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	if (isnan(v))
		return put_number(d, "NaN");
	if (isinf(v))
		return put_number(d, v < 0 ? "-Infinity" : "Infinity");
	if (!strpbrk(text, ".e"))
		strcat(text, ".0");
	return put_number(d, text);
}

static double half(uint16_t bits)       /* appendix D */
{
	int exponent = bits >> 10 & 31, mantissa = bits & 1023;
	double v;

	if (exponent == 0)
		v = ldexp(mantissa, -24);
	else if (exponent != 31)
		v = ldexp(mantissa + 1024, exponent - 25);
	else
		v = mantissa ? (double)NAN : (double)INFINITY;
	return bits & 0x8000 ? -v : v;
}

static bool simple(struct diag *d, const struct head *h)
{
	static const char *const names[] = { "false", "true", "null", "undefined" };
	uint32_t bits4 = (uint32_t)h->v;
	char text[16];
	double v;
	float f;

	switch (h->info) {
	case 25:
		return real(d, half((uint16_t)h->v));
	case 26:
		memcpy(&f, &bits4, 4);
		return real(d, (double)f);
	case 27:
		memcpy(&v, &h->v, 8);
		return real(d, v);
	}
	if (h->info == 24 && h->v < 32)
		return false;
	if (h->v >= 20 && h->v < 24)
		return put_number(d, names[h->v - 20]);
	snprintf(text, sizeof text, "simple(%u)", (unsigned)h->v);
	return put_number(d, text);
}

static void put_bytes(struct diag *d, struct span bytes)
{
	char text[4];

	put(d, "h'");
	for (size_t i = 0; d->out && i < bytes.n; i++) {
		snprintf(text, sizeof text, "%02x", bytes.p[i]);
		put(d, text);
	}
	put(d, "'");
}

/* What a terminal would obey, or JSON forbids, is escaped. */
static void put_character(struct diag *d, uint32_t c, struct span bytes)
{
	char text[8];

	if (c == '"' || c == '\\') {
		snprintf(text, sizeof text, "\\%c", (char)c);
		put(d, text);
	} else if (c == '\n' || c == '\t' || c == '\r') {
		put(d, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
	} else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
		snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
		put(d, text);
	} else if (d->out) {
		pour_span(d->out, bytes);
	}
}

static bool put_text(struct diag *d, struct span text)
{
	put(d, "\"");
	while (text.n) {
		uint32_t c;
		size_t n = utf8_next((const char *)text.p, text.n, &c);

		if (n == 0)
			return false;
		put_character(d, c, span_of(text.p, n));
		text = span_of(text.p + n, text.n - n);
	}
	put(d, "\"");
	return true;
}

static bool definite_string(struct diag *d, const struct head *h)
{
	struct span s = { NULL, 0 };

	if (h->v > reader_left(&d->r))
		return false;
	s = read_span(&d->r, (size_t)h->v);
	if (h->major == TEXT)
		return put_text(d, s);
	put_bytes(d, s);
	return true;
}

/* Pieces up to the break, each a string of the same kind (3.2.3). */
static bool pieces(struct diag *d, unsigned major)
{
	struct head h;

	put(d, "(_");
	for (bool first = true; !at_break(d); first = false) {
		put(d, first ? " " : ", ");
		if (!read_head(d, &h) || h.major != major || indefinite(&h) ||
		    !definite_string(d, &h))
			return false;
	}
	put(d, ")");
	return true;
}

static bool string(struct diag *d, const struct head *h)
{
	bool ok;

	paint(d, text_color);
	ok = indefinite(h) ? pieces(d, h->major) : definite_string(d, h);
	paint(d, plain);
	return ok;
}

static bool pair(struct diag *d)
{
	bool color = d->color;
	bool ok;

	/* A key has one colour, whatever it is. */
	paint(d, key_color);
	d->color = false;
	ok = item(d);
	d->color = color;
	paint(d, plain);
	put(d, ": ");
	return ok && item(d);
}

static bool list(struct diag *d, const struct head *h)
{
	bool (*each)(struct diag *) = h->major == ARRAY ? item : pair;
	uint64_t n = 0;

	put(d, h->major == ARRAY ? "[" : "{");
	put(d, indefinite(h) ? "_" : "");
	d->depth++;
	while (indefinite(h) ? !at_break(d) : n < h->v) {
		put(d, n++ ? "," : "");
		new_line(d);
		if (!each(d))
			return false;
	}
	d->depth--;
	if (n)
		new_line(d);
	put(d, h->major == ARRAY ? "]" : "}");
	return true;
}

static bool tag(struct diag *d, const struct head *h)
{
	char text[32];
	bool ok;

	snprintf(text, sizeof text, "%" PRIu64 "(", h->v);
	put(d, text);
	ok = item(d);
	put(d, ")");
	return ok;
}

static bool item_of(struct diag *d, const struct head *h)
{
	switch (h->major) {
	case UINT:
	case NEGATIVE:
		return whole(d, h);
	case BYTES:
	case TEXT:
		return string(d, h);
	case ARRAY:
	case MAP:
		return list(d, h);
	case TAG:
		return tag(d, h);
	default:
		return simple(d, h);
	}
}

static bool item(struct diag *d)
{
	struct head h;
	bool ok;

	if (d->nested == DEPTH || !read_head(d, &h))
		return false;
	d->nested++;
	ok = item_of(d, &h);
	d->nested--;
	return ok;
}

static bool items(struct span cbor, bool sequence, struct pour *out, bool color)
{
	struct diag d = { .r = reader_of(cbor), .out = out, .color = color };

	do {
		if (!item(&d))
			return false;
		put(&d, sequence && reader_left(&d.r) ? ",\n" : "\n");
	} while (sequence && reader_left(&d.r));
	return reader_left(&d.r) == 0;
}

bool diag_write(struct pour *out, struct span cbor, bool sequence, bool color)
{
	return cbor.n && items(cbor, sequence, NULL, false) && items(cbor, sequence, out, color);
}
