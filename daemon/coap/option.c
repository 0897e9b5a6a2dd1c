#include "coap/option.h"

#include <assert.h>

#include "base/utf8.h"
#include "coap/path_abbrev.h"

static_assert(ROW_COUNT <= 64, "struct option_set has 64 bits");

const struct option_def option_defs[ROW_COUNT] = {
#define X(id, number, name, use, format, min, max) \
	[ROW_##id] = { name, number, use, VALUE_##format, min, max },
	OPTION_TABLE(X)
#undef X
};

const uint8_t option_rows[OPTION_LAST + 1] = {
#define X(id, number, name, use, format, min, max) [number] = ROW_##id,
	OPTION_TABLE(X)
#undef X
};

const uint64_t option_critical = 0
#define X(id, number, name, use, format, min, max) | (uint64_t)(number & 1) << ROW_##id
	OPTION_TABLE(X)
#undef X
	;

/* --- reading ----------------------------------------------------------------- */

/* The number that a nibble and the bytes after it say (RFC 7252 section 3.1). */
static uint32_t read_extended(struct reader *r, unsigned nibble)
{
	if (nibble < 13)
		return nibble;
	if (nibble == 13)
		return 13u + read_u8(r);
	if (nibble == 14)
		return 269u + read_u16(r);
	r->bad = true;
	return 0;
}

bool option_next_extended(struct option_iter *it, struct option *out)
{
	uint8_t first = read_u8(&it->r);
	uint32_t length;

	it->number += read_extended(&it->r, first >> 4);
	length = read_extended(&it->r, first & 15);
	out->value = read_span(&it->r, length);
	out->number = (uint16_t)it->number;
	if (!it->r.bad && it->number <= UINT16_MAX)
		return true;
	it->r.bad = true;
	it->r.p = it->r.end;
	return false;
}

bool option_uint(struct span value, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < value.n; i++) {
		if (v >> 56)
			return false;
		v = v << 8 | value.p[i];
	}
	*out = v;
	return true;
}

size_t option_uint_encode(uint64_t v, uint8_t out[8])
{
	size_t n = 0;

	while (n < 8 && v >> 8 * n)
		n++;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(v >> 8 * (n - 1 - i));
	return n;
}

/* --- checking ---------------------------------------------------------------- */

void option_set_add(struct option_set *set, uint32_t number)
{
	const struct option_def *def = option_def(number);

	assert(def);
	set->rows |= 1ull << (def - option_defs);
}

const char *option_flaw_text(enum option_flaw flaw)
{
	static const char *const texts[] = {
		[FLAW_NONE] = "is right",
		[FLAW_UNKNOWN] = "is not supported",
		[FLAW_MISPLACED] = "does not belong here",
		[FLAW_REPEATED] = "is repeated",
		[FLAW_LENGTH] = "has a wrong length",
		[FLAW_VALUE] = "has a wrong value",
		[FLAW_SEGMENT] = "is no segment of a path",
		[FLAW_PROXY] = "asks for a proxy",
	};

	return texts[flaw];
}

static bool is_long_utf8(struct span s)
{
	uint64_t word;
	size_t i = 0;

	for (; s.n - i > 8; i += 8) {
		memcpy(&word, s.p + i, 8);
		if (word & OPTION_NOT_ASCII)
			break;
	}
	if (s.n - i <= 8 && !(bytes_word(s.p + i, s.n - i) & OPTION_NOT_ASCII))
		return true;
	return utf8_valid((const char *)s.p + i, s.n - i);
}

/* Most strings are short and ASCII, so that is looked at first. */
static inline bool is_utf8(struct span s)
{
	return (s.n <= 8 && !(bytes_word(s.p, s.n) & OPTION_NOT_ASCII)) || is_long_utf8(s);
}

static bool is_dot_segment(const struct option_def *def, struct span s)
{
	if (def->number != OPT_URI_PATH && def->number != OPT_LOCATION_PATH)
		return false;
	return (s.n == 1 || s.n == 2) && s.p[0] == '.' && s.p[s.n - 1] == '.';
}

