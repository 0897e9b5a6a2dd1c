/* quote.h - foreign text for the eyes of a person.
 *
 * What a peer sent may hold commands to a terminal, letters that nobody sees or
 * that turn the line around, and bytes that are no letters.  Such are written
 * as \n, \r, \t or \xNN, and a quote or backslash with a backslash before it.
 * With utf8 the reader is known to take UTF-8, and letters beyond ASCII stay;
 * without, the result is ASCII.  Pure; used in every process. */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include "base/bytes.h"

/* Whether a character stands for itself, in one column or two. */
bool quote_shows(uint32_t character, bool utf8);

/* Whether text is understood without quotes: it is not empty, has no blanks,
 * quotes and backslashes, and each character of it stands for itself. */
bool quote_is_plain(struct span text, bool utf8);

/* Writes text in quotes, at most so many bytes of it, cut between characters;
 * returns how many bytes of it that were. */
size_t quote_write(struct writer *w, struct span text, size_t most, bool utf8);

#endif
