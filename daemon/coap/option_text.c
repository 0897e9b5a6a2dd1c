#include "coap/option_text.h"

#include <errno.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/nearest.h"
#include "coap/content_format.h"

/* --- names ------------------------------------------------------------------- */

/* Reads digits; false if there are none or others, or if it is above most. */
static bool read_number(struct span s, unsigned base, uint64_t most, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		int digit = ascii_hex_value(s.p[i]);

		if (digit < 0 || (unsigned)digit >= base)
			return false;
		v = v * base + (unsigned)digit;
		if (v > most)
			return false;
	}
	*out = v;
	return s.n > 0;
}

static const struct option_def *def_named(struct span name)
{
	for (uint32_t n = 0; n <= OPTION_LAST; n++) {
		const struct option_def *def = option_def(n);

		if (def && ascii_same(span_str(def->name), name))
			return def;
	}
	return NULL;
}

static int no_such_name(struct span name, struct err *e)
{
	char wanted[64];
	struct nearest nearest = { .wanted = wanted, .any_case = true };

	snprintf(wanted, sizeof wanted, "%.*s", (int)name.n, (const char *)name.p);
	for (uint32_t n = 0; n <= OPTION_LAST; n++)
		if (option_def(n))
			nearest_offer(&nearest, option_def(n)->name);
	if (nearest.best)
		return err_set(e, -EINVAL, "option \"%s\" is not known; did you mean %s?",
			       wanted, nearest.best);
	return err_set(e, -EINVAL, "option \"%s\" is not known; any number up to 65535 "
		       "will do as well", wanted);
}

int option_text_number(struct span name, uint16_t *number, struct err *e)
{
	const struct option_def *def = def_named(name);
	uint64_t v;

	if (def) {
		*number = def->number;
		return 0;
	}
	if (!name.n || !ascii_is_digit(name.p[0]))
		return no_such_name(name, e);
	if (!read_number(name, 10, UINT16_MAX, &v))
		return err_set(e, -EINVAL, "option %.*s: its number goes up to 65535",
			       (int)name.n, (const char *)name.p);
	*number = (uint16_t)v;
	return 0;
}

/* --- values ------------------------------------------------------------------ */

/* "Uri-Path", or "65000". */
static const char *name_of(uint16_t number, char buffer[8])
{
	const struct option_def *def = option_def(number);

	snprintf(buffer, 8, "%u", number);
	return def ? def->name : buffer;
}

static bool is_hex(struct span s)
{
	return s.n >= 2 && s.p[0] == '0' && (s.p[1] | 32) == 'x';
}

static int copy(struct option_text *out, struct span value, struct err *e)
{
	char buffer[8];

	if (value.n > sizeof out->value)
		return err_set(e, -EINVAL, "option %s: %zu bytes are more than the %u that "
			       "are taken", name_of(out->number, buffer), value.n,
			       OPTION_TEXT_MAX);
	memcpy(out->value, value.p, value.n);
	out->n = (uint16_t)value.n;
	return 0;
}

static int read_hex(struct option_text *out, struct span digits, struct err *e)
{
	uint8_t bytes[OPTION_TEXT_MAX + 1];
	char buffer[8];
	size_t n = 0;

	for (size_t i = 0; i + 1 < digits.n && n < sizeof bytes; i += 2) {
		int high = ascii_hex_value(digits.p[i]), low = ascii_hex_value(digits.p[i + 1]);

		if (high < 0 || low < 0)
			break;
		bytes[n++] = (uint8_t)(high << 4 | low);
	}
	if (n < sizeof bytes && 2 * n != digits.n)
		return err_set(e, -EINVAL, "option %s: after 0x go pairs of hexadecimal digits",
			       name_of(out->number, buffer));
	return copy(out, span_of(bytes, n), e);
}

/* The greatest number that n bytes hold. */
static uint64_t most_of(uint32_t n)
{
	return (1ull << 8 * n) - 1;
}

static int read_uint(const struct option_def *def, struct span text,
		     struct option_text *out, struct err *e)
{
	uint64_t least = def->min ? most_of(def->min - 1) + 1 : 0, v = 0;
	bool hex = is_hex(text);

	if (hex)
		text = span_of(text.p + 2, text.n - 2);
	if (((text.n || hex) && !read_number(text, hex ? 16 : 10, most_of(def->max), &v)) ||
	    v < least)
		return err_set(e, -EINVAL, "option %s takes a number from %llu to %llu",
			       def->name, (unsigned long long)least,
			       (unsigned long long)most_of(def->max));
	out->n = (uint16_t)option_uint_encode(v, out->value);
	return 0;
}

static int read_format(const char *text, struct option_text *out, struct err *e)
{
	uint16_t format;
	int rc = content_format_find(text, &format, e);

	if (rc == 0)
		out->n = (uint16_t)option_uint_encode(format, out->value);
	return rc;
}

static int read_value(const struct option_def *def, const char *text,
		      struct option_text *out, struct err *e)
{
	struct span s = span_str(text);

	if (def && def->format == VALUE_UINT) {
		if (def->number == OPT_CONTENT_FORMAT || def->number == OPT_ACCEPT)
			return read_format(text, out, e);
		return read_uint(def, s, out, e);
	}
	if (is_hex(s) && !(def && def->format == VALUE_STRING))
		return read_hex(out, span_of(s.p + 2, s.n - 2), e);
	return copy(out, s, e);
}

/* Whether a server can take it (RFC 7252 section 5.4.3). */
static int check_value(const struct option_def *def, const struct option_text *o,
		       struct err *e)
{
	uint8_t code = def->use & USE_REQUEST ? COAP_GET : COAP_CONTENT;

	switch (option_flaw(def, code, 0, option_text_value(o))) {
	case FLAW_NONE:
		return 0;
	case FLAW_LENGTH:
		if (def->max == 0)
			return err_set(e, -EINVAL, "option %s takes no value", def->name);
		return err_set(e, -EINVAL, "option %s takes %u to %u bytes, not %u", def->name,
			       def->min, def->max, o->n);
	default:
		return err_set(e, -EINVAL, "option %s: servers refuse this value; it must be "
			       "UTF-8, and no path segment \".\" or \"..\"", def->name);
	}
}

int option_text_parse(const char *text, struct option_text *out, struct err *e)
{
	size_t n = strcspn(text, "=");
	const struct option_def *def;
	int rc;

	out->n = 0;
	if ((rc = option_text_number(span_of(text, n), &out->number, e)) < 0)
		return rc;
	def = option_def(out->number);
	if ((rc = read_value(def, text[n] ? text + n + 1 : "", out, e)) < 0)
		return rc;
	return def ? check_value(def, out, e) : 0;
}
