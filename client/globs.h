/* globs.h - several URIs written as one, as curl has it: [N-M] stands for each number
 * from N to M, with zeros in front if N has them.
 *
 * Brackets around an IPv6 address are no such range.  Owned by whoever asked. */
#ifndef CLIENT_GLOBS_H
#define CLIENT_GLOBS_H

#include "base/err.h"

#define GLOBS_MAX 100000u       /* URIs in all */

struct globs {
	const char **v;         /* owned, and the texts */
	unsigned n;
};

/* Adds what text stands for: itself, or one text for each number, the last range
 * counting fastest.  0, or -EINVAL (a range that ends before it begins, too many) or
 * -ENOMEM, with err. */
int globs_add(struct globs *g, const char *text, struct err *err);
void globs_free(struct globs *g);

#endif
