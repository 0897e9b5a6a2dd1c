/* json_schema.h - the rows of the site file as a JSON Schema (draft 7), for editors.
 *
 * It takes whatever the loader takes, but for what is said of variables: a value with
 * one is any text.  Pure. */
#ifndef CONFIG_JSON_SCHEMA_H
#define CONFIG_JSON_SCHEMA_H

#include "config/schema.h"

#include <stdio.h>

/* What is known of one module. */
struct json_schema_module {
	const char *name, *summary;
	const struct config_row *rows;
	size_t nrows;
};

/* Writes it.  Settings of other modules than those given may be anything.  0, or a
 * negative errno of the writing. */
int json_schema_site(FILE *out, const struct json_schema_module *modules, size_t n);

#endif
