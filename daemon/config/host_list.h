/* host_list.h - the "hosts" of a site: names, each with resources of its own. */
#ifndef CONFIG_HOST_LIST_H
#define CONFIG_HOST_LIST_H

#include "config/site.h"
#include "config/yaml.h"

/* Fills hosts, and adds their listeners and mounts to those of the site; node may be NULL.
 * Everything wrong is added to errors. */
void host_list_load(struct site *site, const struct node *node, struct config_errors *errors);

#endif
