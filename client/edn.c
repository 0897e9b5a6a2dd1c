#include "client/edn.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define DEPTH 64u               /* levels of nesting */
#define NUMBER 64u              /* bytes of a number */

/* Major types (RFC 8949 section 3.1). */
enum { UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

struct edn {
	struct span text;
	size_t at;
	struct writer *w;
	struct err *err;
	unsigned depth;
};

static int wrong(struct edn *d, const char *what)
{
	return err_set(d->err, -EINVAL, "diagnostic notation: %s (byte %zu)", what, d->at + 1);
}

/* --- text ------------------------------------------------------------------------- */

static uint8_t here(const struct edn *d)
{
	return d->at < d->text.n ? d->text.p[d->at] : 0;
}

/* Goes to the next byte that is neither blank nor remark, which it returns, or 0. */
static uint8_t peek(struct edn *d)
{
	while (d->at < d->text.n) {
		uint8_t c = here(d), end = c == '#' ? '\n' : c == '/' ? '/' : 0;

		if (!end && !memchr(" \t\r\n", c, 4))
			return c;
		d->at++;
		while (end && d->at < d->text.n && here(d) != end)
			d->at++;
		if (end && d->at < d->text.n)
			d->at++;
	}
	return 0;
}

static bool take(struct edn *d, uint8_t c)
{
	if (peek(d) != c)
		return false;
	d->at++;
	return true;
}

static bool take_word(struct edn *d, const char *word)
{
	size_t n = strlen(word);

	if (d->text.n - d->at < n || memcmp(d->text.p + d->at, word, n) != 0)
		return false;
	d->at += n;
	return true;
}

/* --- heads and numbers --------------------------------------------------------------- */

static void write_be(struct writer *w, uint64_t v, unsigned bytes)
{
	while (bytes--)
		write_u8(w, (uint8_t)(v >> 8 * bytes));
}

static void head(struct writer *w, unsigned major, uint64_t v)
{
	unsigned size = v < 24 ? 0 : v <= UINT8_MAX ? 1 : v <= UINT16_MAX ? 2 :
			v <= UINT32_MAX ? 4 : 8;
	static const uint8_t info[] = { [1] = 24, [2] = 25, [4] = 26, [8] = 27 };

	write_u8(w, (uint8_t)(major << 5 | (size ? info[size] : v)));
	write_be(w, v, size);
}

/* A half of this value (RFC 8949 appendix D, the other way round); false if it has
 * none. */
static bool half(double v, uint16_t *out)
{
	int e;
	double m = frexp(fabs(v), &e);          /* 0.5 <= m < 1 */
	uint16_t sign = signbit(v) ? 0x8000 : 0;
	double scaled;

	if (v == 0 || isinf(v)) {
		*out = sign | (isinf(v) ? 0x7c00 : 0);
		return true;
	}
	if (e > 16 || e < -24)
		return false;
	/* Below 2^-14 the mantissa has fewer bits and no hidden one. */
	scaled = e < -13 ? ldexp(fabs(v), 24) : ldexp(m, 11);
	if (scaled != (double)(unsigned)scaled)
		return false;
	*out = sign | (uint16_t)(e < -13 ? scaled : ((e + 14) << 10) + scaled - 1024);
	return true;
}

static void write_float(struct writer *w, double v)
{
	float f = (float)v;
	uint64_t bits;
	uint32_t bits4;
	uint16_t bits2 = 0x7e00;

	if (isnan(v) || half(v, &bits2)) {
		write_u8(w, SIMPLE << 5 | 25);
		write_be(w, bits2, 2);
	} else if ((double)f == v) {
		memcpy(&bits4, &f, 4);
		write_u8(w, SIMPLE << 5 | 26);
		write_be(w, bits4, 4);
	} else {
		memcpy(&bits, &v, 8);
		write_u8(w, SIMPLE << 5 | 27);
		write_be(w, bits, 8);
	}
}

static int base_of(const char *digits)
{
	if (digits[0] != '0')
		return 10;
	return digits[1] == 'x' ? 16 : digits[1] == 'o' ? 8 : digits[1] == 'b' ? 2 : 10;
}

static int whole(struct edn *d, const char *digits, bool negative)
{
	int base = base_of(digits);
	char *end;
	uint64_t v;

	digits += base == 10 ? 0 : 2;
	errno = 0;
	v = strtoull(digits, &end, base);
	if (end == digits || *end || !ascii_is_alnum((uint8_t)*digits))
		return wrong(d, "not a number");
	if (errno)
		return wrong(d, "a number that is too large");
	if (negative && v)
		head(d->w, NEGATIVE, v - 1);
	else
		head(d->w, UINT, v);
	return 0;
}

static int number(struct edn *d)
{
	char text[NUMBER];
	const char *digits = text;
	size_t n = 0, from = d->at;
	char *end;
	double v;
	int rc;

	while (n < NUMBER - 1 && d->at + n < d->text.n &&
	       (ascii_is_alnum(d->text.p[d->at + n]) || memchr("+-.", d->text.p[d->at + n], 3)))
		n++;
	memcpy(text, d->text.p + d->at, n);
	text[n] = 0;
	digits += *text == '-';
	if (strpbrk(digits, base_of(digits) == 10 ? ".eEIN" : "#")) {
		v = strtod(text, &end);
		if (*end || end == text || !(ascii_is_digit((uint8_t)*digits) ||
					     strcmp(digits, "Infinity") == 0 ||
					     strcmp(text, "NaN") == 0))
			return wrong(d, "not a number");
		write_float(d->w, v);
	} else if ((rc = whole(d, digits, digits != text))) {
		return rc;
	}
	d->at = from + n;
	return 0;
}

/* --- strings ------------------------------------------------------------------------- */

/* Puts the head of what was written from start on before it. */
static void head_before(struct edn *d, uint8_t *start, unsigned major, uint64_t v)
{
	uint8_t bytes[9];
	struct writer h = writer_of(bytes, sizeof bytes);
	size_t n = (size_t)(d->w->p - start), size;

	head(&h, major, v);
	size = (size_t)(h.p - bytes);
	write_bytes(d->w, bytes, size);         /* makes room, if there is any */
	if (d->w->full)
		return;
	memmove(start + size, start, n);
	memcpy(start, bytes, size);
}

static void write_utf8(struct writer *w, uint32_t c)
{
	if (c < 0x80) {
		write_u8(w, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		write_u8(w, (uint8_t)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		write_u8(w, (uint8_t)(0xe0 | c >> 12));
		write_u8(w, (uint8_t)(0x80 | (c >> 6 & 63)));
	} else {
		write_u8(w, (uint8_t)(0xf0 | c >> 18));
		write_u8(w, (uint8_t)(0x80 | (c >> 12 & 63)));
		write_u8(w, (uint8_t)(0x80 | (c >> 6 & 63)));
	}
	write_u8(w, (uint8_t)(0x80 | (c & 63)));
}

static bool four_digits(struct edn *d, uint32_t *out)
{
	*out = 0;
	for (unsigned i = 0; i < 4; i++) {
		int v = ascii_hex_value(here(d));

		if (v < 0)
			return false;
		*out = *out << 4 | (uint32_t)v;
		d->at++;
	}
	return true;
}

/* What follows "\u". */
static int unicode_escape(struct edn *d)
{
	uint32_t c, low;

	if (!four_digits(d, &c))
		return wrong(d, "\"\\u\" without four hexadecimal digits");
	if (c >= 0xd800 && c < 0xdc00) {
		if (!take_word(d, "\\u") || !four_digits(d, &low) || low < 0xdc00 || low > 0xdfff)
			return wrong(d, "half a character");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	} else if (c >= 0xdc00 && c < 0xe000) {
		return wrong(d, "half a character");
	}
	write_utf8(d->w, c);
	return 0;
}

static int escape(struct edn *d)
{
	static const char letters[] = "\"'\\/bfnrt", meant[] = "\"'\\/\b\f\n\r\t";
	uint8_t c = here(d);
	const char *at = c ? strchr(letters, c) : NULL;

	if (c == 'u') {
		d->at++;
		return unicode_escape(d);
	}
	if (!at)
		return wrong(d, "an escape that is none");
	d->at++;
	write_u8(d->w, (uint8_t)meant[at - letters]);
	return 0;
}

/* Text up to the quote that ends it. */
static int quoted(struct edn *d, uint8_t end, unsigned major)
{
	uint8_t *start = d->w->p;
	int rc;

	while (here(d) != end || d->at == d->text.n) {
		if (d->at == d->text.n)
			return wrong(d, "a string without its end");
		if (here(d) != '\\') {
			write_u8(d->w, here(d));
			d->at++;
			continue;
		}
		d->at++;
		if ((rc = escape(d)))
			return rc;
	}
	if (!utf8_valid((const char *)start, (size_t)(d->w->p - start)))
		return wrong(d, "a string that is not UTF-8");
	d->at++;
	head_before(d, start, major, (uint64_t)(d->w->p - start));
	return 0;
}

static int digit64(uint8_t c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const char *at = c ? strchr(digits, c == '-' ? '+' : c == '_' ? '/' : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Digits of so many bits up to the quote. */
static int coded(struct edn *d, unsigned bits, int (*value)(uint8_t))
{
	uint8_t *start = d->w->p;
	uint32_t acc = 0;
	unsigned have = 0;

	for (; here(d) != '\''; d->at++) {
		int v = value(here(d));

		if (d->at < d->text.n && (memchr(" \t\r\n", here(d), 4) ||
					  (here(d) == '=' && bits == 6)))
			continue;
		if (v < 0)
			return wrong(d, "a digit that is none, or a string without its end");
		acc = acc << bits | (uint32_t)v;
		have += bits;
		if (have >= 8) {
			have -= 8;
			write_u8(d->w, (uint8_t)(acc >> have));
		}
	}
	if (have >= bits || (bits == 4 && have))
		return wrong(d, "half a byte");
	d->at++;
	head_before(d, start, BYTES, (uint64_t)(d->w->p - start));
	return 0;
}

/* --- items ------------------------------------------------------------------------- */

static int item(struct edn *d);

static int pair(struct edn *d)
{
	int rc = item(d);

	if (rc)
		return rc;
	return take(d, ':') ? item(d) : wrong(d, "\":\" must follow a key");
}

/* Items between commas up to end, which is taken; 0: up to the end of all. */
static int items(struct edn *d, uint8_t end, int (*each)(struct edn *), uint64_t *n)
{
	int rc;

	*n = 0;
	if (peek(d) == end) {
		d->at += end != 0;
		return 0;
	}
	do {
		if ((rc = each(d)))
			return rc;
		++*n;
	} while (take(d, ','));
	if (peek(d) != end || (!end && d->at < d->text.n))
		return wrong(d, "neither a comma nor the end");
	d->at += end != 0;
	return 0;
}

static int list(struct edn *d, unsigned major)
{
	uint8_t *start = d->w->p;
	uint64_t n;
	int rc = items(d, major == ARRAY ? ']' : '}', major == ARRAY ? item : pair, &n);

	if (rc == 0)
		head_before(d, start, major, n);
	return rc;
}

/* "<<" was taken: items whose encoding is a byte string. */
static int embedded(struct edn *d)
{
	uint8_t *start = d->w->p;
	uint64_t n;
	int rc = items(d, '>', item, &n);

	if (rc)
		return rc;
	if (here(d) != '>')
		return wrong(d, "\"<<\" without \">>\"");
	d->at++;
	head_before(d, start, BYTES, (uint64_t)(d->w->p - start));
	return 0;
}

/* A number, and its item if it is a tag. */
static int number_or_tag(struct edn *d)
{
	uint8_t *start = d->w->p;
	int rc = number(d);

	if (rc || here(d) != '(')
		return rc;
	if (d->w->full || *start >> 5 != UINT)
		return wrong(d, "a tag that is no number");
	*start |= TAG << 5;
	d->at++;
	rc = item(d);
	if (rc)
		return rc;
	return take(d, ')') ? 0 : wrong(d, "\"(\" without \")\"");
}

/* simple(N) was begun: the values that have no name (RFC 8949 section 3.3). */
static int simple(struct edn *d)
{
	char digits[4] = "";
	unsigned v;

	peek(d);
	for (unsigned i = 0; i < 3 && ascii_is_digit(here(d)); i++, d->at++)
		digits[i] = (char)here(d);
	v = (unsigned)strtoul(digits, NULL, 10);
	if (!*digits || v > 255 || (v >= 24 && v < 32) || !take(d, ')'))
		return wrong(d, "simple() has a number from 0 to 23 or 32 to 255");
	head(d->w, SIMPLE, v);
	return 0;
}

static int word(struct edn *d)
{
	static const struct { const char *text; uint8_t v; } names[] = {
		{ "false", 20 }, { "true", 21 }, { "null", 22 }, { "undefined", 23 },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (take_word(d, names[i].text)) {
			head(d->w, SIMPLE, names[i].v);
			return 0;
		}
	if (take_word(d, "simple("))
		return simple(d);
	if (take_word(d, "h'"))
		return coded(d, 4, ascii_hex_value);
	if (take_word(d, "b64'"))
		return coded(d, 6, digit64);
	if (take_word(d, "<<"))
		return embedded(d);
	if (d->at < d->text.n && (ascii_is_digit(here(d)) || memchr("-NI", here(d), 3)))
		return number_or_tag(d);
	return wrong(d, d->at == d->text.n ? "something is missing" :
		     "no data item begins so; are quotes lost to the shell?");
}

static int item_here(struct edn *d)
{
	switch (peek(d)) {
	case '"':
		d->at++;
		return quoted(d, '"', TEXT);
	case '\'':
		d->at++;
		return quoted(d, '\'', BYTES);
	case '[':
		d->at++;
		return list(d, ARRAY);
	case '{':
		d->at++;
		return list(d, MAP);
	default:
		return word(d);
	}
}

static int item(struct edn *d)
{
	int rc;

	if (d->depth == DEPTH)
		return wrong(d, "nested too deep");
	d->depth++;
	rc = item_here(d);
	d->depth--;
	return rc;
}

int edn_encode(struct writer *w, struct span text, bool sequence, struct err *err)
{
	struct edn d = { .text = text, .w = w, .err = err };
	uint64_t n;
	int rc = items(&d, 0, item, &n);

	if (rc == 0 && !sequence && n != 1)
		return wrong(&d, n ? "more than one data item" : "no data item");
	if (rc == 0 && w->full)
		return err_set(err, -EINVAL, "diagnostic notation: too long");
	return rc;
}
