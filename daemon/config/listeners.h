/* listeners.h - the "listen" of a site, and of its hosts. */
#ifndef CONFIG_LISTENERS_H
#define CONFIG_LISTENERS_H

#include "config/site.h"
#include "config/yaml.h"

/* Adds those of a node, which may be NULL, to the site; host as in struct site_listener.
 * Everything wrong is added to errors, one that is there already included. */
void listeners_load(struct site *site, const struct node *node, uint32_t host,
		    struct config_errors *errors);

/* Adds the one that a site has that names none. */
void listeners_default(struct site *site, const char *uri, struct config_errors *errors);

#endif
