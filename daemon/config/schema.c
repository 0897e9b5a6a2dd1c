#include "config/schema.h"
#include "base/nearest.h"
#include "config/value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- kinds: what a type's name stands for --------------------------------- */

enum kind { BOOL, NUMBER, WORD, STRING, UINTS, FOREIGN };

struct type {
	const char *name;
	enum kind kind;
	const struct value_scale *scale;
	size_t width;           /* of the storage of a NUMBER */
	uint64_t most;
};

static const struct type types[] = {
	{ "bool", BOOL, NULL, sizeof(bool), 1 },
	{ "uint", NUMBER, &value_number, 8, UINT64_MAX },
	{ "count", NUMBER, &value_number, 4, UINT32_MAX },
	{ "duration", NUMBER, &value_duration, 8, UINT64_MAX },
	{ "size", NUMBER, &value_size, 8, UINT64_MAX },
	{ "ratio", NUMBER, &value_ratio, 4, UINT32_MAX },
	{ "string", STRING, &value_number, sizeof(char *), 0 },
	{ "uints", UINTS, &value_number, sizeof(char *), UINT64_MAX },
	{ "enum", WORD, NULL, sizeof(unsigned), 0 },
	{ "section", FOREIGN, NULL, 0, 0 },
	{ "include", FOREIGN, NULL, 0, 0 },
	{ "listen", FOREIGN, NULL, 0, 0 },
	{ "resources", FOREIGN, NULL, 0, 0 },
	{ "hosts", FOREIGN, NULL, 0, 0 },
};

/* What follows the name in "enum a|b" and "count or auto"; NULL for a type that
 * does not exist or cannot have it. */
static const struct type *type_of(const struct config_row *row, const char **rest)
{
	size_t n = strcspn(row->type, " ");

	*rest = row->type[n] ? row->type + n + 1 : "";
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		const struct type *t = &types[i];

		if (strlen(t->name) != n || memcmp(t->name, row->type, n) != 0)
			continue;
		if (t->kind == WORD)
			return **rest ? t : NULL;
		if (!**rest || (t->kind == NUMBER && strcmp(*rest, "or auto") == 0))
			return t;
	}
	return NULL;
}

/* --- ranges --------------------------------------------------------------- */

struct range {
	uint64_t least, most;
};

/* "LO..HI", either side may be left out. */
static int range_of(const struct type *type, const char *text, struct range *out,
		     struct err *err)
{
	const char *dots;

	*out = (struct range){ 0, type->kind == STRING ? UINT64_MAX : type->most };
	if (!text)
		return 0;
	dots = strstr(text, "..");
	if (!type->scale || !dots)
		return err_set(err, -EINVAL, "range \"%s\" cannot be read", text);
	if (dots != text &&
	    value_read(type->scale, text, (size_t)(dots - text), &out->least, err) != 0)
		return -EINVAL;
	if (dots[2] &&
	    value_read(type->scale, dots + 2, strlen(dots + 2), &out->most, err) != 0)
		return -EINVAL;
	if (out->least > out->most)
		return err_set(err, -EINVAL, "range \"%s\" is empty", text);
	return 0;
}

static int outside(const struct config_row *row, const char *text, size_t n,
		    struct err *err)
{
	char quoted[VALUE_QUOTE];

	value_quote(text, n, quoted);
	if (!row->range)
		return err_set(err, -EINVAL, "%s is too large", quoted);
	return err_set(err, -EINVAL, "%s is out of range, %s%s%s", quoted, row->range,
		   row->unit ? " " : "", row->unit ? row->unit : "");
}

/* --- from text to storage ------------------------------------------------- */

static int store_bool(const char *text, void *at, struct err *err)
{
	static const char *const words[] = { "false", "no", "off", "true", "yes", "on" };
	char quoted[VALUE_QUOTE];

	for (size_t i = 0; i < 6; i++)
		if (strcasecmp(text, words[i]) == 0) {
			*(bool *)at = i >= 3;
			return 0;
		}
	return err_set(err, -EINVAL, "%s is neither true nor false",
		   value_quote(text, strlen(text), quoted));
}

/* Words of an enum stand between bars.  The position of one in "a|b|c", or -1. */
static int word_find(const char *words, const char *text)
{
	size_t n = strlen(text);

	for (int i = 0; n; i++) {
		size_t len = strcspn(words, "|");

		if (len == n && memcmp(words, text, n) == 0)
			return i;
		if (!words[len])
			break;
		words += len + 1;
	}
	return -1;
}

