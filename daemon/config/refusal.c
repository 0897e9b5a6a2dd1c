#include "config/refusal.h"

#include "config/schema_site.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *section, *row, *why;
} table[] = {
	{ "", "slots", "clients are divided into them for as long as coapd runs" },
	{ "", "runtime-directory", "files of modules are there" },
	{ "control", "socket", "whoever asks for a reload is connected to it" },
	{ "control", "connections", "those there are have their places" },
	{ "control", "timeout", "those there are go by it" },
};

const char *refusal_why(const char *section, const struct config_row *row)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(table[i].section, section) == 0 && strcmp(table[i].row, row->name) == 0)
			return table[i].why;
	return NULL;
}

static struct config_place place_of(const struct site *site, const char *section,
				    const struct config_row *row)
{
	char key[64];

	snprintf(key, sizeof key, "%s%s%s", section, *section ? "." : "", row->name);
	return site_place(site, key);
}

static bool differs(const struct config_row *row, const struct site *served,
		    const struct site *wanted, char one[SCHEMA_TEXT], char two[SCHEMA_TEXT],
		    const char **was, const char **is)
{
	*was = schema_print(row, served, one);
	*is = schema_print(row, wanted, two);
	return strcmp(*was, *is) != 0;
}

static unsigned find_in(const struct schema_section *section, const struct site *served,
			const struct site *wanted, struct config_errors *errors)
{
	unsigned n = 0;

	for (size_t i = 0; i < section->nrows; i++) {
		const struct config_row *row = &section->rows[i];
		const char *why = refusal_why(section->name, row), *was, *is;
		struct config_place at = place_of(wanted, section->name, row);
		char one[SCHEMA_TEXT], two[SCHEMA_TEXT];

		if (!why || errors_told(errors, at) ||
		    !differs(row, served, wanted, one, two, &was, &is))
			continue;
		errors_add(errors, at, "%s%s%s: %s cannot become %s while coapd runs, as %s; restart it, or "
			   "leave this as it is", section->name, *section->name ? "." : "",
			   row->name, *was ? was : "\"\"", *is ? is : "\"\"", why);
		n++;
	}
	return n;
}

unsigned refusal_find(const struct site *served, const struct site *wanted,
		      struct config_errors *errors)
{
	unsigned n = 0;

	for (size_t i = 0; i < schema_site_count; i++)
		n += find_in(&schema_site[i], served, wanted, errors);
	if (site_slots(served) == site_slots(wanted) && wanted->workers > site_slots(served) &&
	    !errors_told(errors, site_place(wanted, "workers"))) {
		errors_add(errors, site_place(wanted, "workers"), "workers: there cannot be %u, as "
			   "clients are divided into %u slots for as long as coapd runs; restart "
			   "it, or name %u at most", wanted->workers, site_slots(served),
			   site_slots(served));
		n++;
	}
	return n;
}
