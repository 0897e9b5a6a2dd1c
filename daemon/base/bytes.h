/* bytes.h - spans of bytes, and bounded reading and writing of them.
 *
 * A span borrows: it never owns what it points to.  Reader and writer carry an
 * error bit that sticks, so a caller reads or writes on and asks once at the
 * end.  Pure; used in every process. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *p;
	size_t n;
};

static inline struct span span_of(const void *p, size_t n)
{
	return (struct span){ p, n };
}

static inline struct span span_str(const char *s)
{
	return (struct span){ (const uint8_t *)s, strlen(s) };
}

/* 8 bytes as they are. */
static inline uint64_t bytes_8(const void *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
	return word;
}

/* At most 8 bytes as one word: those of equal length are equal if their words are. */
static inline uint64_t bytes_word(const uint8_t *p, size_t n)
{
	uint32_t low, high;

	if (n >= 4) {
		memcpy(&low, p, 4);
		memcpy(&high, p + n - 4, 4);
		return low | (uint64_t)high << 32;
	}
	return n ? p[0] | (uint64_t)p[n / 2] << 8 | (uint64_t)p[n - 1] << 16 : 0;
}

/* memcpy() where there are seldom many. */
static inline void bytes_copy(uint8_t *to, const uint8_t *from, size_t n)
{
	if (n > 16) {
		memcpy(to, from, n);
	} else if (n >= 8) {
		memcpy(to, from, 8);
		memcpy(to + n - 8, from + n - 8, 8);
	} else if (n >= 4) {
		memcpy(to, from, 4);
		memcpy(to + n - 4, from + n - 4, 4);
	} else if (n) {
		to[0] = from[0];
		to[n / 2] = from[n / 2];
		to[n - 1] = from[n - 1];
	}
}

/* memcmp() where there are seldom many. */
static inline bool bytes_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t x, y;

	for (; n > 8; n -= 8, a += 8, b += 8) {
		memcpy(&x, a, 8);
		memcpy(&y, b, 8);
		if (x != y)
			return false;
	}
	return bytes_word(a, n) == bytes_word(b, n);
}

static inline bool span_eq(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	return a.n <= 8 ? bytes_word(a.p, a.n) == bytes_word(b.p, b.n) :
			  memcmp(a.p, b.p, a.n) == 0;
}

/* --- reader: network byte order ------------------------------------------- */

struct reader {
	const uint8_t *p, *end;
	bool bad;               /* ran past the end; every later read gives 0 */
};

static inline struct reader reader_of(struct span s)
{
	/* NULL + 0 is undefined in C, and an empty span may be NULL. */
	return (struct reader){ s.p, s.n ? s.p + s.n : s.p, false };
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->p);
}

static inline uint8_t read_u8(struct reader *r)
{
	if (r->p == r->end) {
		r->bad = true;
		return 0;
	}
	return *r->p++;
}

static inline uint16_t read_u16(struct reader *r)
{
	uint16_t hi = read_u8(r);

	return (uint16_t)(hi << 8 | read_u8(r));
}

/* The next n bytes, or an empty span and the error bit. */
static inline struct span read_span(struct reader *r, size_t n)
{
	struct span s = { r->p, n };

	if (n > reader_left(r)) {
		r->bad = true;
		r->p = r->end;
		return (struct span){ r->end, 0 };
	}
	if (n)
		r->p += n;
	return s;
}

/* --- writer: network byte order ------------------------------------------- */

struct writer {
	uint8_t *p, *end;       /* next byte to write, one past the last */
	bool full;              /* something did not fit; nothing more is written */
};

static inline struct writer writer_of(void *p, size_t n)
{
	return (struct writer){ p, n ? (uint8_t *)p + n : p, false };
}

static inline size_t writer_left(const struct writer *w)
{
	return (size_t)(w->end - w->p);
}

static inline void write_u8(struct writer *w, uint8_t v)
{
	if (w->full || w->p == w->end) {
		w->full = true;
		return;
	}
	*w->p++ = v;
}

static inline void write_u16(struct writer *w, uint16_t v)
{
	if (w->full || writer_left(w) < 2) {
		w->full = true;
		return;
	}
	*w->p++ = (uint8_t)(v >> 8);
	*w->p++ = (uint8_t)v;
}

static inline void write_bytes(struct writer *w, const void *p, size_t n)
{
	if (w->full || writer_left(w) < n) {
		w->full = true;
		return;
	}
	if (!n)
		return;
	memcpy(w->p, p, n);
	w->p += n;
}

static inline void write_span(struct writer *w, struct span s)
{
	write_bytes(w, s.p, s.n);
}

#endif
