/* kind.h - what a struct in slot memory is made of: a row for each of its fields.
 *
 * Memory outlives the binary that laid it out, so it says of itself how it is laid out
 * (legend.h); another binary takes over what has the same name (import.h).  The rows are
 * beside their struct and cover it without a gap (kind_gap(); test_kind.c asks it of all).
 * A field that comes to mean something else gets another name; one that is new must mean
 * something sensible when it is zero.  Constants; every process. */
#ifndef BASE_KIND_H
#define BASE_KIND_H

#include <stddef.h>
#include <stdint.h>

enum field_type {
	FIELD_PLAIN,            /* integers, or bytes */
	FIELD_REF,              /* references (slab.h) */
	FIELD_SOCK,             /* number of a socket of the slot's */
	FIELD_OWN,              /* the importer's own business: not taken over by name */
	FIELD_TYPES
};

struct mem_kind;

struct mem_field {
	const char *name;
	uint32_t off, size;     /* of all of its elements */
	uint32_t each;          /* bytes of one */
	enum field_type type;
	const struct mem_kind *of;  /* what each is made of; NULL: an integer, or just bytes */
};

struct mem_kind {
	const char *name;
	uint32_t size;
	const struct mem_field *field;      /* in the order of their offsets */
	unsigned n;
};

#define FIELD_ROW(T, f, each, type, of) \
	{ #f, (uint32_t)offsetof(T, f), (uint32_t)sizeof(((T *)0)->f), (uint32_t)(each), type, of }
/* One integer, or bytes that have no parts. */
#define FIELD(T, f) FIELD_ROW(T, f, sizeof(((T *)0)->f), FIELD_PLAIN, NULL)
/* An array of integers or bytes. */
#define FIELD_ARRAY(T, f) FIELD_ROW(T, f, sizeof(((T *)0)->f[0]), FIELD_PLAIN, NULL)
#define FIELD_REFS(T, f) FIELD_ROW(T, f, sizeof(uint64_t), FIELD_REF, NULL)
#define FIELD_AS(T, f, type) FIELD_ROW(T, f, sizeof(((T *)0)->f), type, NULL)
/* One of another kind, which E is, or an array of them. */
#define FIELD_KIND(T, f, E, kind) FIELD_ROW(T, f, sizeof(E), FIELD_PLAIN, kind)

#define KIND(name, T, rows) { name, sizeof(T), rows, sizeof(rows) / sizeof(*(rows)) }

/* The first byte that no field covers, or that two do, or that a field's elements do not
 * make up; a kind without one: its size. */
uint32_t kind_gap(const struct mem_kind *k);

#endif