static size_t word_longest(const char *words)
{
	size_t longest = 0;

	for (;;) {
		size_t n = strcspn(words, "|");

		longest = n > longest ? n : longest;
		if (!words[n])
			return longest;
		words += n + 1;
	}
}

static int store_word(const char *words, const char *text, void *at,
		       struct err *err)
{
	char quoted[VALUE_QUOTE];
	int i = word_find(words, text);

	if (i < 0)
		return err_set(err, -EINVAL, "%s is none of %s",
			   value_quote(text, strlen(text), quoted), words);
	*(unsigned *)at = (unsigned)i;
	return 0;
}

static int store_number(const struct config_row *row, const struct type *type,
			 const char *text, void *at, struct err *err)
{
	const char *or_auto;
	struct range range;
	uint64_t v = 0;

	type_of(row, &or_auto);
	if (!*or_auto || strcmp(text, "auto") != 0) {
		if (range_of(type, row->range, &range, err) != 0 ||
		    value_read(type->scale, text, strlen(text), &v, err) != 0)
			return -EINVAL;
		if (v < range.least || v > range.most || v > type->most)
			return outside(row, text, strlen(text), err);
	}
	if (type->width == 4)
		*(uint32_t *)at = (uint32_t)v;
	else
		*(uint64_t *)at = v;
	return 0;
}

static int store_string(const struct config_row *row, const struct type *type,
			 const char *text, void *at, struct err *err)
{
	char quoted[VALUE_QUOTE];
	struct range range;
	size_t n = strlen(text);

	if (range_of(type, row->range, &range, err) != 0)
		return -EINVAL;
	if (n < range.least || n > range.most)
		return err_set(err, -EINVAL, "%s has %zu bytes, %s are possible",
			   value_quote(text, n, quoted), n, row->range);
	*(const char **)at = text;
	return 0;
}

static int store_uints(const struct config_row *row, const struct type *type,
			const char *text, void *at, struct err *err)
{
	char quoted[VALUE_QUOTE];
	struct range range;
	uint64_t v;

	if (range_of(type, row->range, &range, err) != 0)
		return -EINVAL;
	for (const char *p = text; *p; ) {
		size_t n = strcspn(p, " ");

		if (value_read(&value_number, p, n, &v, err) != 0)
			return -EINVAL;
		if (v < range.least || v > range.most)
			return outside(row, p, n, err);
		p += n;
		if (*p && !*++p)
			return err_set(err, -EINVAL, "%s ends with a space",
				   value_quote(text, strlen(text), quoted));
	}
	*(const char **)at = text;
	return 0;
}

int schema_store(const struct config_row *row, const char *text, void *base,
		  struct err *err)
{
	void *at = (char *)base + row->offset;
	const char *rest;
	const struct type *type = type_of(row, &rest);

	if (!type)
		return err_set(err, -EINVAL, "has a type nobody knows, \"%s\"", row->type);
	switch (type->kind) {
	case BOOL:
		return store_bool(text, at, err);
	case NUMBER:
		return store_number(row, type, text, at, err);
	case WORD:
		return store_word(rest, text, at, err);
	case STRING:
		return store_string(row, type, text, at, err);
	case UINTS:
		return store_uints(row, type, text, at, err);
	case FOREIGN:
		break;
	}
	return err_set(err, -EINVAL, "cannot be a single value");
}

/* --- and back ------------------------------------------------------------- */

static const char *print_word(const char *words, unsigned i, char out[SCHEMA_TEXT])
{
	while (i--)
		words += strcspn(words, "|") + 1;
	snprintf(out, SCHEMA_TEXT, "%.*s", (int)strcspn(words, "|"), words);
	return out;
}

static const char *print_number(const struct type *type, const char *or_auto,
				const void *at, char out[SCHEMA_TEXT])
{
	uint64_t v = type->width == 4 ? *(const uint32_t *)at : *(const uint64_t *)at;

	if (!v && *or_auto)
		return "auto";
	value_print(type->scale, v, out);
	return out;
}

const char *schema_print(const struct config_row *row, const void *base,
			 char out[SCHEMA_TEXT])
{
	const void *at = (const char *)base + row->offset;
	const char *rest;
	const struct type *type = type_of(row, &rest);

	if (!type || type->kind == FOREIGN)
		return "";
	if (type->kind == BOOL)
		return *(const bool *)at ? "true" : "false";
	if (type->kind == NUMBER)
		return print_number(type, rest, at, out);
	if (type->kind == WORD)
		return print_word(rest, *(const unsigned *)at, out);
	return *(const char *const *)at;
}

/* --- tables of rows ------------------------------------------------------- */

