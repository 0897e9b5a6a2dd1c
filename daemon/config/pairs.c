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

/* Everything from p on makes room for, or closes up to, what it becomes. */
static void replace(char *text, size_t cap, char *p, size_t n, const char *by)
{
	size_t most = cap - 1 - (size_t)(p - text), len = strlen(by), rest = strlen(p + n);

	len = len < most ? len : most;
	rest = rest < most - len ? rest : most - len;
	memmove(p + len, p + n, rest);
	memcpy(p, by, len);
	p[len + rest] = '\0';
}

void pairs_hide(const struct config_pair *list, size_t n, char *text, size_t cap)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = list[i].value, *by = list[i].written;
		char *p = text;

		if (!by || !*value)
			continue;
		while ((p = strstr(p, value))) {
			replace(text, cap, p, strlen(value), by);
			p += strnlen(by, strlen(p));
		}
	}
}
