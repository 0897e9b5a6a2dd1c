#include "config/value.h"
#include "config/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct value_unit number_units[] = { { "", 1 }, { NULL, 0 } };
static const struct value_unit duration_units[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
	{ "d", 86400000 }, { NULL, 0 }
};
static const struct value_unit size_units[] = {
	{ "", 1 }, { "B", 1 }, { "KiB", 1 << 10 }, { "MiB", 1 << 20 },
	{ "GiB", 1 << 30 }, { NULL, 0 }
};
static const struct value_unit ratio_units[] = { { "", 1000 }, { NULL, 0 } };

const struct value_scale value_number = { "a whole number", number_units };
const struct value_scale value_duration = { "a duration", duration_units };
const struct value_scale value_size = { "a size", size_units };
const struct value_scale value_ratio = { "a ratio", ratio_units };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "100 ms" is written 100ms: what is left behind the digits is the unit. */
static const struct value_unit *unit_find(const struct value_scale *scale,
					  const char *name, size_t n)
{
	for (const struct value_unit *u = scale->units; u->name; u++)
		if (strlen(u->name) == n && memcmp(u->name, name, n) == 0)
			return u;
	return NULL;
}

static void unit_names(const struct value_scale *scale, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = 0;
	for (const struct value_unit *u = scale->units; u->name; u++)
		if (*u->name && n < cap)
			n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? ", " : "",
					      u->name);
}

const char *value_quote(const char *text, size_t n, char out[VALUE_QUOTE])
{
	size_t cut = n > VALUE_QUOTE - 8 ? VALUE_QUOTE - 8 : n;

	while (cut && cut < n && ((unsigned char)text[cut] & 0xc0) == 0x80)
		cut--;          /* not within a character */
	snprintf(out, VALUE_QUOTE, "\"%.*s\"%s", (int)cut, text, cut < n ? "..." : "");
	return out;
}

static int wrong_unit(const struct value_scale *scale, const char *quoted,
		       bool missing, struct err *err)
{
	char names[64];

	unit_names(scale, names, sizeof names);
	if (!names[0])
		return err_set(err, -EINVAL, "%s is not %s", quoted, scale->what);
	if (missing)
		return err_set(err, -EINVAL, "%s needs a unit (%s)", quoted, names);
	return err_set(err, -EINVAL, "%s has an unknown unit, these are known: %s", quoted, names);
}

static bool add_digit(uint64_t *v, uint64_t digit)
{
	return !__builtin_mul_overflow(*v, 10, v) && !__builtin_add_overflow(*v, digit, v);
}

/* Digits behind the point are so many parts of the unit's worth; that must come
 * out whole.  Nine of them, and the largest worth, are far from an overflow. */
static bool add_fraction(const char *digits, size_t n, uint64_t worth, uint64_t *v)
{
	uint64_t fraction = 0, parts = 1;

	while (n && digits[n - 1] == '0')
		n--;
	if (n > 9)
		return false;
	for (size_t i = 0; i < n; i++, parts *= 10)
		fraction = fraction * 10 + (uint64_t)(digits[i] - '0');
	if (fraction * worth % parts)
		return false;
	return !__builtin_add_overflow(*v, fraction * worth / parts, v);
}

int value_read(const struct value_scale *scale, const char *text, size_t n,
		uint64_t *out, struct err *err)
{
	const struct value_unit *unit;
	size_t whole = 0, point, end;
	char quoted[VALUE_QUOTE];
	uint64_t v = 0;
	bool fits = true;

	value_quote(text, n, quoted);
	for (; whole < n && is_digit(text[whole]); whole++)
		fits = fits && add_digit(&v, (uint64_t)(text[whole] - '0'));
	point = end = whole;
	if (end < n && text[end] == '.')
		for (point = ++end; end < n && is_digit(text[end]); )
			end++;
	if (whole == 0 || (end > whole && end == point))
		return err_set(err, -EINVAL, "%s is not %s", quoted, scale->what);
	unit = unit_find(scale, text + end, n - end);
	if (!unit && n == end && fits && v == 0 && end == whole)
		unit = scale->units;    /* nothing is nothing in every unit */
	if (!unit)
		return wrong_unit(scale, quoted, n == end, err);
	if (!fits || __builtin_mul_overflow(v, unit->worth, &v))
		return err_set(err, -EINVAL, "%s is too large", quoted);
	if (!add_fraction(text + point, end - point, unit->worth, &v))
		return err_set(err, -EINVAL, "%s is finer than %s can be", quoted, scale->what);
	*out = v;
	return 0;
}

void value_print(const struct value_scale *scale, uint64_t v, char out[VALUE_TEXT])
{
	const struct value_unit *best = scale->units;
	size_t n;

	for (const struct value_unit *u = scale->units; v && u->name; u++)
		if (v % u->worth == 0 && u->worth > best->worth)
			best = u;
	if (scale != &value_ratio) {
		snprintf(out, VALUE_TEXT, "%" PRIu64 "%s", v / best->worth,
			 v ? best->name : "");
		return;
	}
	n = (size_t)snprintf(out, VALUE_TEXT, "%" PRIu64 ".%03u", v / 1000,
			     (unsigned)(v % 1000));
	while (out[n - 1] == '0')
		out[--n] = 0;
	if (out[n - 1] == '.')
		out[--n] = 0;
}
