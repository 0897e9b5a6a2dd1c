/* refusal.h - what a running daemon cannot change, by name.
 *
 * A table of rows: what clients or other programs rely on for as long as coapd runs.  Pure. */
#ifndef CONFIG_REFUSAL_H
#define CONFIG_REFUSAL_H

#include "config/site.h"

/* Why a change of this row has to wait for the next start; NULL: it need not.  section is that
 * of the schema, "" for the file itself. */
const char *refusal_why(const char *section, const struct config_row *row);

/* Adds each such row that is another in wanted than in served; how many.  wanted may have
 * mistakes that errors has already: of a value that is one nothing more is said. */
unsigned refusal_find(const struct site *served, const struct site *wanted,
		      struct config_errors *errors);

#endif
