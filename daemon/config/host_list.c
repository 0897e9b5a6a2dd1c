#include "config/host_list.h"
#include "base/utf8.h"
#include "config/listeners.h"
#include "config/pairs.h"
#include "config/resources.h"
#include "config/schema_site.h"
#include "config/value.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NAME_BYTES 255u         /* of a Uri-Host (RFC 7252, 5.10) */

/* --- names ------------------------------------------------------------------ */

/* As it stands in Uri-Host, decoded; neither port nor path belong to it. */
static bool is_name(const char *p, size_t n)
{
	if (n == 0 || n > NAME_BYTES || !utf8_valid(p, n))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] < 0x80 && !isalnum((unsigned char)p[i]) &&
		    !memchr("-._~", p[i], 4))
			return false;
	return true;
}

static bool has_word(const char *words, const char *p, size_t n)
{
	for (; *words; words += *words == ' ') {
		size_t len = strcspn(words, " ");

		if (len == n && strncasecmp(words, p, n) == 0)
			return true;
		words += len;
	}
	return false;
}

static bool is_called(const struct site_host *host, const char *p, size_t n)
{
	return (strlen(host->name) == n && strncasecmp(host->name, p, n) == 0) ||
	       (host->aliases && has_word(host->aliases, p, n));
}

static void check_name(const struct site *site, const struct site_host *host, const char *p,
		       size_t n, struct config_place at, struct config_errors *errors)
{
	char quoted[VALUE_QUOTE], other[PLACE_TEXT];

	value_quote(p, n, quoted);
	if (!is_name(p, n)) {
		errors_add(errors, at, "hosts: %s is no name of a host", quoted);
		return;
	}
	for (size_t i = 0; i < site->nhosts; i++)
		if (is_called(&site->hosts[i], p, n)) {
			errors_add(errors, at, "hosts: %s is there twice, before that in %s", quoted,
				   place_other(site->hosts[i].at, at.file, other));
			return;
		}
	if (p != host->name && strlen(host->name) == n && strncasecmp(host->name, p, n) == 0)
		errors_add(errors, at, "aliases: %s is the name of the host itself", quoted);
}

static void check_aliases(const struct site *site, const struct site_host *host,
			  struct config_place at, struct config_errors *errors)
{
	const char *p = host->aliases;

	while (p && *p) {
		size_t n = strcspn(p, " ");

		check_name(site, host, p, n, at, errors);
		p += n;
		/* One that ends with a space has an empty name behind it. */
		if (*p && !*++p)
			check_name(site, host, p, 0, at, errors);
	}
}

/* --- one host --------------------------------------------------------------- */

static const struct node *member(const struct node *map, const char *key)
{
	for (const struct node *m = map->first; m; m = m->next)
		if (strcmp(m->key, key) == 0)
			return m;
	return NULL;
}

static void load_host(struct site *site, struct site_host *host, const struct node *node,
		      struct config_errors *errors)
{
	uint32_t number = (uint32_t)site->nhosts + 1;
	size_t listeners = site->nlisteners;
	struct pairs pairs = pairs_of(site->pool, node, schema_host.rows, schema_host.nrows, errors);

	host->name = node->key;
	host->at = node->key_at;
	config_apply_rows(schema_host.rows, schema_host.nrows, host, pairs.list, pairs.n, host->at,
			  errors);
	check_name(site, host, host->name, strlen(host->name), host->at, errors);
	check_aliases(site, host, pairs.n ? pairs.list[0].value_at : host->at, errors);
	if (node->kind != NODE_MAP)
		return;
	listeners_load(site, member(node, "listen"), number, errors);
	host->bound = site->nlisteners > listeners;
	if (!member(node, "resources") || !member(node, "resources")->count)
		errors_add(errors, host->at, "hosts: nothing is served for this one, it needs "
			   "resources");
	else
		resources_load(site, member(node, "resources"), number, errors);
}

void host_list_load(struct site *site, const struct node *node, struct config_errors *errors)
{
	struct site_host *hosts;

	if (!node || node->kind == NODE_WRONG)
		return;
	if (node->kind != NODE_MAP) {
		errors_add(errors, node->at, "hosts: must be a mapping (name: what is there), not %s",
			   node_kind_name(node->kind));
		return;
	}
	hosts = pool_array(site->pool, node->count + 1, sizeof *hosts);
	site->hosts = hosts;
	for (const struct node *m = node->first; m; m = m->next, site->nhosts++)
		load_host(site, &hosts[site->nhosts], m, errors);
}
