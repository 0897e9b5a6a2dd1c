/* option.h - options: what is registered, reading, checking, writing.
 *
 * Options travel as deltas of ascending numbers (RFC 7252 section 3.1):
 *
 *	 0               7
 *	+-------+-------+------------------+-------------------+-------+
 *	| delta | length| more delta (0-2) | more length (0-2) | value |
 *	+-------+-------+------------------+-------------------+-------+
 *
 * Values are borrowed from the message.  Pure; used in every process. */
#ifndef COAP_OPTION_H
#define COAP_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "coap/code.h"

/* --- registered options ------------------------------------------------------ */

enum option_format { VALUE_EMPTY, VALUE_OPAQUE, VALUE_UINT, VALUE_STRING };

enum option_use {
	USE_REQUEST = 1,        /* defined for requests */
	USE_RESPONSE = 2,       /* defined for responses */
	USE_BOTH = USE_REQUEST | USE_RESPONSE,
	MANY_REQUEST = 4,       /* repeatable in requests */
	MANY_RESPONSE = 8,      /* repeatable in responses */
	USE_PROXY = 16,         /* makes the request one to a forward-proxy */
};

#define OPTION_VALUE_MAX 65804u  /* what the length field can say */

/* One row per assigned option: identifier, number, name, use, format, least
 * and greatest length of the value.  Uri-Path-Abbrev is a draft's and as good as
 * assigned.  Reserved numbers (0, 128, 132, 136, 140) have no row: they are unknown
 * to everybody. */
#define OPTION_TABLE(X) \
	X(IF_MATCH, 1, "If-Match", USE_REQUEST | MANY_REQUEST, OPAQUE, 0, 8) \
	X(URI_HOST, 3, "Uri-Host", USE_REQUEST, STRING, 1, 255) \
	X(ETAG, 4, "ETag", USE_BOTH | MANY_REQUEST, OPAQUE, 1, 8) \
	X(IF_NONE_MATCH, 5, "If-None-Match", USE_REQUEST, EMPTY, 0, 0) \
	X(OBSERVE, 6, "Observe", USE_BOTH, UINT, 0, 3) \
	X(URI_PORT, 7, "Uri-Port", USE_REQUEST, UINT, 0, 2) \
	X(LOCATION_PATH, 8, "Location-Path", USE_RESPONSE | MANY_RESPONSE, STRING, 0, 255) \
	X(OSCORE, 9, "OSCORE", USE_BOTH, OPAQUE, 0, 255) \
	X(URI_PATH, 11, "Uri-Path", USE_REQUEST | MANY_REQUEST, STRING, 0, 255) \
	X(CONTENT_FORMAT, 12, "Content-Format", USE_BOTH, UINT, 0, 2) \
	X(URI_PATH_ABBREV, 13, "Uri-Path-Abbrev", USE_REQUEST, UINT, 0, 4) \
	X(MAX_AGE, 14, "Max-Age", USE_RESPONSE, UINT, 0, 4) \
	X(URI_QUERY, 15, "Uri-Query", USE_REQUEST | MANY_REQUEST, STRING, 0, 255) \
	X(HOP_LIMIT, 16, "Hop-Limit", USE_REQUEST, UINT, 1, 1) \
	X(ACCEPT, 17, "Accept", USE_REQUEST, UINT, 0, 2) \
	X(Q_BLOCK1, 19, "Q-Block1", USE_BOTH, UINT, 0, 3) \
	X(LOCATION_QUERY, 20, "Location-Query", USE_RESPONSE | MANY_RESPONSE, STRING, 0, 255) \
	X(EDHOC, 21, "EDHOC", USE_REQUEST, EMPTY, 0, 0) \
	X(BLOCK2, 23, "Block2", USE_BOTH, UINT, 0, 3) \
	X(BLOCK1, 27, "Block1", USE_BOTH, UINT, 0, 3) \
	X(SIZE2, 28, "Size2", USE_BOTH, UINT, 0, 4) \
	X(Q_BLOCK2, 31, "Q-Block2", USE_BOTH | MANY_REQUEST | MANY_RESPONSE, UINT, 0, 3) \
	X(PROXY_URI, 35, "Proxy-Uri", USE_REQUEST | USE_PROXY, STRING, 1, 1034) \
	X(PROXY_SCHEME, 39, "Proxy-Scheme", USE_REQUEST | USE_PROXY, STRING, 1, 255) \
	X(SIZE1, 60, "Size1", USE_BOTH, UINT, 0, 4) \
	X(PROXY_CRI, 235, "Proxy-Cri", USE_REQUEST | USE_PROXY, OPAQUE, 1, 1023) \
	X(PROXY_SCHEME_NUMBER, 239, "Proxy-Scheme-Number", USE_REQUEST | USE_PROXY, UINT, 0, 3) \
	X(ECHO, 252, "Echo", USE_BOTH, OPAQUE, 1, 40) \
	X(NO_RESPONSE, 258, "No-Response", USE_REQUEST, UINT, 0, 1) \
	X(REQUEST_TAG, 292, "Request-Tag", USE_REQUEST | MANY_REQUEST, OPAQUE, 0, 8) \
	X(OCF_ACCEPT_CONTENT_FORMAT_VERSION, 2049, "OCF-Accept-Content-Format-Version", USE_REQUEST, UINT, 2, 2) \
	X(OCF_CONTENT_FORMAT_VERSION, 2053, "OCF-Content-Format-Version", USE_BOTH, UINT, 2, 2) \
	X(SCP82_PARAMS, 2055, "SCP82-Params", USE_BOTH, OPAQUE, 0, OPTION_VALUE_MAX) \
	X(X_ADMIN_PROTOCOL, 2056, "X-Admin-Protocol", USE_BOTH, OPAQUE, 0, OPTION_VALUE_MAX)

