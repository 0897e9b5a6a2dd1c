#include "config/manual.h"
#include "config/schema_site.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *rows_page(const struct config_row *rows, size_t nrows)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	manual_rows(out, rows, nrows);
	fclose(out);
	return text;
}

Test(manual, a_row_says_all_it_knows)
{
	static const struct config_row rows[] = {
		{ "few", "count or auto", "auto", "1..9", "things",
		  "First.  .Second 'a\\b'.", 0 },
		{ "colour", "enum red|green|blue", "red", NULL, NULL, "'Quoted'", 0 },
		{ "must", "uints", NULL, "0..65535", NULL, "Text.", 0 },
		{ "sub", "section", "", NULL, NULL, "Text.", 0 },
	};
	char *text = rows_page(rows, 4);

	cr_expect_str_eq(text,
			 ".Bl -tag -width Ds\n"
			 ".It Cm few : Ar number or auto\n"
			 "First.\n"
			 "\\&.Second 'a\\eb'.\n"
			 "Range 1..9 things.\n"
			 "Default auto.\n"
			 ".It Cm colour : Ar red, green or blue\n"
			 "\\&'Quoted'\n"
			 "Default red.\n"
			 ".It Cm must : Ar numbers\n"
			 "Text.\n"
			 "Range 0..65535.\n"
			 "Must be given.\n"
			 ".It Cm sub : Ar mapping\n"
			 "Text.\n"
			 ".El\n");
	free(text);
}

static void expect_rows(const char *page, const struct schema_section *section)
{
	for (size_t i = 0; i < section->nrows; i++) {
		char item[100];

		snprintf(item, sizeof item, "\n.It Cm %s : Ar ", section->rows[i].name);
		cr_expect_not_null(strstr(page, item), "%s", section->rows[i].name);
	}
}

Test(manual, the_page_has_every_row)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	cr_assert_eq(manual_site(out), 0);
	fclose(out);
	cr_expect_eq(strncmp(text, ".Dd ", 4), 0);
	for (size_t i = 0; i < schema_site_count; i++)
		expect_rows(text, &schema_site[i]);
	expect_rows(text, &schema_mount);
	expect_rows(text, &schema_link);
	free(text);
}

Test(manual, a_full_disk_is_told)
{
	FILE *full = fopen("/dev/full", "w");

	cr_assert_not_null(full);
	cr_expect_eq(manual_site(full), -ENOSPC);
	fclose(full);
}

Test(manual, a_page_of_a_module)
{
	static const struct config_row rows[] = {
		{ "few", "count", "1", "1..9", NULL, "How many.", 0 },
		{ "file", "string", NULL, NULL, NULL, "Which.", 0 },
	};
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	cr_assert_eq(manual_module(out, "my-own", "does it", rows, 2), 0);
	cr_assert_eq(manual_module(out, "bare", NULL, NULL, 0), 0);
	fclose(out);
	cr_expect_not_null(strstr(text, ".Dt COAPD-MY-OWN 5\n"));
	cr_expect_not_null(strstr(text, ".Nm coapd-my-own\n.Nd does it\n"));
	cr_expect_not_null(strstr(text, "    module: my-own\n    few: 1\n    file: ...\n"));
	cr_expect_not_null(strstr(text, ".It Cm file : Ar text\nWhich.\nMust be given.\n"));
	cr_expect_not_null(strstr(text, ".Dt COAPD-BARE 5\n"));
	cr_expect_not_null(strstr(text, "It has none.\n"));
	free(text);
}