const struct config_row *schema_find(const struct config_row *rows, size_t nrows,
				     const char *name)
{
	for (size_t i = 0; i < nrows; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

bool schema_foreign(const struct config_row *row)
{
	const char *rest;
	const struct type *type = type_of(row, &rest);

	return type && type->kind == FOREIGN;
}

static int row_sane(const struct config_row *row, struct err *err)
{
	_Alignas(8) char nowhere[16];
	struct config_row here = *row;
	const char *rest;
	const struct type *type;
	struct range range;

	if (!row->type || !(type = type_of(row, &rest)))
		return err_set(err, -EINVAL, "has a type nobody knows, \"%s\"",
			   row->type ? row->type : "");
	if (!row->text || !*row->text)
		return err_set(err, -EINVAL, "does not say what it is for");
	if (type->kind == WORD && word_longest(rest) >= SCHEMA_TEXT)
		return err_set(err, -EINVAL, "has a word longer than %d bytes", SCHEMA_TEXT - 1);
	here.offset = 0;
	if (range_of(type, row->range, &range, err) != 0)
		return -EINVAL;
	if (type->kind == NUMBER && *rest && range.least == 0)
		return err_set(err, -EINVAL, "has auto and 0, which are stored alike");
	if (type->kind == FOREIGN || !row->deflt)
		return 0;
	return schema_store(&here, row->deflt, nowhere, err);
}

int schema_sane(const struct config_row *rows, size_t nrows, struct err *err)
{
	struct err what;

	for (size_t i = 0; i < nrows; i++) {
		const char *name = rows[i].name;

		if (!name || !*name)
			return err_set(err, -EINVAL, "row %zu has no name", i + 1);
		if (schema_find(rows, nrows, name) != &rows[i])
			return err_set(err, -EINVAL, "row \"%.40s\" is there twice", name);
		if (row_sane(&rows[i], &what) != 0)
			return err_set(err, -EINVAL, "row \"%.40s\": %.250s", name,
				       what.text);
	}
	return 0;
}

/* --- applying ------------------------------------------------------------- */

static void unknown(const struct config_row *rows, size_t nrows,
		    const struct config_pair *pair, struct config_errors *errors)
{
	struct nearest nearest = { .wanted = pair->key };
	char quoted[VALUE_QUOTE];

	for (size_t i = 0; i < nrows; i++)
		nearest_offer(&nearest, rows[i].name);
	value_quote(pair->key, strlen(pair->key), quoted);
	if (nearest.best)
		errors_add(errors, pair->key_at, "unknown key %s, did you mean \"%s\"?",
			   quoted, nearest.best);
	else
		errors_add(errors, pair->key_at, "unknown key %s", quoted);
}

/* What is wrong without the value: only what would be right. */
static const char *hidden(const struct config_row *row, const struct config_pair *pair,
			  struct err *err)
{
	char quoted[VALUE_QUOTE];

	err_set(err, -EINVAL, "what %s holds does not fit, it takes %s%s%s",
		value_quote(pair->written, strlen(pair->written), quoted), row->type,
		row->range ? " " : "", row->range ? row->range : "");
	return err->text;
}

static bool given(const struct config_pair *pairs, size_t npairs, const char *name)
{
	for (size_t i = 0; i < npairs; i++)
		if (strcmp(pairs[i].key, name) == 0)
			return true;
	return false;
}

static void apply_defaults(const struct config_row *rows, size_t nrows, void *conf)
{
	for (size_t i = 0; i < nrows; i++)
		if (rows[i].deflt && !schema_foreign(&rows[i]))
			schema_store(&rows[i], rows[i].deflt, conf, NULL);
}

bool config_apply_rows(const struct config_row *rows, size_t nrows, void *conf,
		       const struct config_pair *pairs, size_t npairs,
		       struct config_place at, struct config_errors *errors)
{
	unsigned before = errors->count + errors->left_out;
	struct err err;

	apply_defaults(rows, nrows, conf);
	for (size_t i = 0; i < npairs; i++) {
		const struct config_pair *pair = &pairs[i];
		const struct config_row *row = schema_find(rows, nrows, pair->key);

		if (!row)
			unknown(rows, nrows, pair, errors);
		else if (pair->value && schema_store(row, pair->value, conf, &err) != 0)
			errors_add(errors, pair->value_at, "%s: %s", row->name,
				   pair->written ? hidden(row, pair, &err) : err.text);
	}
	for (size_t i = 0; i < nrows; i++)
		if (!rows[i].deflt && !schema_foreign(&rows[i]) &&
		    !given(pairs, npairs, rows[i].name))
			errors_add(errors, at, "\"%s\" is missing", rows[i].name);
	return errors->count + errors->left_out == before;
}