enum option_number {
#define X(id, number, name, use, format, min, max) OPT_##id = number,
	OPTION_TABLE(X)
#undef X
	OPTION_LAST = OPT_X_ADMIN_PROTOCOL,
};

struct option_def {
	const char *name;
	uint16_t number;
	uint8_t use;            /* enum option_use */
	uint8_t format;         /* enum option_format */
	uint32_t min, max;      /* length of the value */
};

enum option_row {
	ROW_NONE,
#define X(id, number, name, use, format, min, max) ROW_##id,
	OPTION_TABLE(X)
#undef X
	ROW_COUNT,              /* 64 at most: sets of them are words */
};

extern const struct option_def option_defs[];
extern const uint64_t option_critical;  /* a bit for each row whose options are */
extern const uint8_t option_rows[OPTION_LAST + 1];

/* Row of a number, ROW_NONE if it has none. */
__attribute__((always_inline)) static inline unsigned option_row(uint32_t number)
{
	if (!__builtin_constant_p(number))
		return number <= OPTION_LAST ? option_rows[number] : ROW_NONE;
	switch (number) {
#define X(id, number, name, use, format, min, max) \
	case OPT_##id: \
		return ROW_##id;
	OPTION_TABLE(X)
#undef X
	default:
		return ROW_NONE;
	}
}

/* The row of a number, or NULL if the number is not assigned. */
__attribute__((always_inline)) static inline const struct option_def *option_def(uint32_t number)
{
	unsigned row = option_row(number);

	return row ? &option_defs[row] : NULL;
}

/* What the number itself says (RFC 7252 section 5.4.6). */

static inline bool option_is_critical(uint32_t number)
{
	return number & 1;
}

static inline bool option_is_unsafe(uint32_t number)
{
	return number & 2;
}

static inline bool option_is_nocachekey(uint32_t number)
{
	return (number & 0x1e) == 0x1c;
}

/* --- reading ----------------------------------------------------------------- */

struct option {
	uint16_t number;
	struct span value;
};

struct option_iter {
	struct reader r;
	uint32_t number;        /* of the option read last */
};

static inline struct option_iter option_iter(struct span options)
{
	return (struct option_iter){ reader_of(options), 0 };
}

/* For option_next(): an option with extended delta or length. */
bool option_next_extended(struct option_iter *it, struct option *out);

/* Reads the next option.  False at the end, before a payload marker (r.p stays
 * on it), and at a malformed option (r.bad); in options that
 * message_parse_body() let pass only the end is met. */
static inline bool option_next(struct option_iter *it, struct option *out)
{
	const uint8_t *p = it->r.p;
	unsigned delta, length;

	if (p == it->r.end || *p == 0xff)
		return false;
	delta = *p >> 4;
	length = *p & 15;
	if (delta > 12 || length > 12) {
		/* Copies, so that the iterator itself may live in registers. */
		struct option_iter copy = *it;
		struct option o;
		bool there = option_next_extended(&copy, &o);

		*it = copy;
		*out = o;
		return there;
	}
	it->number += delta;
	if (length >= (size_t)(it->r.end - p) || it->number > UINT16_MAX) {
		it->r.bad = true;
		it->r.p = it->r.end;
		return false;
	}
	out->number = (uint16_t)it->number;
	out->value = (struct span){ p + 1, length };
	it->r.p = p + 1 + length;
	return true;
}

