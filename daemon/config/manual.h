/* manual.h - the rows of the site file as a manual page.
 *
 * Run when coapd is built: what the page says of a setting is what the loader
 * does with it. */
#ifndef CONFIG_MANUAL_H
#define CONFIG_MANUAL_H

#include "config/schema.h"

/* coapd-site(5) in mdoc.  0, or a negative errno of the writing. */
int manual_site(FILE *out);

/* coapd-NAME(5) of a module, which says what it does and which settings it has. */
int manual_module(FILE *out, const char *name, const char *summary,
		  const struct config_row *rows, size_t nrows);

/* Rows alone, as a tagged list for a page of mdoc; modules describe theirs so. */
void manual_rows(FILE *out, const struct config_row *rows, size_t nrows);

#endif
