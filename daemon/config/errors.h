/* errors.h - what is wrong with one site file, every mistake in one go.
 *
 * A plain value that its user owns (about 40 KiB: static or malloc, not the
 * stack of a small thread); nothing in it needs freeing.  A message reads
 * "FILE:LINE:COLUMN: what", or "FILE: what" where no place in the file is to
 * blame.  Used by the check child and by whoever loads a site. */
#ifndef CONFIG_ERRORS_H
#define CONFIG_ERRORS_H

#include <stdbool.h>
#include <stdio.h>

#define CONFIG_ERRORS_MAX 50

/* Where in the file; both count from 1, line 0 is no place at all. */
struct config_place {
	unsigned line, column;
};

struct config_errors {
	unsigned count;         /* entries of text in use */
	unsigned left_out;      /* further mistakes that did not fit */
	char file[256];         /* its end, when longer */
	struct config_place at[CONFIG_ERRORS_MAX];
	char text[CONFIG_ERRORS_MAX][768];
};

/* Empties the list and copies the name that the messages begin with. */
void errors_begin(struct config_errors *e, const char *file);

/* Adds one message, in the order of the file and cut to fit; control characters are
 * printed as \xNN.  Returns false always, so that a loader can write
 * `return errors_add(...)`. */
bool errors_add(struct config_errors *e, struct config_place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* One line per message, and one about those left out. */
void errors_print(const struct config_errors *e, FILE *out);

#endif
