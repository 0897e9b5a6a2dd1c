/* spoken.h - a site that is said on the command line, as the text of a site file.
 *
 *	include: FILE
 *	listen: [ ... ]
 *	resources: { ... }
 *
 * So it goes through the same checks as any other.  Pure. */
#ifndef CONFIG_SPOKEN_H
#define CONFIG_SPOKEN_H

#include <stddef.h>

struct spoken {
	const char *file;               /* to be included; NULL: none */
	const char *const *mount;       /* "PATH=MODULE" */
	size_t nmounts;
	const char *const *listen;      /* URIs */
	size_t nlisten;
};

/* The text, to be freed, and its length; NULL without memory. */
char *spoken_text(const struct spoken *said, size_t *n);

#endif
