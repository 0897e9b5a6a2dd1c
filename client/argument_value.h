/* argument_value.h - values of command line options: text to number.
 *
 * Each returns 0 and sets *out, or -EINVAL with err saying what is wrong, without the
 * option's name.  Pure. */
#ifndef CLIENT_ARGUMENT_VALUE_H
#define CLIENT_ARGUMENT_VALUE_H

#include "base/bytes.h"
#include "base/err.h"
#include "client/arguments.h"

int argument_number(const char *text, int64_t least, int64_t most, int64_t *out,
		    struct err *err);

/* "1.5" seconds, in milliseconds. */
int argument_seconds(const char *text, int64_t least, int64_t most, int64_t *out,
		     struct err *err);

/* "2.5" per cent, in thousandths; 0 to 100 per cent. */
int argument_percent(const char *text, int64_t *out, struct err *err);

/* A content format by number or name. */
int argument_format(const char *text, int64_t *out, struct err *err);

/* A method by name, whatever its case, or number. */
int argument_method(const char *text, int64_t *out, struct err *err);

/* A block size in bytes, as its exponent. */
int argument_block(const char *text, int64_t *out, struct err *err);

/* Hexadecimal digits, "0x" before them or not; least is 0 if none are all right. */
int argument_tag(const char *text, unsigned least, struct tag *out, struct err *err);

/* Decodes hexadecimal digits into w, which tells if they do not fit; false if text is
 * no such thing. */
bool argument_hex(const char *text, struct writer *w);

#endif
