#include "config/load.h"
#include "config/host_list.h"
#include "config/listeners.h"
#include "config/resources.h"
#include "config/pairs.h"
#include "config/pool.h"
#include "config/schema_site.h"

#include <string.h>

static const struct config_place nowhere;

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
		listeners_load(site, node, 0, errors);
	else if (strcmp(row->type, "include") == 0)
		return;         /* it is done (include.c) */
	else if (strcmp(row->type, "resources") == 0)
		resources_load(site, node, 0, errors);
	else if (strcmp(row->type, "hosts") == 0)
		host_list_load(site, node, errors);
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

/* With or without a port, and as that is told apart from the address: with brackets. */
static bool is_server(const char *word, size_t n)
{
	char text[ADDR_TEXT];
	struct addr addr;

	if (n == 0 || n + 3 > sizeof text || (word[0] == ':' && word[1] != ':'))
		return false;
	snprintf(text, sizeof text, "%.*s", (int)n, word);
	if (addr_parse(text, &addr) == 0)
		return true;
	snprintf(text, sizeof text, "[%.*s]", (int)n, word);
	return addr_parse(text, &addr) == 0;
}

static void check_dns(const struct site *site, struct config_errors *errors)
{
	const char *word = site->dns;

	while (word && *word) {
		size_t n = strcspn(word, ",");

		if (!is_server(word, n))
			errors_add(errors, site_place(site, "dns"), "dns: \"%.*s\" is no address of a "
				   "DNS server, as in 192.0.2.53,[2001:db8::53]:5353", (int)n, word);
		word += n + (word[n] == ',');
	}
}

static void check_paths(const struct site *site, struct config_errors *errors)
{
	const char *word = site->access_paths + strspn(site->access_paths, " ");

	while (*word) {
		size_t n = strcspn(word, " ");

		if (*word != '/')
			errors_add(errors, site_place(site, "access-log.paths"), "access-log.paths: "
				   "\"%.*s\" is no path, which begins with /", (int)n, word);
		word += n + strspn(word + n, " ");
	}
}

/* One that does not fit is NULL, and told already. */
static void check_files(const struct site *site, struct config_errors *errors)
{
	const char *access = site->access_file, *log = site->log_file;

	if (access && *access && *access != '/' && strcmp(access, "-"))
		errors_add(errors, site_place(site, "access-log.file"), "access-log.file: %.200s is "
			   "no absolute path, and not -", access);
	if (log && *log && *log != '/')
		errors_add(errors, site_place(site, "log.file"), "log.file: %.200s is no absolute "
			   "path", log);
	else if (log && *log && site->log_to != LOG_TO_AUTO)
		errors_add(errors, site_place(site, "log.file"), "log.file: log.to names another "
			   "place; leave out one of them");
	if (site->access_paths)
		check_paths(site, errors);
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
	check_files(site, errors);
	check_dns(site, errors);
}

static const char *key_within(struct pool *pool, const char *section, const char *key)
{
	size_t n = strlen(section);
	char *full = pool_get(pool, n + strlen(key) + 2);

	memcpy(full, section, n);
	full[n] = '.';
	strcpy(full + n + 1, key);
	return full;
}

static void keep_place(struct config_pair *at, const char *key, const struct node *m)
{
	bool here = m->kind == NODE_NONE || (m->kind == NODE_MAP && schema_site_find(key));

	*at = (struct config_pair){
		.key = key, .value = m->kind == NODE_TEXT ? m->text : NULL, .key_at = m->key_at,
		.value_at = here ? m->key_at : m->at,
	};
}

/* Of all settings: whatever is wrong later can be told where it stands. */
static void keep_places(struct site *site, const struct node *root)
{
	struct config_pair *given;
	size_t n = root->count;

	for (const struct node *m = root->first; m; m = m->next)
		n += schema_site_find(m->key) ? m->count : 0;
	given = pool_array(site->pool, n + 1, sizeof *given);
	for (const struct node *m = root->first; m; m = m->next) {
		keep_place(&given[site->ngiven++], m->key, m);
		if (m->kind != NODE_MAP || !schema_site_find(m->key))
			continue;
		for (const struct node *k = m->first; k; k = k->next)
			keep_place(&given[site->ngiven++], key_within(site->pool, m->key, k->key), k);
	}
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
	if (!site->nlisteners && !member(root, "listen"))
		listeners_default(site, schema_find(top->rows, top->nrows, "listen")->deflt,
				  errors);
	check_whole(site, root, errors);
}
