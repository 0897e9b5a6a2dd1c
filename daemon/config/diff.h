/* diff.h - what is another in one site than in another one, by settings and not by lines.
 *
 * A line each: "limits.dedup: 1000 -> 2000", "+ listen: URI", "- /path", and for mounts
 * that are in both "/path: text: a -> b".  Pure. */
#ifndef CONFIG_DIFF_H
#define CONFIG_DIFF_H

#include "config/site.h"

/* Writes what would change from a to b; how many lines. */
unsigned diff_sites(const struct site *a, const struct site *b, FILE *out);

#endif
