#include "config/merge.h"
#include "config/value.h"

#include <string.h>

static struct node *find(struct node *map, const char *key)
{
	for (struct node *m = map->first; m; m = m->next)
		if (strcmp(m->key, key) == 0)
			return m;
	return NULL;
}

static void append(struct node *into, struct node *member)
{
	struct node **end = &into->first;

	while (*end)
		end = &(*end)->next;
	member->next = NULL;
	*end = member;
	into->count++;
}

static void refuse(const struct node *first, const struct node *again,
		   struct config_errors *errors)
{
	char quoted[VALUE_QUOTE], other[PLACE_TEXT];

	errors_add(errors, again->key_at, "key %s is there twice, before that in %s",
		   value_quote(again->key, strlen(again->key), quoted),
		   place_other(first->key_at, again->key_at.file, other));
}

/* Both are mappings: of settings, of paths or of hosts. */
static void merge_members(struct node *into, struct node *from, struct config_errors *errors)
{
	struct node *next;

	for (struct node *m = from->first; m; m = next) {
		struct node *there = find(into, m->key);

		next = m->next;
		if (there)
			refuse(there, m, errors);
		else
			append(into, m);
	}
}

/* A single value stands for a list of one. */
static void make_list(struct pool *pool, struct node *node)
{
	struct node *value;

	if (node->kind != NODE_TEXT && node->kind != NODE_WRONG)
		return;
	value = pool_get(pool, sizeof *value);
	*value = *node;
	value->key = NULL;
	value->next = NULL;
	node->kind = NODE_LIST;
	node->first = value;
	node->count = 1;
}

static bool join_lists(struct pool *pool, struct node *into, struct node *from)
{
	struct node *next;

	make_list(pool, into);
	make_list(pool, from);
	if (into->kind != NODE_LIST || from->kind != NODE_LIST)
		return false;
	for (struct node *m = from->first; m; m = next) {
		next = m->next;
		append(into, m);
	}
	return true;
}

void merge_site(struct pool *pool, struct node *into, struct node *from,
		struct config_errors *errors)
{
	struct node *next;

	for (struct node *m = from->first; m; m = next) {
		struct node *there = find(into, m->key);

		next = m->next;
		if (!there)
			append(into, m);
		else if (there->kind == NODE_MAP && m->kind == NODE_MAP)
			merge_members(there, m, errors);
		else if (strcmp(m->key, "listen") != 0 || !join_lists(pool, there, m))
			refuse(there, m, errors);
	}
}
