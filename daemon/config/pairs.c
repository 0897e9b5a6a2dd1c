#include "config/pairs.h"
#include "config/value.h"

#include <string.h>

/* What is of a module is not shown if it may be secret. */
static void add_pair(struct pairs *pairs, const struct node *m, const char *value, bool shown)
{
	pairs->list[pairs->n++] = (struct config_pair){
		.key = m->key, .value = value, .key_at = m->key_at, .value_at = m->at,
		.written = shown ? NULL : m->written,
	};
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

	if (!node || node->kind == NODE_WRONG)
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
			add_pair(&pairs, m, m->text, rows);
		else if (m->kind == NODE_WRONG)
			add_pair(&pairs, m, NULL, true);
		else if (rows && !row)
			add_pair(&pairs, m, "", true);        /* to be told as unknown */
		else
			not_a_value(m, errors);
	}
	return pairs;
}

struct veil *pairs_veils(struct pool *pool, const struct config_pair *list, size_t n, size_t *count)
{
	struct veil *veils = pool_array(pool, n + 1, sizeof *veils);

	*count = 0;
	for (size_t i = 0; i < n; i++)
		if (list[i].written && list[i].value)
			veils[(*count)++] = (struct veil){ list[i].value, list[i].written };
	return veils;
}
