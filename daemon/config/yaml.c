#include "config/yaml.h"
#include "config/value.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct reading {
	yaml_parser_t parser;
	yaml_event_t event;
	struct pool *pool;
	struct config_errors *errors;
	const struct config_file *file;
	bool over;              /* no more events are to be asked for */
};

const char *node_kind_name(enum node_kind kind)
{
	static const char *const names[] = {
		[NODE_NONE] = "nothing", [NODE_TEXT] = "a single value",
		[NODE_LIST] = "a list", [NODE_MAP] = "a mapping",
		[NODE_WRONG] = "a wrong value",
	};
	return names[kind];
}

static struct config_place place_of(const struct reading *r, yaml_mark_t mark)
{
	return (struct config_place){ (unsigned)mark.line + 1, (unsigned)mark.column + 1,
				      r->file };
}

/* --- errors of libyaml ---------------------------------------------------- */

/* The reader knows the byte only; columns count characters. */
static struct config_place place_of_byte(const struct reading *r, size_t offset)
{
	struct config_place at = { 1, 1, r->file };

	for (size_t i = 0; i < offset && i < r->file->n; i++)
		if (r->file->text[i] == '\n')
			at = (struct config_place){ at.line + 1, 1, r->file };
		else if (((unsigned char)r->file->text[i] & 0xc0) != 0x80)
			at.column++;
	return at;
}

static bool tab_at(const struct reading *r, yaml_mark_t mark)
{
	return mark.index < r->file->n && r->file->text[mark.index] == '\t';
}

/* What to do about it: the parser speaks of its grammar. */
static const char *advice(const char *problem)
{
	static const struct {
		const char *problem, *advice;
	} known[] = {
		{ "mapping values are not allowed",
		  "; is it indented as the lines around it, or a text with \":\" to be quoted?" },
		{ "did not find expected key",
		  "; is it indented as the lines around it?" },
		{ "cannot start any token", "; quote a text that begins so" },
		{ "could not find expected ':'", "; a key is followed by \": \"" },
		{ "did not find expected ','",
		  "; is a bracket left open, or a text with \",\" to be quoted?" },
		{ "did not find expected node content", "; is a bracket left open?" },
		{ "unexpected end of stream", "; a quote is left open" },
	};

	for (size_t i = 0; problem && i < sizeof known / sizeof *known; i++)
		if (strstr(problem, known[i].problem))
			return known[i].advice;
	return "";
}

static void syntax_error(struct reading *r)
{
	const yaml_parser_t *p = &r->parser;

	r->over = true;
	if (p->error == YAML_READER_ERROR)
		errors_add(r->errors, place_of_byte(r, p->problem_offset),
			   "this is not UTF-8 text: %s", p->problem);
	else if (tab_at(r, p->problem_mark))
		errors_add(r->errors, place_of(r, p->problem_mark),
			   "YAML does not allow a tab here, use spaces");
	else
		errors_add(r->errors, place_of(r, p->problem_mark), "not valid YAML: %s%s%s%s%s",
			   p->problem ? p->problem : "out of memory",
			   p->context ? " (" : "", p->context ? p->context : "",
			   p->context ? ")" : "", advice(p->problem));
}

/* --- events --------------------------------------------------------------- */

/* The next event is in r->event, which is nothing to free after the end. */
static yaml_event_type_t next(struct reading *r)
{
	yaml_event_delete(&r->event);
	if (!r->over && !yaml_parser_parse(&r->parser, &r->event))
		syntax_error(r);
	if (r->over)
		memset(&r->event, 0, sizeof r->event);
	return r->event.type;
}

static void stop(struct reading *r, const char *why)
{
	errors_add(r->errors, place_of(r, r->event.start_mark), "%s", why);
	r->over = true;
}

#define STRING(x) #x
#define NUMBER(x) STRING(x)

static bool has_anchor(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return e->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor;
	default:
		return false;
	}
}

static bool has_tag(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return e->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.tag;
	default:
		return false;
	}
}

static void refuse_machinery(struct reading *r)
{
	struct config_place at = place_of(r, r->event.start_mark);

	if (has_anchor(&r->event))
		errors_add(r->errors, at, "anchors (&name) are not supported, "
			   "write the value where it is used");
	if (has_tag(&r->event))
		errors_add(r->errors, at, "tags (!type) are not supported");
	if (r->event.type == YAML_ALIAS_EVENT)
		errors_add(r->errors, at, "aliases (*name) are not supported, "
			   "write the value where it is used");
}

/* --- the tree ------------------------------------------------------------- */

static struct node *read_node(struct reading *r, unsigned depth);

static bool means_nothing(const yaml_event_t *e)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	if (e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp((const char *)e->data.scalar.value, words[i]) == 0)
			return true;
	return false;
}

