#include "config/resources.h"
#include "base/nearest.h"
#include "config/pairs.h"
#include "config/path.h"
#include "config/schema_site.h"
#include "config/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTION_BYTES 64

struct loading {
	struct pool *pool;
	struct config_errors *errors;
};

/* --- module --------------------------------------------------------------- */

/* The name becomes part of a file name, so it is nothing but a name. */
static void set_module(struct loading *l, struct site_mount *mount, const struct node *node)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const struct config_row *row = &schema_mount.rows[0];
	char quoted[VALUE_QUOTE];
	struct err err;

	mount->module_at = node->at;
	if (node->kind == NODE_WRONG)
		return;
	if (node->kind != NODE_TEXT)
		errors_add(l->errors, node->at, "module: must be a name, not %s",
			   node_kind_name(node->kind));
	else if (schema_store(row, node->text, mount, &err) != 0)
		errors_add(l->errors, node->at, "module: %s", err.text);
	else if (node->text[strspn(node->text, letters)]) {
		mount->module = NULL;
		errors_add(l->errors, node->at, "module: %s is not a name "
			   "(small letters, digits, \"-\" and \"_\")",
			   value_quote(node->text, strlen(node->text), quoted));
	}
}

/* Another row of the mount's own that is a single value. */
static void set_value(struct loading *l, struct site_mount *mount,
		      const struct config_row *row, const struct node *node)
{
	struct err err;

	if (node->kind != NODE_TEXT)
		errors_add(l->errors, node->at, "%s: must be a single value, not %s", row->name,
			   node_kind_name(node->kind));
	else if (schema_store(row, node->text, mount, &err) != 0)
		errors_add(l->errors, node->at, "%s: %s", row->name, err.text);
}

/* --- link ----------------------------------------------------------------- */

/* What cannot stand in a link even between quotes. */
static const char *bad_for_link(const char *text, bool words)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			return "a control character";
		if (words && (*p == '"' || *p == '\\'))
			return "a quote or backslash";
	}
	return NULL;
}

/* The least word list: no space at either end and no two in a row. */
static bool spaced_well(const char *text)
{
	size_t n = strlen(text);

	return !n || (*text != ' ' && text[n - 1] != ' ' && !strstr(text, "  "));
}

static void check_link_text(struct loading *l, const struct config_pair *pair)
{
	bool words = strcmp(pair->key, "title") != 0;
	const char *bad = bad_for_link(pair->value, words);

	if (strcmp(pair->key, "sz") == 0 && strchr(pair->value, ' '))
		errors_add(l->errors, pair->value_at, "sz: one number is possible");
	else if (bad)
		errors_add(l->errors, pair->value_at, "%s: %s cannot be part of a link",
			   pair->key, bad);
	else if (words && !spaced_well(pair->value))
		errors_add(l->errors, pair->value_at,
			   "%s: words are separated by one space each", pair->key);
}

static void load_link(struct loading *l, struct site_mount *mount, const struct node *node)
{
	struct pairs pairs = pairs_of(l->pool, node, schema_link.rows, schema_link.nrows,
				      l->errors);

	if (config_apply_rows(schema_link.rows, schema_link.nrows, &mount->link, pairs.list,
			      pairs.n, mount->at, l->errors))
		for (size_t i = 0; i < pairs.n; i++)
			if (pairs.list[i].value)
				check_link_text(l, &pairs.list[i]);
}

/* --- one mount ------------------------------------------------------------ */

static bool below_wellknown_core(const struct path *path)
{
	return path->nsegments >= 2 && strcmp(path->segments[0], ".well-known") == 0 &&
	       strcmp(path->segments[1], "core") == 0;
}

static void set_path(struct loading *l, struct site_mount *mount, const struct node *node)
{
	char quoted[VALUE_QUOTE];
	struct path path;
	struct err err;

	mount->at = node->key_at;
	value_quote(node->key, strlen(node->key), quoted);
	if (path_read(l->pool, node->key, &path, &err) != 0) {
		errors_add(l->errors, node->key_at, "resources: %s: %s", quoted, err.text);
		return;
	}
	if (below_wellknown_core(&path))
		errors_add(l->errors, node->key_at,
			   "resources: /.well-known/core is built in, nothing can be "
			   "mounted there");
	mount->path = path.text;
	mount->segments = path.segments;
	mount->nsegments = path.nsegments;
}

static void no_module(struct loading *l, const struct site_mount *mount,
		      const struct node *node)
{
	struct nearest nearest = { .wanted = "module" };
	char quoted[VALUE_QUOTE], shown[VALUE_QUOTE];

	for (const struct node *m = node->first; m; m = m->next)
		nearest_offer(&nearest, m->key);
	value_quote(node->key, strlen(node->key), quoted);
	if (nearest.best)
		errors_add(l->errors, mount->at,
			   "resources: %s has no module, is %s a slip of the pen?", quoted,
			   value_quote(nearest.best, strlen(nearest.best), shown));
	else
		errors_add(l->errors, mount->at, "resources: %s has no module", quoted);
}