static inline enum option_flaw judge(const struct option_def *def, struct option_place place,
				     unsigned nth, struct span value)
{
	if (!(def->use & place.once))
		return FLAW_MISPLACED;
	if (nth && !(def->use & place.many))
		return FLAW_REPEATED;
	if (value.n < def->min || value.n > def->max)
		return FLAW_LENGTH;
	if (def->format == VALUE_STRING && is_dot_segment(def, value))
		return FLAW_SEGMENT;
	if (def->format == VALUE_STRING && !is_utf8(value))
		return FLAW_VALUE;
	return FLAW_NONE;
}

enum option_flaw option_flaw(const struct option_def *def, uint8_t code,
			     unsigned nth, struct span value)
{
	return judge(def, option_place(code), nth, value);
}

/* The flaw of one option to an endpoint that understands known. */
static enum option_flaw flaw_to(const struct option_set *known, struct option_place place,
				unsigned nth, const struct option *o)
{
	const struct option_def *def = option_def(o->number);
	enum option_flaw flaw;

	if (!def)
		return FLAW_UNKNOWN;
	flaw = judge(def, place, nth, o->value);
	if (option_set_has(known, def))
		return flaw;
	if (flaw == FLAW_NONE && def->use & USE_PROXY)
		return FLAW_PROXY;
	return FLAW_UNKNOWN;
}

/* An abbreviation stands for a path that we know, and is all of the path
 * (draft-ietf-core-uri-path-abbrev, "Interaction with other options"). */
static enum option_flaw abbrev_flaw(const struct option *o, bool path)
{
	if (o->number != OPT_URI_PATH_ABBREV)
		return FLAW_NONE;
	return path ? FLAW_MISPLACED : path_abbrev(o->value) ? FLAW_NONE : FLAW_VALUE;
}

enum option_verdict option_check(struct span options, uint8_t code,
				 const struct option_set *known,
				 struct option_fault *fault)
{
	struct option_iter it = option_iter(options);
	const struct option_place place = option_place(code);
	struct option_fault first = { 0, FLAW_NONE };
	struct option o;
	uint32_t last = 0;
	unsigned nth = 0;
	bool path = false;

	while (option_next(&it, &o)) {
		enum option_flaw flaw;

		nth = o.number == last ? nth + 1 : 0;
		last = o.number;
		if (!option_is_critical(o.number))
			continue;
		flaw = flaw_to(known, place, nth, &o);
		path = path || o.number == OPT_URI_PATH;
		if (flaw == FLAW_NONE)
			flaw = abbrev_flaw(&o, path);
		if (flaw != FLAW_NONE && (!first.flaw || flaw == FLAW_PROXY))
			first = (struct option_fault){ o.number, flaw };
		if (flaw == FLAW_PROXY)
			break;
	}
	if (fault)
		*fault = first;
	return first.flaw == FLAW_NONE ? OPTIONS_OK :
	       first.flaw == FLAW_PROXY ? OPTIONS_PROXY : OPTIONS_BAD;
}

/* --- writing ----------------------------------------------------------------- */

static unsigned nibble_of(uint32_t v)
{
	return v < 13 ? v : v < 269 ? 13 : 14;
}

static void write_extended(struct writer *w, uint32_t v)
{
	if (v >= 269)
		write_u16(w, (uint16_t)(v - 269));
	else if (v >= 13)
		write_u8(w, (uint8_t)(v - 13));
}

static void write_long(struct option_writer *ow, uint32_t delta, struct span value)
{
	uint32_t length = (uint32_t)value.n;

	write_u8(ow->w, (uint8_t)(nibble_of(delta) << 4 | nibble_of(length)));
	write_extended(ow->w, delta);
	write_extended(ow->w, length);
	write_span(ow->w, value);
}

void option_write(struct option_writer *ow, uint32_t number, struct span value)
{
	uint32_t delta = number - ow->last;
	struct writer *w = ow->w;

	assert(number >= ow->last && number <= UINT16_MAX);
	assert(value.n <= OPTION_VALUE_MAX);
	ow->last = number;
	if (delta > 12 || value.n > 12 || w->full || writer_left(w) <= value.n) {
		write_long(ow, delta, value);
		return;
	}
	*w->p = (uint8_t)(delta << 4 | value.n);
	bytes_copy(w->p + 1, value.p, value.n);
	w->p += 1 + value.n;
}

void option_write_uint(struct option_writer *ow, uint32_t number, uint64_t v)
{
	uint8_t bytes[8];
	size_t n = option_uint_encode(v, bytes);

	option_write(ow, number, span_of(bytes, n));
}
