#include "config/emit.h"
#include "config/schema_site.h"
#include "config/site.h"
#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- text ----------------------------------------------------------------- */

static bool plain_is_safe(const char *text)
{
	static const char *const nothing[] = { "null", "Null", "NULL" };

	for (size_t i = 0; i < 3; i++)
		if (strcmp(text, nothing[i]) == 0)
			return false;
	if (!isalnum((unsigned char)*text) && *text != '/')
		return false;
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p >= 0x80 ||
		    (!isalnum((unsigned char)*p) && !strchr("/._%-", *p)))
			return false;
	return true;
}

/* Characters that YAML takes as they are, line ends and marks left out. */
static bool shown_as_is(uint32_t c)
{
	if (c < 0xa0)
		return c >= 0x20 && c <= 0x7e;
	return c != 0x2028 && c != 0x2029 && c != 0xfeff && c != 0xfffe && c != 0xffff;
}

void emit_text(FILE *out, const char *text)
{
	size_t n = strlen(text);
	uint32_t c;

	if (plain_is_safe(text)) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (size_t len; n && (len = utf8_next(text, n, &c)); text += len, n -= len) {
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (int)c);
		else if (shown_as_is(c))
			fwrite(text, 1, len, out);
		else
			fprintf(out, "\\U%08" PRIX32, c);
	}
	fputc('"', out);
}

void emit_value(FILE *out, const char *text)
{
	char *doubled = NULL;
	size_t n = 0;
	FILE *f = strstr(text, "${") ? open_memstream(&doubled, &n) : NULL;

	if (!f) {
		emit_text(out, text);
		return;
	}
	for (const char *p = text; *p; p++)
		if (p[0] == '$' && p[1] == '{')
			fputs("$$", f);
		else
			fputc(*p, f);
	fclose(f);
	emit_text(out, doubled);
	free(doubled);
}

/* --- the site ------------------------------------------------------------- */

static void emit_row(FILE *out, const char *indent, const struct config_row *row,
		     const void *base)
{
	char buf[SCHEMA_TEXT];

	fprintf(out, "%s%s: ", indent, row->name);
	emit_value(out, schema_print(row, base, buf));
	fputc('\n', out);
}

static void emit_section(FILE *out, const char *name, const struct site *site)
{
	const struct schema_section *section = schema_site_find(name);

	fprintf(out, "%s:\n", name);
	for (size_t i = 0; i < section->nrows; i++)
		emit_row(out, "  ", &section->rows[i], site);
}

static void emit_listeners(FILE *out, const char *indent, const struct site *site, uint32_t host)
{
	bool any = false;

	for (size_t i = 0; i < site->nlisteners; i++) {
		if (site->listeners[i].host != host)
			continue;
		fprintf(out, "%s%s%s  - ", any ? "" : indent, any ? "" : "listen:\n", indent);
		emit_value(out, site->listeners[i].text);
		fputc('\n', out);
		any = true;
	}
}

/* What is being written, and where. */
struct emit {
	FILE *out;
	const struct site *site;
	const struct site_rows *known;  /* of each mount; NULL: of none */
	bool plain;                     /* what may be secret too */
};

static bool is_given(const struct site_mount *mount, const char *key)
{
	for (size_t i = 0; i < mount->noptions; i++)
		if (strcmp(mount->options[i].key, key) == 0)
			return true;
	return false;
}

static void emit_option(FILE *out, const char *indent, const char *key, const char *written,
			const char *value)
{
	fprintf(out, "%s    ", indent);
	emit_text(out, key);
	fputs(": ", out);
	if (written)
		emit_text(out, written);
	else
		emit_value(out, value);
	fputc('\n', out);
}

/* As they are written; what is not given has the default of its row. */
static void emit_options(const struct emit *e, const char *indent, size_t i)
{
	const struct site_mount *mount = &e->site->mounts[i];

	for (size_t k = 0; k < mount->noptions; k++) {
		const struct config_pair *o = &mount->options[k];

		emit_option(e->out, indent, o->key, e->plain ? NULL : o->written, o->value);
	}
	for (size_t k = 0; e->known && k < e->known[i].n; k++) {
		const struct config_row *row = &e->known[i].rows[k];

		if (row->deflt && !is_given(mount, row->name))
			emit_option(e->out, indent, row->name, NULL, row->deflt);
	}
}

static void emit_mount(const struct emit *e, const char *indent, size_t i)
{
	const struct site_mount *mount = &e->site->mounts[i];
	FILE *out = e->out;
	char deeper[16];

	fprintf(out, "%s  ", indent);
	emit_text(out, mount->path);
	fputs(":\n", out);
	snprintf(deeper, sizeof deeper, "%s    ", indent);
	for (size_t k = 0; k < schema_mount.nrows; k++)
		if (!schema_foreign(&schema_mount.rows[k]))
			emit_row(out, deeper, &schema_mount.rows[k], mount);
	fprintf(out, "%slink:\n", deeper);
	snprintf(deeper, sizeof deeper, "%s      ", indent);
	for (size_t k = 0; k < schema_link.nrows; k++)
		emit_row(out, deeper, &schema_link.rows[k], &mount->link);
	emit_options(e, indent, i);
}

static void emit_mounts(const struct emit *e, const char *indent, uint32_t host)
{
	bool any = false;

	for (size_t i = 0; i < e->site->nmounts; i++) {
		if (e->site->mounts[i].host != host)
			continue;
		if (!any)
			fprintf(e->out, "%sresources:\n", indent);
		emit_mount(e, indent, i);
		any = true;
	}
	if (!any)
		fprintf(e->out, "%sresources: {}\n", indent);
}

static void emit_hosts(const struct emit *e)
{
	const struct site *site = e->site;
	FILE *out = e->out;

	if (site->nhosts)
		fputs("hosts:\n", out);
	for (size_t i = 0; i < site->nhosts; i++) {
		const struct site_host *host = &site->hosts[i];

		fputs("  ", out);
		emit_text(out, host->name);
		fputs(":\n", out);
		emit_row(out, "    ", &schema_host.rows[0], host);
		emit_listeners(out, "    ", site, (uint32_t)i + 1);
		emit_mounts(e, "    ", (uint32_t)i + 1);
	}
}

static int emit_site(const struct emit e)
{
	const struct schema_section *top = &schema_site[0];
	const struct site *site = e.site;
	FILE *out = e.out;

	for (size_t i = 0; i < top->nrows; i++) {
		const struct config_row *row = &top->rows[i];

		if (strcmp(row->type, "listen") == 0)
			emit_listeners(out, "", site, 0);
		else if (strcmp(row->type, "resources") == 0)
			emit_mounts(&e, "", 0);
		else if (strcmp(row->type, "hosts") == 0)
			emit_hosts(&e);
		else if (strcmp(row->type, "include") == 0)
			continue;       /* what they say is all there */
		else if (schema_foreign(row))
			emit_section(out, row->name, site);
		else
			emit_row(out, "", row, site);
	}
	return fflush(out) == 0 && !ferror(out) ? 0 : -(errno ? errno : EIO);
}

int site_dump_with(const struct site *site, const struct site_rows *known, FILE *out)
{
	return emit_site((struct emit){ .out = out, .site = site, .known = known });
}

int site_dump(const struct site *site, FILE *out)
{
	return site_dump_with(site, NULL, out);
}

int site_dump_plain(const struct site *site, FILE *out)
{
	return emit_site((struct emit){ .out = out, .site = site, .plain = true });
}
