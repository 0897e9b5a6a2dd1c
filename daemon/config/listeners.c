#include "config/listeners.h"
#include "config/listen.h"

#include <string.h>

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

/* The array is the pool's, and constant for all who look at the site. */
static struct site_listener *all_of(struct site *site)
{
	if (!site->listeners)
		site->listeners = pool_array(site->pool, SITE_LISTENERS_MAX, sizeof *site->listeners);
	return (struct site_listener *)site->listeners;
}

static void add_listener(struct site *site, uint32_t host, const char *text,
			 struct config_place at, struct config_errors *errors)
{
	struct site_listener *all = all_of(site), *new = &all[site->nlisteners];
	struct err err;

	if (site->nlisteners == SITE_LISTENERS_MAX) {
		errors_add(errors, at, "listen: more than %d are not possible; [::] stands for "
			   "all addresses", SITE_LISTENERS_MAX);
		return;
	}
	if (listen_read(text, new, &err) != 0) {
		errors_add(errors, at, "listen: %s", err.text);
		return;
	}
	new->text = text;
	new->at = at;
	new->host = host;
	refuse_taken(all, site->nlisteners, new, errors);
	site->nlisteners++;
}

void listeners_load(struct site *site, const struct node *node, uint32_t host,
		    struct config_errors *errors)
{
	if (!node || node->kind == NODE_WRONG)
		return;
	if (node->kind == NODE_TEXT) {
		add_listener(site, host, node->text, node->at, errors);
		return;
	}
	if (node->kind != NODE_LIST || !node->count) {
		errors_add(errors, node->at, "listen: must be a list of URIs, not %s",
			   node->count ? node_kind_name(node->kind) : "nothing");
		return;
	}
	for (const struct node *m = node->first; m; m = m->next)
		if (m->kind == NODE_TEXT)
			add_listener(site, host, m->text, m->at, errors);
		else if (m->kind != NODE_WRONG)
			errors_add(errors, m->at, "listen: must be a URI, not %s",
				   node_kind_name(m->kind));
}

void listeners_default(struct site *site, const char *uri, struct config_errors *errors)
{
	struct config_place nowhere = { 0 };

	add_listener(site, 0, uri, nowhere, errors);
}
