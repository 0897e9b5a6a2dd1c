#include "config/diff.h"
#include "config/emit.h"
#include "config/refusal.h"
#include "config/schema_site.h"

#include <string.h>
#include <strings.h>

struct diff {
	FILE *out;
	unsigned lines;
	const struct site *a, *b;
};

/* --- rows ----------------------------------------------------------------- */

static void put_change(struct diff *d, const char *a, const char *b, const char *more)
{
	emit_text(d->out, a);
	fputs(" -> ", d->out);
	emit_text(d->out, b);
	fprintf(d->out, "%s\n", more);
	d->lines++;
}

/* What is in the rows' storage; where is "limits." or "/path: link."; of_site: they are of the
 * site itself, so some may have to wait. */
static void diff_rows(struct diff *d, const char *where, const struct schema_section *section,
		      const void *a, const void *b, bool of_site)
{
	for (size_t i = 0; i < section->nrows; i++) {
		const struct config_row *row = &section->rows[i];
		char one[SCHEMA_TEXT], two[SCHEMA_TEXT];
		const char *x = schema_print(row, a, one), *y = schema_print(row, b, two);

		if (schema_foreign(row) || strcmp(x, y) == 0)
			continue;
		fprintf(d->out, "%s%s: ", where, row->name);
		put_change(d, x, y, of_site && refusal_why(section->name, row) ?
			   " (at the next start)" : "");
	}
}

static void diff_sections(struct diff *d, const struct site *a, const struct site *b)
{
	for (size_t i = 0; i < schema_site_count; i++) {
		const struct schema_section *section = &schema_site[i];
		char where[80];

		snprintf(where, sizeof where, "%s%s", section->name, *section->name ? "." : "");
		diff_rows(d, where, section, a, b, true);
	}
}

/* --- listeners -------------------------------------------------------------- */

static bool same_host(const char *x, const char *y)
{
	return x && y ? strcasecmp(x, y) == 0 : x == y;
}

static bool listens(const struct site *site, const struct site_listener *at, const char *host)
{
	for (size_t i = 0; i < site->nlisteners; i++) {
		const struct site_listener *l = &site->listeners[i];

		if (!same_host(site_host_name(site, l->host), host))
			continue;
		if (at->passed || l->passed ? strcmp(l->text, at->text) == 0 :
		    l->scheme == at->scheme && addr_eq(&l->addr, &at->addr))
			return true;
	}
	return false;
}

static void diff_listeners(struct diff *d, const struct site *a, const struct site *b, char sign)
{
	for (size_t i = 0; i < a->nlisteners; i++)
		if (!listens(b, &a->listeners[i], site_host_name(a, a->listeners[i].host))) {
			fprintf(d->out, "%c listen: ", sign);
			emit_text(d->out, a->listeners[i].text);
			fputc('\n', d->out);
			d->lines++;
		}
}

/* --- mounts --------------------------------------------------------------- */

/* The mount of one site that another one has as well. */
static const struct site_mount *find(const struct site *in, const struct site *site,
				     const struct site_mount *like)
{
	const char *host = site_host_name(site, like->host);

	for (size_t i = 0; i < in->nmounts; i++)
		if (strcmp(in->mounts[i].path, like->path) == 0 &&
		    same_host(site_host_name(in, in->mounts[i].host), host))
			return &in->mounts[i];
	return NULL;
}

static const struct config_pair *option(const struct site_mount *m, const char *key)
{
	for (size_t i = 0; i < m->noptions; i++)
		if (strcmp(m->options[i].key, key) == 0)
			return &m->options[i];
	return NULL;
}

/* What may be secret is shown as it is written. */
static const char *shown(const struct config_pair *pair)
{
	return !pair ? "(default)" : pair->written ? pair->written : pair->value;
}

static void diff_option(struct diff *d, const char *path, const char *key,
			const struct config_pair *x, const struct config_pair *y)
{
	if (x && y && strcmp(x->value, y->value) == 0)
		return;
	fprintf(d->out, "%s: %s: ", path, key);
	put_change(d, shown(x), shown(y), "");
}

static void diff_options(struct diff *d, const char *path, const struct site_mount *a,
			 const struct site_mount *b)
{
	for (size_t i = 0; i < a->noptions; i++)
		diff_option(d, path, a->options[i].key, &a->options[i],
			    option(b, a->options[i].key));
	for (size_t i = 0; i < b->noptions; i++)
		if (!option(a, b->options[i].key))
			diff_option(d, path, b->options[i].key, NULL, &b->options[i]);
}

static void diff_mount(struct diff *d, const struct site_mount *a, const struct site_mount *b)
{
	const char *path = site_mount_shown(a);
	char where[1400];

	snprintf(where, sizeof where, "%s: ", path);
	diff_rows(d, where, &schema_mount, a, b, false);
	snprintf(where, sizeof where, "%s: link.", path);
	diff_rows(d, where, &schema_link, &a->link, &b->link, false);
	diff_options(d, path, a, b);
}

static void only_one(struct diff *d, char sign, const struct site_mount *m)
{
	fprintf(d->out, "%c %s: %s\n", sign, site_mount_shown(m), m->module);
	d->lines++;
}

/* Names beside the first one; a host that comes or goes is told by its mounts. */
static void diff_aliases(struct diff *d)
{
	for (size_t i = 0; i < d->a->nhosts; i++)
		for (size_t k = 0; k < d->b->nhosts; k++) {
			const struct site_host *x = &d->a->hosts[i], *y = &d->b->hosts[k];
			char where[400];

			if (!same_host(x->name, y->name))
				continue;
			snprintf(where, sizeof where, "hosts.%s.", x->name);
			diff_rows(d, where, &schema_host, x, y, false);
		}
}

unsigned diff_sites(const struct site *a, const struct site *b, FILE *out)
{
	struct diff d = { .out = out, .a = a, .b = b };

	diff_sections(&d, a, b);
	diff_aliases(&d);
	diff_listeners(&d, a, b, '-');
	diff_listeners(&d, b, a, '+');
	for (size_t i = 0; i < a->nmounts; i++) {
		const struct site_mount *other = find(b, a, &a->mounts[i]);

		if (other)
			diff_mount(&d, &a->mounts[i], other);
		else
			only_one(&d, '-', &a->mounts[i]);
	}
	for (size_t i = 0; i < b->nmounts; i++)
		if (!find(a, b, &b->mounts[i]))
			only_one(&d, '+', &b->mounts[i]);
	return d.lines;
}
