#include "config/schema_site.h"

#include <criterion/criterion.h>
#include <string.h>

Test(schema_site, our_own_rows_are_sane)
{
	struct err err;

	for (size_t i = 0; i < schema_site_count; i++)
		cr_expect_eq(schema_sane(schema_site[i].rows, schema_site[i].nrows, &err), 0,
			     "%s %s", schema_site[i].name, err.text);
	cr_expect_eq(schema_sane(schema_mount.rows, schema_mount.nrows, &err), 0, "%s",
		     err.text);
	cr_expect_eq(schema_sane(schema_link.rows, schema_link.nrows, &err), 0, "%s",
		     err.text);
}

Test(schema_site, every_section_row_has_its_section)
{
	for (size_t i = 0; i < schema_site[0].nrows; i++)
		if (strcmp(schema_site[0].rows[i].type, "section") == 0)
			cr_expect_not_null(schema_site_find(schema_site[0].rows[i].name));
}

Test(schema_site, sections_are_found_by_name)
{
	cr_expect_eq(schema_site_find(""), &schema_site[0]);
	cr_expect_str_eq(schema_site_find("limits")->name, "limits");
	cr_expect_null(schema_site_find("limit"));
}

/* Two rows of one section with one storage would be a slip of the pen. */
Test(schema_site, no_two_rows_share_their_storage)
{
	for (size_t s = 0; s < schema_site_count; s++)
		for (size_t i = 0; i < schema_site[s].nrows; i++)
			for (size_t j = 0; j < i; j++) {
				const struct config_row *a = &schema_site[s].rows[i];
				const struct config_row *b = &schema_site[s].rows[j];

				cr_expect(a->offset != b->offset || schema_foreign(a) ||
					  schema_foreign(b), "%s %s", a->name, b->name);
			}
}
