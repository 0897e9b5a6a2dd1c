#include "config/load.h"
#include "config/listen.h"
#include "config/resources.h"
#include "config/pairs.h"
#include "config/schema_site.h"

#include <string.h>

#define LISTENERS_MAX 64

static const struct config_place nowhere;

/* --- listen --------------------------------------------------------------- */

static bool is_taken(const struct site_listener *a, const struct site_listener *b)
{
	if (a->passed || b->passed)
		return a->passed && b->passed && !strcmp(a->passed, b->passed);
	return b->addr.port && addr_eq(&a->addr, &b->addr);
}

/* Listeners at one address and port would take each other's datagrams; port 0
 * is another port each time. */
static void refuse_taken(const struct site_listener *all, size_t n,
			 const struct site_listener *new, struct config_errors *errors)
{
	char other[PLACE_TEXT];

	for (size_t i = 0; i < n; i++)
		if (is_taken(&all[i], new)) {
			errors_add(errors, new->at,
				   "listen: %s is there twice, before that in %s",
				   new->text, place_other(all[i].at, new->at.file, other));
			return;
		}
}

static void add_listener(struct site *site, struct site_listener *all, const char *text,
			 struct config_place at, struct config_errors *errors)
{
	struct site_listener *new = &all[site->nlisteners];
	struct err err;

	if (site->nlisteners == LISTENERS_MAX) {
		errors_add(errors, at, "listen: more than %d", LISTENERS_MAX);
		return;
	}
	if (listen_read(text, new, &err) != 0) {
		errors_add(errors, at, "listen: %s", err.text);
		return;
	}
	new->text = text;
	new->at = at;
	refuse_taken(all, site->nlisteners, new, errors);
	site->nlisteners++;
}

static void load_listeners(struct site *site, const struct config_row *row,
			   const struct node *node, struct config_errors *errors)
{
	struct site_listener *all = pool_array(site->pool, LISTENERS_MAX, sizeof *all);

	site->listeners = all;
	if (!node) {
		add_listener(site, all, row->deflt, nowhere, errors);
		return;
	}
	if (node->kind == NODE_TEXT) {
		add_listener(site, all, node->text, node->at, errors);
		return;
	}
	if (node->kind == NODE_WRONG)
		return;
	if (node->kind != NODE_LIST || !node->count) {
		errors_add(errors, node->at, "listen: must be a list of URIs, not %s",
			   node->count ? node_kind_name(node->kind) : "nothing");
		return;
	}
	for (const struct node *m = node->first; m; m = m->next)
		if (m->kind == NODE_TEXT)
			add_listener(site, all, m->text, m->at, errors);
		else if (m->kind != NODE_WRONG)
			errors_add(errors, m->at, "listen: must be a URI, not %s",
				   node_kind_name(m->kind));
}

/* --- sections ------------------------------------------------------------- */

static void load_section(struct site *site, const struct schema_section *section,
			 const struct node *node, struct config_errors *errors)
{
	struct pairs pairs = pairs_of(site->pool, node, section->rows, section->nrows,
				      errors);

	config_apply_rows(section->rows, section->nrows, site, pairs.list, pairs.n,
			  node ? node->at : nowhere, errors);
}

static const struct node *member(const struct node *map, const char *key)
{
	for (const struct node *m = map->first; m; m = m->next)
		if (strcmp(m->key, key) == 0)
			return m;
	return NULL;
}

static void load_foreign(struct site *site, const struct config_row *row,
			 const struct node *node, struct config_errors *errors)
{
	if (strcmp(row->type, "listen") == 0)
		load_listeners(site, row, node, errors);
	else if (strcmp(row->type, "include") == 0)
		return;         /* it is done (include.c) */
	else if (strcmp(row->type, "resources") == 0)
		resources_load(site, node, errors);
	else
		load_section(site, schema_site_find(row->name), node, errors);
}

/* Nothing that would have to be encoded in a URI, nor its end in a link. */
static bool stands_in_link(const char *uri)
{
	for (const unsigned char *p = (const unsigned char *)uri; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("<>\"\\^`{|}", *p))
			return false;
	return true;
}

/* What one row alone cannot tell. */
static void check_whole(const struct site *site, const struct node *root,
			struct config_errors *errors)
{
	if (site->slots && site->workers > site->slots)
		errors_add(errors, member(root, "workers")->at,
			   "workers: %u workers need as many slots, there are %u",
			   site->workers, site->slots);
	if (site->impl_info && !stands_in_link(site->impl_info))
		errors_add(errors, member(root, "impl-info")->at,
			   "impl-info: a character that no URI has");
}

/* Of all members: whatever is wrong later can be told where it stands. */
static void keep_places(struct site *site, const struct node *root)
{
	struct config_pair *given = pool_array(site->pool, root->count + 1, sizeof *given);

	for (const struct node *m = root->first; m; m = m->next)
		given[site->ngiven++] = (struct config_pair){
			.key = m->key, .value = m->kind == NODE_TEXT ? m->text : NULL,
			.key_at = m->key_at,
			.value_at = m->kind == NODE_TEXT ? m->at : m->key_at,
		};
	site->given = given;
}

void load_site(struct site *site, const struct node *root, struct config_errors *errors)
{
	const struct schema_section *top = &schema_site[0];

	keep_places(site, root);
	load_section(site, top, root, errors);
	for (size_t i = 0; i < top->nrows; i++)
		if (schema_foreign(&top->rows[i]))
			load_foreign(site, &top->rows[i], member(root, top->rows[i].name),
				     errors);
	check_whole(site, root, errors);
}
