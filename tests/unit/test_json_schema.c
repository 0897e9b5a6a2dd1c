#include "config/json_schema.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>

static json_t *schema(const struct json_schema_module *modules, size_t n)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_error_t error;
	json_t *json;

	cr_assert_eq(json_schema_site(out, modules, n), 0);
	fclose(out);
	json = json_loads(text, 0, &error);
	cr_assert_not_null(json, "%d:%d: %s", error.line, error.column, error.text);
	free(text);
	return json;
}

static json_t *get(json_t *json, const char *path)
{
	char part[64];

	while (json && *path) {
		size_t n = strcspn(path, ".");

		snprintf(part, sizeof part, "%.*s", (int)n, path);
		json = json_object_get(json, part);
		path += n + (path[n] == '.');
	}
	return json;
}

Test(json_schema, every_row_is_there)
{
	json_t *json = schema(NULL, 0), *workers = get(json, "properties.workers");

	cr_assert_not_null(workers);
	cr_expect_str_eq(json_string_value(get(workers, "default")), "auto");
	cr_expect_eq(json_integer_value(get(json_array_get(get(workers, "anyOf"), 1), "maximum")),
		     256);
	cr_expect_not_null(get(json, "properties.limits.properties.body-memory.description"));
	cr_expect_not_null(get(json, "properties.log.properties.level"));
	cr_expect_not_null(get(json, "definitions.mount.properties.link.properties.rt"));
	cr_expect_eq(json_array_size(get(json, "definitions.mount.allOf")), 1);
	json_decref(json);
}

Test(json_schema, modules_bring_their_rows)
{
	static const struct config_row rows[] = {
		{ "way", "enum a|b|16", NULL, NULL, NULL, "Says \"which\"\\.", 0 },
		{ "size", "size", "1KiB", "1..2KiB", NULL, "Text.", 0 },
	};
	static const struct json_schema_module modules[] = {
		{ "one", "does\tone", rows, 2 }, { "two", NULL, NULL, 0 },
	};
	json_t *json = schema(modules, 2), *then;

	cr_expect_eq(json_array_size(get(json, "definitions.mount.allOf")), 3);
	then = get(json_array_get(get(json, "definitions.mount.allOf"), 1), "then");
	cr_expect_eq(json_array_size(get(then, "required")), 2);
	cr_expect_str_eq(json_string_value(json_array_get(get(then, "required"), 1)), "way");
	cr_expect_str_eq(json_string_value(get(then, "properties.way.description")),
			 "Says \"which\"\\.");
	cr_expect_eq(json_integer_value(get(json_array_get(get(then, "properties.size.anyOf"), 1),
					    "maximum")), 2048);
	json_decref(json);
}

Test(json_schema, a_full_disk_is_told)
{
	FILE *out = fopen("/dev/full", "w");

	cr_assert_not_null(out);
	cr_expect_lt(json_schema_site(out, NULL, 0), 0);
	fclose(out);
}
