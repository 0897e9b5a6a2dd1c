/* load.h - from the tree of a YAML text to a site.
 *
 * Walks the tree by the rows, so that a new row needs nothing here. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/site.h"
#include "config/yaml.h"

/* Fills site, whose pool is there already, from a mapping; everything wrong is added to errors,
 * and with an error the site is not to be used. */
void load_site(struct site *site, const struct node *root, struct config_errors *errors);

#endif
