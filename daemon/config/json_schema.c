#include "config/json_schema.h"
#include "config/schema_site.h"
#include "config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* --- text ----------------------------------------------------------------- */

static void put_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			fprintf(out, "\\u%04x", (unsigned char)*text);
		else
			fputc(*text, out);
	fputc('"', out);
}

/* --- types ---------------------------------------------------------------- */

/* What YAML takes a plain value for need not be what the row takes it for. */
#define SCALAR "{\"type\": [\"string\", \"number\", \"boolean\"]}"
#define VARIABLE "{\"$ref\": \"#/definitions/variable\"}"

static bool is_type(const struct config_row *row, const char *name)
{
	size_t n = strcspn(row->type, " ");

	return strlen(name) == n && memcmp(row->type, name, n) == 0;
}

/* One side of "LO..HI" as a number of the least unit; false: it is open. */
static bool bound(const struct config_row *row, const struct value_scale *scale, bool upper,
		  uint64_t *out)
{
	const char *dots = row->range ? strstr(row->range, "..") : NULL;
	const char *text = !dots ? NULL : upper ? dots + 2 : row->range;
	size_t n = !dots ? 0 : upper ? strlen(text) : (size_t)(dots - row->range);

	return n && value_read(scale, text, n, out, NULL) == 0;
}

static void put_bounds(FILE *out, const struct config_row *row, const struct value_scale *scale,
		       const char *least, const char *most)
{
	uint64_t v;

	if (bound(row, scale, false, &v))
		fprintf(out, ", \"%s\": %" PRIu64, least, v);
	if (bound(row, scale, true, &v))
		fprintf(out, ", \"%s\": %" PRIu64, most, v);
}

static void put_number(FILE *out, const struct config_row *row)
{
	fputs("{\"type\": \"integer\"", out);
	put_bounds(out, row, &value_number, "minimum", "maximum");
	if (!row->range)
		fputs(", \"minimum\": 0", out);
	fputs("}, {\"type\": \"string\", \"pattern\": \"^[0-9]+$\"}", out);
}

static void put_size(FILE *out, const struct config_row *row)
{
	fputs("{\"type\": \"integer\"", out);
	put_bounds(out, row, &value_size, "minimum", "maximum");
	fputs("}, {\"type\": \"string\", \"pattern\": "
	      "\"^[0-9]+([.][0-9]+)?(B|KiB|MiB|GiB)?$\"}", out);
}

static void put_duration(FILE *out)
{
	fputs("{\"const\": 0}, {\"type\": \"string\", \"pattern\": "
	      "\"^([0-9]+([.][0-9]+)?(ms|s|m|h|d)|0)$\"}", out);
}

static void put_ratio(FILE *out)
{
	fputs("{\"type\": \"number\", \"minimum\": 0}, {\"type\": \"string\", \"pattern\": "
	      "\"^[0-9]+([.][0-9]{1,3})?$\"}", out);
}

/* A range is of bytes, and a character has one at least. */
static void put_text(FILE *out, const struct config_row *row)
{
	uint64_t v;

	fputs("{\"type\": [\"string\", \"number\", \"boolean\"]", out);
	if (bound(row, &value_number, false, &v) && v > 0)
		fputs(", \"minLength\": 1", out);
	if (bound(row, &value_number, true, &v))
		fprintf(out, ", \"maxLength\": %" PRIu64, v);
	fputc('}', out);
}

static void put_words(FILE *out, const char *words)
{
	const char *comma = "";

	fputs("{\"enum\": [", out);
	for (;; words++, comma = ", ") {
		size_t n = strcspn(words, "|");

		fprintf(out, "%s\"%.*s\"", comma, (int)n, words);
		if (n && strspn(words, "0123456789") >= n)
			fprintf(out, ", %.*s", (int)n, words);
		words += n;
		if (!*words)
			break;
	}
	fputs("]}", out);
}

/* All ways to write a value of this row, with commas in between. */
static void put_ways(FILE *out, const struct config_row *row)
{
	if (is_type(row, "bool"))
		fputs("{\"type\": \"boolean\"}, {\"type\": \"string\", \"pattern\": "
		      "\"^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy][Ee][Ss]|[Nn][Oo]|"
		      "[Oo][Nn]|[Oo][Ff][Ff])$\"}", out);
	else if (is_type(row, "uint") || is_type(row, "count"))
		put_number(out, row);
	else if (is_type(row, "size"))
		put_size(out, row);
	else if (is_type(row, "duration"))
		put_duration(out);
	else if (is_type(row, "ratio"))
		put_ratio(out);
	else if (is_type(row, "enum"))
		put_words(out, row->type + 5);
	else if (is_type(row, "uints"))
		fputs("{\"type\": \"integer\", \"minimum\": 0}, {\"type\": \"string\", "
		      "\"pattern\": \"^([0-9]+( [0-9]+)*)?$\"}", out);
	else
		put_text(out, row);
	if (strstr(row->type, " or auto"))
		fputs(", {\"const\": \"auto\"}", out);
}

/* --- rows ----------------------------------------------------------------- */

