#include "client/usage.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static char *text;

static unsigned print(const struct arguments *a)
{
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	unsigned lines = 0, column = 0;

	usage_print(a, out);
	fclose(out);
	for (size_t i = 0; i < n; i++) {
		column = text[i] == '\n' ? 0 : column + 1;
		cr_expect_leq(column, USAGE_COLUMNS, "too long: %.*s", (int)column,
			      text + i + 1 - column);
		lines += text[i] == '\n';
	}
	return lines;
}

Test(usage, of_the_program_fits_a_screen_and_names_the_verbs)
{
	cr_expect_leq(print(&(struct arguments){ 0 }), USAGE_LINES);
	for (unsigned i = 0; i < VERBS; i++)
		cr_expect(strstr(text, verbs[i].name));
	free(text);
}

Test(usage, of_each_verb_fits_a_screen_and_names_all_it_takes)
{
	for (unsigned i = 0; i < VERBS; i++) {
		struct arguments a = { .verb = (enum verb_id)i, .verb_given = true };

		cr_expect_leq(print(&a), USAGE_LINES, "%s", verbs[i].name);
		for (unsigned j = 0; j < argument_count; j++) {
			const struct argument_row *row = &argument_rows[j];
			char name[ARGUMENT_NAME + 2] = "--";
			bool there;

			argument_name(row, 0, name + 2);
			there = strstr(text, name);
			if (row->kind == ARG_ABSENT || !(row->verbs >> i & 1))
				continue;
			cr_expect(there, "%s of %s", name, verbs[i].name);
		}
		free(text);
	}
}

Test(usage, of_a_verb_leaves_out_what_it_does_not_take)
{
	print(&(struct arguments){ .verb = VERB_GET, .verb_given = true });
	cr_expect_null(strstr(text, "--payload "));
	cr_expect_null(strstr(text, "--count"));
	cr_expect_null(strstr(text, "--credentials"));
	cr_expect(strstr(text, "  -o, --output FILE            write"));
	free(text);
}
