/* percent.h - percent-encoding (RFC 3986 section 2).
 *
 * ASCII whatever the locale.  Pure; used in every process. */
#ifndef COAP_PERCENT_H
#define COAP_PERCENT_H

#include "base/bytes.h"

/* Whether c is unreserved, a sub-delimiter, or one of the characters in more. */
bool percent_is_plain(uint8_t c, const char *more);

/* Whether a percent-encoding is at i. */
bool percent_is_encoded(struct span s, size_t i);

/* Writes s without its percent-encodings; false if it does not fit or a "%" is
 * not followed by two hexadecimal digits. */
bool percent_decode(struct writer *w, struct span s);

/* Writes c encoded, whatever it is. */
void percent_encode(struct writer *w, uint8_t c);

/* Writes s, what is not plain of it encoded, and the character except. */
void percent_write(struct writer *w, struct span s, const char *more, uint8_t except);

#endif
