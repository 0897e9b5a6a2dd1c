/* errors.h - what is wrong with a site, every mistake in one go.
 *
 * A plain value that its user owns (about 70 KiB: static or malloc, not the
 * stack of a small thread); nothing in it needs freeing.  A message reads
 * "FILE:LINE:COLUMN: what", or "FILE: what" where no place in the file is to
 * blame; with it go the line of the file and a mark below the place.  Used by the
 * check child and by whoever loads a site. */
#ifndef CONFIG_ERRORS_H
#define CONFIG_ERRORS_H

#include "config/place.h"

#include <stdio.h>

#define CONFIG_ERRORS_MAX 50

struct config_errors {
	unsigned count;         /* entries of text in use */
	unsigned left_out;      /* further mistakes that did not fit */
	unsigned passing;       /* of those in text: what may be right another time */
	char file[256];         /* of places that name none; its end, when longer */
	struct config_place at[CONFIG_ERRORS_MAX];
	char text[CONFIG_ERRORS_MAX][768];
	char excerpt[CONFIG_ERRORS_MAX][EXCERPT_MAX];   /* two lines, or "" */
};

/* Empties the list and copies the name that the messages begin with. */
void errors_begin(struct config_errors *e, const char *file);

/* Adds one message, in the order of the files and cut to fit; control characters are
 * printed as \xNN.  Returns false always, so that a loader can write
 * `return errors_add(...)`. */
bool errors_add(struct config_errors *e, struct config_place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether there is a message about just that place; of no place there is none. */
bool errors_told(const struct config_errors *e, struct config_place at);

/* Adds all of more, each at its place in the order of the files. */
void errors_join(struct config_errors *e, const struct config_errors *more);

/* One line per message, its excerpt below, and one line about those left out. */
void errors_print(const struct config_errors *e, FILE *out);

#endif
