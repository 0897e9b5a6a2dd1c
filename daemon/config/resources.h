/* resources.h - the "resources" of a site: which module is mounted at which path. */
#ifndef CONFIG_RESOURCES_H
#define CONFIG_RESOURCES_H

#include "config/site.h"
#include "config/yaml.h"

/* Adds them to mounts; host as in struct site_mount.  Everything wrong is added to errors. */
void resources_load(struct site *site, const struct node *resources, uint32_t host,
		    struct config_errors *errors);

#endif
