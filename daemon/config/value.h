/* value.h - numbers with units, as people write them.
 *
 * A scale says which units there are and what they are worth; a value is a
 * decimal number and a unit, and must come out as a whole number of the least.
 * Pure. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct value_unit {
	const char *name;       /* "" where a bare number is fine */
	uint64_t worth;
};

struct value_scale {
	const char *what;       /* "a duration" */
	const struct value_unit *units; /* least first, ended by a NULL name */
};

extern const struct value_scale value_number, value_duration, value_size, value_ratio;

/* Reads all n bytes.  0, or -EINVAL: err says what is wrong with them. */
int value_read(const struct value_scale *scale, const char *text, size_t n,
		uint64_t *out, struct err *err);

/* Writes the shortest form that value_read() reads back; out has VALUE_TEXT bytes. */
#define VALUE_TEXT 32
void value_print(const struct value_scale *scale, uint64_t v, char out[VALUE_TEXT]);

/* Text in quotes for a message, cut between characters if it is long. */
#define VALUE_QUOTE 56
const char *value_quote(const char *text, size_t n, char out[VALUE_QUOTE]);

#endif
