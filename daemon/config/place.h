/* place.h - where in a site file something stands, and how that is shown.
 *
 * A site may be of several files; each is kept as it was read, so that a message
 * can show the line that it is about.  Files live as long as their site.  Pure. */
#ifndef CONFIG_PLACE_H
#define CONFIG_PLACE_H

#include "base/excerpt.h"

#include <stdbool.h>

struct config_file {
	const char *name;       /* as messages call it */
	const char *text;       /* NULL: nothing to show */
	size_t n;
	unsigned number;        /* in the order of reading; 0 is the site file itself */
	bool own;               /* coapd wrote it: it may be as long as it is */
};

/* Both count from 1, column in characters; line 0 is no place at all. */
struct config_place {
	unsigned line, column;
	const struct config_file *file; /* borrowed; NULL: the one that is being read */
};

static inline struct config_place place_at(unsigned line, unsigned column)
{
	return (struct config_place){ .line = line, .column = column };
}

/* Whether one stands before the other, files in the order of their reading. */
bool place_is_before(struct config_place a, struct config_place b);

/* "line 7", and "line 7 of conf.d/b.yaml" for who looks at another file. */
#define PLACE_TEXT 300
const char *place_other(struct config_place at, const struct config_file *from,
			char out[PLACE_TEXT]);

/* "FILE:LINE:COLUMN: ", as messages begin, or "FILE: " where there is no place; file is
 * that of a place that names none. */
const char *place_print(struct config_place at, const char *file, char out[PLACE_TEXT]);

/* The line and a mark below the column, indented, without the end of the second
 * line; "" where there is nothing to show. */
void place_excerpt(struct config_place at, char out[EXCERPT_MAX]);

#endif