/* A uint value (RFC 7252 section 3.2); leading zero bytes are accepted.  False
 * if the number needs more than 64 bits. */
bool option_uint(struct span value, uint64_t *out);

/* The shortest form of v, into out; returns its length, 0 for 0. */
size_t option_uint_encode(uint64_t v, uint8_t out[8]);

/* --- checking ---------------------------------------------------------------- */

/* The options an endpoint understands, a subset of the assigned ones. */
struct option_set {
	uint64_t rows;
};

static inline bool option_set_has(const struct option_set *set,
				  const struct option_def *def)
{
	return set->rows >> (def - option_defs) & 1;
}

/* Adds an assigned option; a number without a row is our bug. */
void option_set_add(struct option_set *set, uint32_t number);

/* What is wrong with one option in one place. */
enum option_flaw {
	FLAW_NONE,
	FLAW_UNKNOWN,           /* not assigned or not understood here */
	FLAW_MISPLACED,         /* not defined for this kind of message (5.4) */
	FLAW_REPEATED,          /* one more than may be (5.4.5) */
	FLAW_LENGTH,            /* length out of range (5.4.3) */
	FLAW_VALUE,             /* a string that is no UTF-8, a number that is no path */
	FLAW_SEGMENT,           /* a path segment "." or ".." (5.10.1) */
	FLAW_PROXY,             /* asks for a forward-proxy, which we are not */
};

/* "is repeated", to follow the name of the option. */
const char *option_flaw_text(enum option_flaw flaw);

/* Judges one value; nth counts from 0 the earlier options of the same number.
 * FLAW_UNKNOWN and FLAW_PROXY never come from here.
 *
 * Path segments: section 3.2 makes strings UTF-8 and 5.10.1 forbids "." and
 * "..", so neither is a value the option is defined for, and it is handled as
 * unrecognised (a critical one gives 4.02).  A "/" is allowed inside a segment
 * (5.10.1, Appendix B example 5): it is one segment that holds a slash, never
 * two, so whoever compares paths compares segment by segment. */
enum option_flaw option_flaw(const struct option_def *def, uint8_t code,
			     unsigned nth, struct span value);

/* Bits of option_use: that it may be in such a message, and more than once. */
struct option_place {
	uint8_t once, many;
};

static inline struct option_place option_place(uint8_t code)
{
	return code_is_request(code) ? (struct option_place){ USE_REQUEST, MANY_REQUEST } :
				       (struct option_place){ USE_RESPONSE, MANY_RESPONSE };
}

#define OPTION_NOT_ASCII 0x8080808080808080u

/* Whether a value is one that most strings are: short, ASCII and no segment of dots.  word
 * is that of a short one's bytes. */
static inline bool option_is_plain_word(struct span s, uint64_t word)
{
	return !(word & OPTION_NOT_ASCII) && !(s.n && s.p[0] == '.');
}

static inline bool option_is_plain_text(struct span s)
{
	return s.n <= 8 && option_is_plain_word(s, bytes_word(s.p, s.n));
}

enum option_verdict {
	OPTIONS_OK,
	OPTIONS_BAD,            /* request: 4.02; response: reject (5.4.1) */
	OPTIONS_PROXY,          /* request for a forward-proxy: 5.05 (5.10.2) */
};

/* The option that decided the verdict, for a diagnostic payload. */
struct option_fault {
	uint16_t number;
	uint8_t flaw;           /* enum option_flaw */
};

/* Checks the options of a request or response, as far as criticality goes: each
 * critical option must be in known and free of flaws.  Elective ones that are
 * unknown or flawed pass, and message_option() does not see the flawed.  A
 * Uri-Path-Abbrev must be one that we know, and without a Uri-Path beside it.  A
 * proxying option that is not in known gives OPTIONS_PROXY whatever else is
 * wrong: the client took us for somebody else, the rest is not for us to judge.
 * fault may be NULL; it is set unless the verdict is OPTIONS_OK. */
enum option_verdict option_check(struct span options, uint8_t code,
				 const struct option_set *known,
				 struct option_fault *fault);

/* --- writing ----------------------------------------------------------------- */

struct option_writer {
	struct writer *w;       /* borrowed; its full bit tells of overflow */
	uint32_t last;
};

static inline struct option_writer option_writer(struct writer *w)
{
	return (struct option_writer){ w, 0 };
}

/* Appends an option.  Numbers ascend: a smaller one than the last is our bug. */
void option_write(struct option_writer *ow, uint32_t number, struct span value);

/* The same for a uint value in its shortest form. */
void option_write_uint(struct option_writer *ow, uint32_t number, uint64_t v);

#endif
