/* yaml.h - a YAML text as a tree that knows where everything stood.
 *
 * All values are kept as text: what "2" or "yes" means is for the row to say.
 * YAML's machinery for sharing and typing (anchors, aliases, tags, several
 * documents) is refused, so a tree is never larger than its text.  The tree
 * lives in the pool. */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include "config/errors.h"
#include "config/pool.h"

#include <stdbool.h>
#include <stddef.h>

#define YAML_DEPTH 32
#define YAML_BYTES ((size_t)1 << 20)

enum node_kind {
	NODE_NONE, NODE_TEXT, NODE_LIST, NODE_MAP,
	NODE_WRONG      /* a value that an error tells about already */
};

/* "nothing", "a single value", "a list", "a mapping" */
const char *node_kind_name(enum node_kind kind);

struct node {
	enum node_kind kind;
	struct config_place at;
	const char *text;               /* of NODE_TEXT, no zero byte in it */
	const char *written;            /* the same before variables were put in; else NULL */
	const char *key;                /* of a member of a mapping, else NULL */
	struct config_place key_at;
	struct node *first, *next;      /* first member of this, next one beside this */
	size_t count;                   /* members */
	bool again;                     /* has the key of an earlier one, to be dropped */
};

/* Reads a file's text, at most YAML_BYTES; places point to the file.  NULL when it
 * could not go on; NODE_NONE for an empty one; a tree when errors grew all the same is good for finding more mistakes only. */
struct node *yaml_read(struct pool *pool, const struct config_file *file,
		       struct config_errors *errors);

#endif
