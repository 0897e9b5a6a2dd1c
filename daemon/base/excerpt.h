/* excerpt.h - where in a text something is wrong, for the eyes of a person.
 *
 *	coap://example.com/a b
 *	                    ^
 *
 * Pure; used in every process. */
#ifndef BASE_EXCERPT_H
#define BASE_EXCERPT_H

#include "base/bytes.h"

#define EXCERPT_MAX 600u         /* bytes that always suffice, for an indent up to 80 */

/* Writes two lines, without the end of the second: what stands around byte at of
 * the text, its end included, and a mark below that byte; each after so many
 * blanks.  What is no letter of ASCII is written \xNN, what is far off "...". */
void excerpt_write(struct writer *w, struct span text, size_t at, unsigned indent);

#endif
