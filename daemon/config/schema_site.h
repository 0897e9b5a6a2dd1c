/* schema_site.h - the rows of the site file.
 *
 * Each section is a mapping in the file; its rows fill struct site, those of a
 * link fill struct site_link. */
#ifndef CONFIG_SCHEMA_SITE_H
#define CONFIG_SCHEMA_SITE_H

#include "config/schema.h"

struct schema_section {
	const char *name;       /* the key above it; "" is the file itself */
	const struct config_row *rows;
	size_t nrows;
};

/* The file itself first, then its sections in the order of their rows. */
extern const struct schema_section schema_site[];
extern const size_t schema_site_count;

/* What the core reads of a mount ("module", "link"), and of its link. */
extern const struct schema_section schema_mount, schema_link;

/* What is there of a host, which fills struct site_host and adds to the site. */
extern const struct schema_section schema_host;

/* The section of that name, or NULL. */
const struct schema_section *schema_site_find(const char *name);

#endif
