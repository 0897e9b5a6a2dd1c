/* vectors.h - what tests that replay tests/vectors need: JSON, hex, CSV.
 *
 * Everything here fails the running test when a file is not as expected. */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

/* Bytes that a test decoded or wrote. */
struct blob {
	uint8_t data[70000];
	size_t n;
};

static inline struct span blob_span(const struct blob *b)
{
	return span_of(b->data, b->n);
}

static inline const char *vectors_path(const char *name)
{
	static char path[4096];
	const char *top = getenv("COAPD_SRCDIR");

	snprintf(path, sizeof path, "%s/tests/vectors/%s", top ? top : ".", name);
	return path;
}

/* The whole file; give it back with json_decref(). */
static inline json_t *vectors_load(const char *name)
{
	json_error_t error;
	json_t *root = json_load_file(vectors_path(name), JSON_ALLOW_NUL, &error);

	cr_assert(root, "%s:%d: %s", vectors_path(name), error.line, error.text);
	return root;
}

/* The array under key, not empty. */
static inline json_t *vectors_list(json_t *root, const char *key)
{
	json_t *list = json_object_get(root, key);

	cr_assert(json_array_size(list) > 0, "no vectors under %s", key);
	return list;
}

static inline const char *vectors_text(json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	cr_assert(s, "no text under %s", key);
	return s;
}

static inline long long vectors_number(json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	cr_assert(json_is_integer(v), "no number under %s", key);
	return json_integer_value(v);
}

static inline void hex_decode(const char *hex, struct blob *out)
{
	size_t digits = strlen(hex);

	cr_assert(digits % 2 == 0 && digits / 2 <= sizeof out->data);
	out->n = digits / 2;
	for (size_t i = 0; i < out->n; i++) {
		unsigned byte;

		cr_assert_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out->data[i] = (uint8_t)byte;
	}
}

/* The option list of a vector, encoded: objects with number and hex, or pairs
 * of number and hex. */
static inline json_t *vectors_option(json_t *entry, const char *key, size_t i)
{
	return json_is_array(entry) ? json_array_get(entry, i)
				    : json_object_get(entry, key);
}

/* Splits one line of a registry at commas outside of quotes, in place; returns
 * how many fields there are. */
static inline size_t csv_split(char *line, char *fields[], size_t cap)
{
	bool quoted = false;
	size_t n = 0;

	line[strcspn(line, "\r\n")] = '\0';
	fields[n++] = line;
	for (char *p = line; *p && n < cap; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p == ',' && !quoted) {
			*p = '\0';
			fields[n++] = p + 1;
		}
	}
	return n;
}

#define cr_assert_span(got, want) \
	do { \
		struct span got_ = (got), want_ = (want); \
		cr_assert_eq(got_.n, want_.n, "length %zu, not %zu", got_.n, want_.n); \
		cr_assert(span_eq(got_, want_), "bytes differ"); \
	} while (0)

#endif
