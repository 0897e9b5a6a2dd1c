/* resources.h - the "resources" of a site: which module is mounted at which path. */
#ifndef CONFIG_RESOURCES_H
#define CONFIG_RESOURCES_H

#include "config/site.h"
#include "config/yaml.h"

/* Fills mounts and nmounts; everything wrong is added to errors. */
void resources_load(struct site *site, const struct node *resources,
		    struct config_errors *errors);

#endif
