/* utf8.h - characters out of bytes (RFC 3629).  Pure; used in every process. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads one character of the n bytes at p, n at least 1, and says how many bytes
 * it has; 0 when they are none: too long a form, a surrogate, past 10FFFF. */
size_t utf8_next(const char *p, size_t n, uint32_t *character);

bool utf8_valid(const char *p, size_t n);

#endif
