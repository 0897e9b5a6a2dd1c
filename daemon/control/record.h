/* record.h - writing JSON (RFC 8259) into memory, a line at a time.
 *
 * Within an object each value has a key, within an array none (NULL).  Commas come by
 * themselves.  What does not fit sets full, and nothing more is written.  Pure. */
#ifndef CONTROL_RECORD_H
#define CONTROL_RECORD_H

#include "base/bytes.h"

struct record {
	struct writer out;
	bool comma;             /* before the next value */
};

static inline struct record record_of(void *p, size_t n)
{
	return (struct record){ .out = writer_of(p, n) };
}

/* bracket: '{' or '['; and '}' or ']'. */
void record_begin(struct record *r, const char *key, char bracket);
void record_end(struct record *r, char bracket);

/* Bytes that are not UTF-8 become U+FFFD. */
void record_text(struct record *r, const char *key, const char *text);
/* Readers take numbers as signed ones: what is more than those have is their most. */
void record_uint(struct record *r, const char *key, uint64_t v);
void record_bool(struct record *r, const char *key, bool v);

/* Two hexadecimal digits each. */
void record_hex(struct record *r, const char *key, struct span bytes);

#endif
