#include "kit/setting.h"

#include <stdio.h>
#include <stdlib.h>

/* The text of a site has a line for each of the script's that makes one, and no other
 * but these:
 *
 *	slots: 1
 *	workers: 1
 *	limits: { waiting: 20 }         site limits: { waiting: 20 }
 *	resources:
 *	  /slow: separate               mount /slow separate
 *
 * so that what is wrong with it can be told by its place in the script. */
static const char head[] = "slots: 1\nworkers: 1\n";
#define HEAD_LINES 2u
#define INDENT 2u

/* ${dir} becomes the directory. */
static void write_yaml(FILE *out, struct span yaml, const char *dir)
{
	static const char word[] = "${dir}";
	const char *p = (const char *)yaml.p, *end = p + yaml.n;

	while (p < end) {
		if (end - p >= (ptrdiff_t)strlen(word) && !memcmp(p, word, strlen(word))) {
			fputs(dir, out);
			p += strlen(word);
		} else {
			fputc(*p++, out);
		}
	}
}

static void write_line(FILE *out, const struct command *c, const char *dir)
{
	if (c->kind == COMMAND_MOUNT)
		fprintf(out, "%*s", INDENT, "");
	fprintf(out, "%s: ", c->key);
	write_yaml(out, c->yaml, dir);
	fputc('\n', out);
}

static void write_pass(FILE *out, const struct script *s, enum command_kind pass,
		       const char *dir)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->command[i].kind == pass)
			write_line(out, &s->command[i], dir);
}

static char *text_of(const struct script *s, const char *dir, size_t *n)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, n);

	if (!out)
		return NULL;
	fputs(head, out);
	write_pass(out, s, COMMAND_SITE, dir);
	fputs(setting_mount(s, 0) ? "resources:\n" : "resources: {}\n", out);
	write_pass(out, s, COMMAND_MOUNT, dir);
	return fclose(out) == 0 ? text : NULL;
}

/* --- places -------------------------------------------------------------------------- */

/* The command whose line in the site this is. */
static const struct command *command_at(const struct script *s, unsigned line)
{
	unsigned at = HEAD_LINES;

	for (size_t i = 0; i < s->n; i++)
		if (s->command[i].kind == COMMAND_SITE && ++at == line)
			return &s->command[i];
	at++;
	for (size_t i = 0; i < s->n; i++)
		if (s->command[i].kind == COMMAND_MOUNT && ++at == line)
			return &s->command[i];
	return NULL;
}

static struct config_place place_of(const struct command *c, unsigned column)
{
	unsigned indent = c->kind == COMMAND_MOUNT ? INDENT : 0;
	unsigned yaml = indent + (unsigned)strlen(c->key) + 3;

	if (column < yaml)
		return place_at(c->line, c->column);
	return place_at(c->line, c->yaml_column + column - yaml);
}

/* One message, which begins with "FILE:LINE:COLUMN: " and may end with another line of
 * the site. */
static void blame(const struct script *s, const struct config_errors *found, unsigned i,
		  struct config_errors *errors)
{
	static const char other[] = ", before that in line ";
	const struct command *c = command_at(s, found->at[i].line), *before = NULL;
	struct config_place at = c ? place_of(c, found->at[i].column) :
				     (struct config_place){ 0 };
	const char *text = found->text[i] + strlen(found->file), *tail;

	text += strspn(text, ":0123456789");
	text += strspn(text, " ");
	tail = strstr(text, other);
	if (tail)
		before = command_at(s, (unsigned)atoi(tail + strlen(other)));
	if (before)
		errors_add(errors, at, "%.*s%s%u", (int)(tail - text), text, other, before->line);
	else
		errors_add(errors, at, "%s", text);
}

void setting_blame(const struct script *s, const struct config_errors *found,
		   struct config_errors *errors)
{
	errors_begin(errors, s->file);
	for (unsigned i = 0; i < found->count; i++)
		blame(s, found, i, errors);
}

const struct command *setting_mount(const struct script *s, size_t nth)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->command[i].kind == COMMAND_MOUNT && nth-- == 0)
			return &s->command[i];
	return NULL;
}

static void cap(uint32_t *limit)
{
	if (*limit > SETTING_LIMIT)
		*limit = SETTING_LIMIT;
}

/* Memory is made anew in each run, and no script comes near these. */
static void cap_limits(struct site_limits *l)
{
	cap(&l->endpoints);
	cap(&l->dedup);
	cap(&l->exchanges);
	cap(&l->waiting);
	cap(&l->messages);
	cap(&l->assemblies);
	cap(&l->bodies);
}

struct site *setting_make(const struct script *s, const char *modules_dir, const char *dir,
			  struct config_errors *errors)
{
	struct config_errors *found = calloc(1, sizeof *found);
	struct site *site = NULL;
	size_t n = 0;
	char *text = text_of(s, dir, &n);

	errors_begin(errors, s->file);
	if (text && found)
		site = site_load_text("site", text, n, found);
	else
		errors_add(errors, (struct config_place){ 0 }, "no memory for the site");
	if (found && found->count)
		setting_blame(s, found, errors);
	if (site && modules_dir)
		site->modules_dir = modules_dir;
	if (site)
		cap_limits(&site->limits);
	free(text);
	free(found);
	return site;
}
