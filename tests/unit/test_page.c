#include "client/page.h"

#include "client/arguments.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static char *text;

static void print(void (*what)(FILE *))
{
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	what(out);
	fclose(out);
}

Test(page, every_verb_is_there)
{
	print(page_verbs);
	for (unsigned i = 0; i < VERBS; i++) {
		char item[32];

		snprintf(item, sizeof item, ".It Cm %s\n", verbs[i].name);
		cr_expect(strstr(text, item), "%s", item);
	}
	free(text);
}

Test(page, every_option_is_there_by_all_its_names)
{
	print(page_options);
	for (unsigned i = 0; i < argument_count; i++) {
		const struct argument_row *row = &argument_rows[i];
		char name[ARGUMENT_NAME], item[ARGUMENT_NAME + 8];

		for (unsigned nth = 0; argument_name(row, nth, name); nth++) {
			bool there;

			snprintf(item, sizeof item, " Fl -%s", name);
			there = strstr(text, item);
			cr_expect_eq(there, row->kind != ARG_ABSENT, "%s", name);
		}
	}
	cr_expect(strstr(text, ".It Fl o Ar FILE , Fl -output Ar FILE\nWrite the answer to FILE"));
	cr_expect(strstr(text, ".It Fl -multicast Ns Op = Ns Ar IFACE\n"));
	free(text);
}

Test(page, sentences_have_lines_and_dashes_are_no_hyphens)
{
	print(page_options);
	cr_expect(strstr(text, "\nWhere \\--content-format is one of CBOR"));
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		cr_expect(line[0] != '.' || strncmp(line, ".It ", 4) == 0, "%.40s", line);
		cr_expect_neq(line[0], '\'');
		cr_expect_neq(line[0], '\n');
	}
	cr_expect_null(strstr(text, ".  "), "a line for each sentence");
	free(text);
}

Test(page, says_where_an_option_goes_in_the_shorter_way)
{
	print(page_options);
	cr_expect(strstr(text, "Stop after so many answers.\nOnly with observe, ping and bench.\n"));
	cr_expect(strstr(text, "Send non-confirmable messages.\nNot with ping.\n"));
	cr_expect_null(strstr(text, "Give up after this time.\nOnly"));
	free(text);
}