/* No module has such rows; and a key must fit in a line of the dump. */
static void refuse_long_keys(struct loading *l, const struct node *members)
{
	for (const struct node *m = members->first; m; m = m->next)
		if (strlen(m->key) > OPTION_BYTES)
			errors_add(l->errors, m->key_at, "a key of more than %d bytes",
				   OPTION_BYTES);
}

/* Everything that has no row of the mount is for the module. */
static void load_members(struct loading *l, struct site_mount *mount,
			 const struct node *node)
{
	struct node rest = { .kind = NODE_MAP, .at = node->at };
	struct node **end = &rest.first;
	const struct node *module = NULL, *link = NULL;
	struct pairs pairs;

	for (const struct node *m = node->first; m; m = m->next) {
		const struct config_row *own = schema_find(schema_mount.rows,
							   schema_mount.nrows, m->key);

		if (strcmp(m->key, "module") == 0) {
			module = m;
		} else if (strcmp(m->key, "link") == 0) {
			link = m;
		} else if (own) {
			set_value(l, mount, own, m);
		} else {
			*end = pool_get(l->pool, sizeof **end);
			**end = *m;
			(*end)->next = NULL;
			end = &(*end)->next;
			rest.count++;
		}
	}
	refuse_long_keys(l, &rest);
	pairs = pairs_of(l->pool, &rest, NULL, 0, l->errors);
	mount->options = pairs.list;
	mount->noptions = pairs.n;
	load_link(l, mount, link);
	if (module)
		set_module(l, mount, module);
	else
		no_module(l, mount, node);
}

static void load_mount(struct loading *l, struct site_mount *mount, const struct node *node)
{
	set_path(l, mount, node);
	if (node->kind == NODE_MAP) {
		load_members(l, mount, node);
		return;
	}
	load_link(l, mount, NULL);
	set_module(l, mount, node);
}

/* --- all of them ---------------------------------------------------------- */

static int by_path(const void *a, const void *b)
{
	const struct site_mount *x = *(const struct site_mount *const *)a;
	const struct site_mount *y = *(const struct site_mount *const *)b;
	int order = strcmp(x->path, y->path);

	return order ? order : x < y ? -1 : 1;
}

static void refuse_duplicates(struct loading *l, const struct site_mount *mounts, size_t n)
{
	const struct site_mount **sorted = pool_array(l->pool, n + 1, sizeof *sorted);
	char other[PLACE_TEXT];
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (mounts[i].path)
			sorted[kept++] = &mounts[i];
	qsort(sorted, kept, sizeof *sorted, by_path);
	for (size_t i = 1; i < kept; i++)
		if (strcmp(sorted[i - 1]->path, sorted[i]->path) == 0)
			errors_add(l->errors, sorted[i]->at,
				   "resources: path %.60s is there twice, before that in %s",
				   sorted[i]->path,
				   place_other(sorted[i - 1]->at, sorted[i]->at.file, other));
}

/* More mistakes can be found in those that have a path and a module. */
static size_t keep_whole(struct site_mount *mounts, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (mounts[i].path && mounts[i].module)
			mounts[kept++] = mounts[i];
	return kept;
}

/* Room for more behind those that are there. */
static struct site_mount *more_mounts(struct site *site, size_t n)
{
	struct site_mount *all = pool_array(site->pool, site->nmounts + n + 1, sizeof *all);

	if (site->nmounts)
		memcpy(all, site->mounts, site->nmounts * sizeof *all);
	site->mounts = all;
	return all + site->nmounts;
}

static const char *with_host(struct site *site, const struct site_mount *mount)
{
	const char *host = mount->path ? site_host_name(site, mount->host) : NULL;
	char *text;

	if (!host)
		return NULL;
	text = pool_get(site->pool, strlen(host) + strlen(mount->path) + 3);
	sprintf(text, "//%s%s", host, mount->path);
	return text;
}

void resources_load(struct site *site, const struct node *resources, uint32_t host,
		    struct config_errors *errors)
{
	struct loading l = { site->pool, errors };
	struct site_mount *mounts;
	size_t n = 0;

	if (!resources || resources->kind == NODE_WRONG)
		return;
	if (resources->kind != NODE_MAP) {
		errors_add(errors, resources->at,
			   "resources: must be a mapping (path: module), not %s",
			   node_kind_name(resources->kind));
		return;
	}
	mounts = more_mounts(site, resources->count);
	for (const struct node *m = resources->first; m; m = m->next) {
		mounts[n].host = host;
		load_mount(&l, &mounts[n], m);
		mounts[n].shown = with_host(site, &mounts[n]);
		n++;
	}
	refuse_duplicates(&l, mounts, n);
	site->nmounts += errors->count ? keep_whole(mounts, n) : n;
}
