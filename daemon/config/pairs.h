/* pairs.h - the members of a mapping that are a single value, as rows want them. */
#ifndef CONFIG_PAIRS_H
#define CONFIG_PAIRS_H

#include "base/veil.h"
#include "config/schema.h"
#include "config/yaml.h"

struct pairs {
	struct config_pair *list;       /* in the pool */
	size_t n;
};

/* Leaves out the members whose row is a matter of its own ("section").  Members
 * with a row that are not a single value are added to errors and left out too,
 * and so is a node that is no mapping; NULL is an empty one.  Without rows every
 * member must be a single value.  One that is wrong already has a NULL value. */
struct pairs pairs_of(struct pool *pool, const struct node *node,
		      const struct config_row *rows, size_t nrows,
		      struct config_errors *errors);

/* What of these may be secret, and what is written in its place, for veil_text(). */
struct veil *pairs_veils(struct pool *pool, const struct config_pair *list, size_t n,
			 size_t *count);

#endif
