/* merge.h - the trees of two files of a site as one.  Pure. */
#ifndef CONFIG_MERGE_H
#define CONFIG_MERGE_H

#include "config/yaml.h"

/* Moves the members of from, a mapping, into another one.  Mappings at one key are put
 * together, and so are the lists of "listen"; any other key that both have is an
 * error, and the first one stays. */
void merge_site(struct pool *pool, struct node *into, struct node *from,
		struct config_errors *errors);

#endif