static void put_members(FILE *out, const struct config_row *rows, size_t nrows,
			const char *indent);

static void put_section(FILE *out, const struct schema_section *section, const char *indent)
{
	char deeper[32];

	snprintf(deeper, sizeof deeper, "%s  ", indent);
	fputs(", \"type\": \"object\", \"additionalProperties\": false,\n", out);
	fprintf(out, "%s\"properties\": {\n", deeper);
	put_members(out, section->rows, section->nrows, deeper);
	fprintf(out, "\n%s}", deeper);
}

#define TEXTS "{\"type\": \"string\"}, {\"type\": \"array\", \"minItems\": 1, \"items\": " \
	"{\"type\": \"string\"}}"

static void put_hosts(FILE *out, const char *indent)
{
	fputs(", \"type\": \"object\", \"additionalProperties\": {\"required\": [\"resources\"]",
	      out);
	put_section(out, &schema_host, indent);
	fputc('}', out);
}

static void put_foreign(FILE *out, const struct config_row *row, const char *indent)
{
	if (is_type(row, "include") || is_type(row, "listen"))
		fputs(", \"anyOf\": [" TEXTS "]", out);
	else if (is_type(row, "hosts"))
		put_hosts(out, indent);
	else if (is_type(row, "resources"))
		fputs(", \"$ref\": \"#/definitions/resources\"", out);
	else
		put_section(out, strcmp(row->name, schema_link.name) == 0 ? &schema_link :
				 schema_site_find(row->name), indent);
}

static void put_row(FILE *out, const struct config_row *row, const char *indent)
{
	fprintf(out, "%s  ", indent);
	put_string(out, row->name);
	fputs(": {\"description\": ", out);
	put_string(out, row->text);
	if (schema_foreign(row)) {
		put_foreign(out, row, indent);
	} else {
		if (row->deflt && *row->deflt) {
			fputs(", \"default\": ", out);
			put_string(out, row->deflt);
		}
		fputs(", \"anyOf\": [" VARIABLE ", ", out);
		put_ways(out, row);
		fputc(']', out);
	}
	fputc('}', out);
}

static void put_members(FILE *out, const struct config_row *rows, size_t nrows,
			const char *indent)
{
	for (size_t i = 0; i < nrows; i++) {
		if (i)
			fputs(",\n", out);
		put_row(out, &rows[i], indent);
	}
}

/* --- mounts --------------------------------------------------------------- */

/* What a mount with this module may have, and must. */
static void put_module(FILE *out, const struct json_schema_module *m)
{
	fputs(",\n        {\"if\": {\"properties\": {\"module\": {\"const\": ", out);
	put_string(out, m->name);
	fputs("}}, \"required\": [\"module\"]},\n          \"then\": {\"description\": ", out);
	put_string(out, m->summary ? m->summary : "");
	fputs(", \"additionalProperties\": false, \"required\": [\"module\"", out);
	for (size_t i = 0; i < m->nrows; i++)
		if (!m->rows[i].deflt) {
			fputs(", ", out);
			put_string(out, m->rows[i].name);
		}
	fputs("],\n          \"properties\": {\n", out);
	for (size_t i = 0; i < schema_mount.nrows; i++)
		fprintf(out, "            \"%s\": true%s\n", schema_mount.rows[i].name,
			i + 1 < schema_mount.nrows || m->nrows ? "," : "");
	put_members(out, m->rows, m->nrows, "          ");
	fputs("\n          }}}", out);
}

static void put_resources(FILE *out, const struct json_schema_module *modules, size_t n)
{
	fputs("    \"resources\": {\"type\": \"object\", \"propertyNames\": {\"pattern\": \"^/\"},\n"
	      "      \"additionalProperties\": {\"anyOf\": [{\"type\": \"string\"}, "
	      "{\"$ref\": \"#/definitions/mount\"}]}},\n"
	      "    \"mount\": {\"type\": \"object\", \"required\": [\"module\"], "
	      "\"additionalProperties\": " SCALAR ",\n      \"properties\": {\n", out);
	put_members(out, schema_mount.rows, schema_mount.nrows, "      ");
	fputs("\n      },\n      \"allOf\": [\n        true", out);
	for (size_t i = 0; i < n; i++)
		put_module(out, &modules[i]);
	fputs("\n      ]}\n", out);
}

int json_schema_site(FILE *out, const struct json_schema_module *modules, size_t n)
{
	const struct schema_section *top = &schema_site[0];

	fputs("{\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
	      "  \"title\": \"site file of coapd\",\n"
	      "  \"type\": \"object\", \"additionalProperties\": false,\n"
	      "  \"definitions\": {\n"
	      "    \"variable\": {\"type\": \"string\", \"pattern\": \"[$][{]\"},\n", out);
	put_resources(out, modules, n);
	fputs("  },\n  \"properties\": {\n", out);
	put_members(out, top->rows, top->nrows, "  ");
	fputs("\n  }\n}\n", out);
	return fflush(out) == 0 && !ferror(out) ? 0 : -(errno ? errno : EIO);
}
