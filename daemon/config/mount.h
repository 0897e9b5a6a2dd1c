/* mount.h - the "resources" of a site: which module is mounted at which path. */
#ifndef CONFIG_MOUNT_H
#define CONFIG_MOUNT_H

#include "config/site.h"
#include "config/yaml.h"

/* Fills mounts and nmounts; everything wrong is added to errors. */
void mount_load(struct site *site, const struct node *resources,
		struct config_errors *errors);

#endif
