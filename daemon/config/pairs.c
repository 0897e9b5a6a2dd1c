#include "config/pairs.h"
#include "config/value.h"

#include <string.h>

static void add_pair(struct pairs *pairs, const struct node *m, const char *value)
{
	pairs->list[pairs->n++] = (struct config_pair){ m->key, value, m->key_at, m->at };
}

static void not_a_value(const struct node *m, struct config_errors *errors)
{
	char quoted[VALUE_QUOTE];

	errors_add(errors, m->kind == NODE_NONE ? m->key_at : m->at,
		   "%s must have a single value, not %s",
		   value_quote(m->key, strlen(m->key), quoted), node_kind_name(m->kind));
}

struct pairs pairs_of(struct pool *pool, const struct node *node,
		      const struct config_row *rows, size_t nrows,
		      struct config_errors *errors)
{
	struct pairs pairs = { NULL, 0 };

	if (!node)
		return pairs;
	if (node->kind != NODE_MAP) {
		errors_add(errors, node->at, "%s: must be a mapping (key: value), not %s",
			   node->key, node_kind_name(node->kind));
		return pairs;
	}
	pairs.list = pool_array(pool, node->count + 1, sizeof *pairs.list);
	for (const struct node *m = node->first; m; m = m->next) {
		const struct config_row *row = schema_find(rows, nrows, m->key);

		if (row && schema_foreign(row))
			continue;
		if (m->kind == NODE_TEXT)
			add_pair(&pairs, m, m->text);
		else if (rows && !row)
			add_pair(&pairs, m, "");        /* to be told as unknown */
		else
			not_a_value(m, errors);
	}
	return pairs;
}