static const char *text_of(struct reading *r)
{
	const char *value = (const char *)r->event.data.scalar.value;
	size_t n = r->event.data.scalar.length;

	if (memchr(value, 0, n))
		errors_add(r->errors, place_of(r, r->event.start_mark),
			   "a zero byte cannot be part of a value");
	return pool_copy(r->pool, value, n);
}

static void read_list(struct reading *r, struct node *list, unsigned depth)
{
	struct node **end = &list->first;

	while (next(r) != YAML_SEQUENCE_END_EVENT && !r->over) {
		*end = read_node(r, depth + 1);
		if (!*end)
			return;
		end = &(*end)->next;
		list->count++;
	}
}

static int by_key(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
	int order = strcmp(x->key, y->key);

	if (order)
		return order;
	if (x->key_at.line != y->key_at.line)
		return x->key_at.line < y->key_at.line ? -1 : 1;
	return x->key_at.column < y->key_at.column ? -1 : 1;
}

static void drop_again(struct node *map)
{
	for (struct node **p = &map->first; *p; )
		if ((*p)->again) {
			*p = (*p)->next;
			map->count--;
		} else {
			p = &(*p)->next;
		}
}

static void refuse_duplicates(struct reading *r, struct node *map)
{
	struct node **sorted = pool_array(r->pool, map->count + 1, sizeof *sorted);
	char quoted[VALUE_QUOTE];
	size_t n = 0;

	for (struct node *m = map->first; m; m = m->next)
		sorted[n++] = m;
	qsort(sorted, n, sizeof *sorted, by_key);
	for (size_t i = 1; i < n; i++)
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) {
			sorted[i]->again = true;
			value_quote(sorted[i]->key, strlen(sorted[i]->key), quoted);
			errors_add(r->errors, sorted[i]->key_at,
				   "key %s is there twice, before that in line %u",
				   quoted, sorted[i - 1]->key_at.line);
		}
	drop_again(map);
}

static void read_map(struct reading *r, struct node *map, unsigned depth)
{
	struct node **end = &map->first;

	while (next(r) != YAML_MAPPING_END_EVENT && !r->over) {
		struct config_place key_at = place_of(r, r->event.start_mark);
		const char *key;

		if (r->event.type != YAML_SCALAR_EVENT) {
			stop(r, "a key must be a single value");
			return;
		}
		refuse_machinery(r);
		key = text_of(r);
		next(r);
		*end = read_node(r, depth + 1);
		if (!*end)
			return;
		(*end)->key = key;
		(*end)->key_at = key_at;
		end = &(*end)->next;
		map->count++;
	}
	refuse_duplicates(r, map);
}

/* The current event and all that belongs to it; NULL when reading is over. */
static struct node *read_node(struct reading *r, unsigned depth)
{
	struct node *node;

	if (r->over)
		return NULL;
	if (depth > YAML_DEPTH) {
		stop(r, "nested more than " NUMBER(YAML_DEPTH) " deep, which no site needs");
		return NULL;
	}
	node = pool_get(r->pool, sizeof *node);
	node->at = place_of(r, r->event.start_mark);
	refuse_machinery(r);
	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		node->kind = means_nothing(&r->event) ? NODE_NONE : NODE_TEXT;
		node->text = text_of(r);
		if (strlen(node->text) != r->event.data.scalar.length)
			node->kind = NODE_WRONG;
		break;
	case YAML_SEQUENCE_START_EVENT:
		node->kind = NODE_LIST;
		read_list(r, node, depth);
		break;
	case YAML_MAPPING_START_EVENT:
		node->kind = NODE_MAP;
		read_map(r, node, depth);
		break;
	default:
		node->kind = NODE_WRONG;        /* an alias, already refused */
		break;
	}
	return r->over ? NULL : node;
}

static struct node *read_document(struct reading *r)
{
	struct node *root;

	if (next(r) != YAML_STREAM_START_EVENT)
		return NULL;
	if (next(r) != YAML_DOCUMENT_START_EVENT)
		return r->over ? NULL : pool_get(r->pool, sizeof *root);
	next(r);
	root = read_node(r, 1);
	if (r->over)
		return NULL;
	next(r);                /* end of the document */
	if (next(r) != YAML_STREAM_END_EVENT && !r->over)
		stop(r, "a second document begins here, a site is one");
	return root;
}

struct node *yaml_read(struct pool *pool, const struct config_file *file,
		       struct config_errors *errors)
{
	const struct config_place nowhere = { .file = file };
	struct reading r = { .pool = pool, .errors = errors, .file = file };
	struct node *root;

	if (file->n > YAML_BYTES && !file->own) {
		errors_add(errors, nowhere,
			   "larger than %zu bytes, which no site needs", YAML_BYTES);
		return NULL;
	}
	if (!yaml_parser_initialize(&r.parser)) {
		errors_add(errors, nowhere, "out of memory");
		return NULL;
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)file->text, file->n);
	root = read_document(&r);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return root;
}
