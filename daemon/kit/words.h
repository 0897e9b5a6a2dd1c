/* words.h - a line of a test script, word by word.
 *
 * Words stand between blanks.  In double quotes blanks belong to a word, and \n, \r,
 * \t, \", \\ and \xNN mean what they mean in C; text in quotes that a "*" and a number
 * follow is meant so many times.  A "#" at the start of a word begins a remark.  Pure. */
#ifndef KIT_WORDS_H
#define KIT_WORDS_H

#include "base/bytes.h"
#include "config/errors.h"
#include "config/pool.h"

#define WORDS_LINE 4096u         /* bytes of a line that its reader has made sure of */
#define WORDS_LITERAL 1048576u  /* bytes that one word may stand for, */
#define WORDS_LITERALS 16777216u        /* and all that are repeated in a script */

/* A line that is being read; the text need not end with a zero byte. */
struct words {
	struct pool *pool;              /* for what words mean; borrowed, as all of these */
	struct config_errors *errors;
	const char *line, *end;
	const char *at;                 /* what is not read yet */
	unsigned number;                /* of the line */
	size_t repeated;                /* bytes made by repetition so far */
};

struct word {
	unsigned column;                /* from 1 */
	bool quoted;                    /* it begins with a quote */
	char *text;                     /* what it means, n bytes and a zero byte */
	size_t n;
};

/* The next word.  False at the end of the line, and when it is wrong: errors then says
 * what is. */
bool words_next(struct words *w, struct word *out);

/* What is left of the line, without blanks around it; column is where it begins. */
struct span words_rest(struct words *w, unsigned *column);

/* Whether it is this very word, without quotes. */
bool word_is(const struct word *w, const char *text);

/* Says what is wrong at a column.  False. */
bool words_wrong(const struct words *w, unsigned column, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
