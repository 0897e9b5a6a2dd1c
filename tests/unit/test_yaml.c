#include "config/yaml.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct pool *pool;
static struct config_errors errors;

static void setup(void)
{
	pool = pool_new();
	errors_begin(&errors, "t.yaml");
}

static void teardown(void)
{
	pool_free(pool);
}

TestSuite(yaml, .init = setup, .fini = teardown);

static struct node *read_bytes(const char *text, size_t n)
{
	struct config_file *file = pool_get(pool, sizeof *file);

	*file = (struct config_file){ .name = "t.yaml", .text = text, .n = n };
	return yaml_read(pool, file, &errors);
}

static struct node *read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void expect_error(const char *text, size_t n, const char *message)
{
	errors_begin(&errors, "t.yaml");
	read_bytes(text, n);
	cr_assert_eq(errors.count, 1, "%u errors of %s", errors.count, text);
	cr_expect_str_eq(errors.text[0], message);
}

#define EXPECT_ERROR(text, message) expect_error(text, sizeof text - 1, message)

Test(yaml, everything_has_its_place)
{
	struct node *root = read_text("a: 1\nlist:\n  - x\n  - \"y z\"\nmap: {k: v}\n");
	struct node *m;

	cr_assert_not_null(root);
	cr_assert_eq(root->kind, NODE_MAP);
	cr_assert_eq(root->count, 3);
	m = root->first;
	cr_expect_str_eq(m->key, "a");
	cr_expect_str_eq(m->text, "1");
	cr_expect_eq(m->key_at.line, 1);
	cr_expect_eq(m->key_at.column, 1);
	cr_expect_eq(m->at.column, 4);
	m = m->next;
	cr_assert_eq(m->kind, NODE_LIST);
	cr_assert_eq(m->count, 2);
	cr_expect_str_eq(m->first->next->text, "y z");
	cr_expect_eq(m->first->next->at.line, 4);
	cr_expect_eq(m->first->next->at.column, 5);
	cr_expect_null(m->first->key);
	m = m->next;
	cr_assert_eq(m->kind, NODE_MAP);
	cr_expect_str_eq(m->first->key, "k");
	cr_expect_eq(m->first->key_at.column, 7);
	cr_expect_null(m->next);
}

Test(yaml, columns_count_characters)
{
	struct node *root = read_text("{\xc3\xa9: 1, b: 2}");

	cr_assert_not_null(root);
	cr_expect_eq(root->first->next->key_at.column, 8);
}

Test(yaml, nothing_is_told_from_empty_text)
{
	struct node *root = read_text("a:\nb: ~\nc: null\nd: ''\ne: 'null'\nf: \"~\"\n");
	struct node *m;
	int i = 0;

	cr_assert_not_null(root);
	for (m = root->first; m; m = m->next, i++)
		cr_expect_eq(m->kind, i < 3 ? NODE_NONE : NODE_TEXT, "%s", m->key);
	cr_expect_eq(i, 6);
}

Test(yaml, syntax_errors_have_their_place)
{
	EXPECT_ERROR("a: 1\n  b: 2\n", "t.yaml:2:4: not valid YAML: mapping values are not "
		     "allowed in this context; is it indented as the lines around it, or a text with "
		     "\":\" to be quoted?");
	EXPECT_ERROR("a:\n\tb: 1\n", "t.yaml:2:1: YAML does not allow a tab here, use spaces");
	EXPECT_ERROR("a: [1,\n", "t.yaml:2:1: not valid YAML: did not find expected node "
		     "content (while parsing a flow node); is a bracket left open?");
	EXPECT_ERROR("a: @b\n", "t.yaml:1:4: not valid YAML: found character that cannot start any "
		     "token (while scanning for the next token); quote a text that begins so");
	EXPECT_ERROR("a: 'b\n", "t.yaml:2:1: not valid YAML: found unexpected end of stream (while "
		     "scanning a quoted scalar); a quote is left open");
	EXPECT_ERROR("a: [b}\n", "t.yaml:1:6: not valid YAML: did not find expected ',' or ']' "
		     "(while parsing a flow sequence); is a bracket left open, or a text with \",\" "
		     "to be quoted?");
	EXPECT_ERROR(" a: 1\nb: 2\n", "t.yaml:2:1: not valid YAML: did not find expected <document "
		     "start>");
	EXPECT_ERROR("a: 1\nb\n", "t.yaml:3:1: not valid YAML: could not find expected ':' (while "
		     "scanning a simple key); a key is followed by \": \"");
}

Test(yaml, only_utf8_is_text)
{
	EXPECT_ERROR("a: b\n\xc3\xa9: \xff\n",
		     "t.yaml:2:4: this is not UTF-8 text: invalid leading UTF-8 octet");
	EXPECT_ERROR("a: \xc3", "t.yaml:1:4: this is not UTF-8 text: incomplete UTF-8 octet "
		     "sequence");
	EXPECT_ERROR("\xff\xfe" "a\0:\0",
		     "t.yaml:1:1: this is not UTF-8 text: invalid leading UTF-8 octet");
	EXPECT_ERROR("a: \x01", "t.yaml:1:4: this is not UTF-8 text: control characters are "
		     "not allowed");
}

Test(yaml, zero_bytes_are_refused)
{
	EXPECT_ERROR("a: \"x\\0y\"", "t.yaml:1:4: a zero byte cannot be part of a value");
	EXPECT_ERROR("\"x\\0y\": a", "t.yaml:1:1: a zero byte cannot be part of a value");
}

Test(yaml, sharing_and_typing_are_refused)
{
	EXPECT_ERROR("a: &x b", "t.yaml:1:4: anchors (&name) are not supported, write the "
		     "value where it is used");
	EXPECT_ERROR("a: &x [b]", "t.yaml:1:4: anchors (&name) are not supported, write the "
		     "value where it is used");
	EXPECT_ERROR("a: &x {b: c}", "t.yaml:1:4: anchors (&name) are not supported, write "
		     "the value where it is used");
	EXPECT_ERROR("a: *x", "t.yaml:1:4: aliases (*name) are not supported, write the "
		     "value where it is used");
	EXPECT_ERROR("a: !!int 1", "t.yaml:1:4: tags (!type) are not supported");
	EXPECT_ERROR("!!map {a: 1}", "t.yaml:1:1: tags (!type) are not supported");
	EXPECT_ERROR("a: !x [1]", "t.yaml:1:4: tags (!type) are not supported");
	EXPECT_ERROR("a: 1\n---\nb: 1\n", "t.yaml:2:1: a second document begins here, a site "
		     "is one");
	EXPECT_ERROR("? [a]\n: b\n", "t.yaml:1:3: a key must be a single value");
}

Test(yaml, a_key_twice_is_refused_and_dropped)
{
	struct node *root = read_text("b: 1\na: 2\nb: 3\nb: 4\n");

	cr_assert_eq(errors.count, 2);
	cr_expect_str_eq(errors.text[0],
			 "t.yaml:3:1: key \"b\" is there twice, before that in line 1");
	cr_expect_str_eq(errors.text[1],
			 "t.yaml:4:1: key \"b\" is there twice, before that in line 3");
	cr_assert_not_null(root);
	cr_expect_eq(root->count, 2);
	cr_expect_str_eq(root->first->text, "1");
	cr_expect_str_eq(root->first->next->key, "a");
	cr_expect_null(root->first->next->next);
}

Test(yaml, nothing_at_all)
{
	static const char *const texts[] = { "", "# only a comment\n", "---\n", "~" };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct node *root = read_text(texts[i]);

		cr_assert_not_null(root);
		cr_expect_eq(root->kind, NODE_NONE);
		cr_expect_eq(errors.count, 0);
	}
}

Test(yaml, depth_has_a_limit)
{
	char text[2 * YAML_DEPTH + 3];

	memset(text, '[', YAML_DEPTH);
	memset(text + YAML_DEPTH, ']', YAML_DEPTH);
	cr_expect_not_null(read_bytes(text, 2 * YAML_DEPTH));
	cr_expect_eq(errors.count, 0);
	memset(text, '[', YAML_DEPTH + 1);
	expect_error(text, YAML_DEPTH + 1, "t.yaml:1:33: nested more than 32 deep, which no site "
		     "needs");
}

Test(yaml, size_has_a_limit)
{
	char *text = malloc(YAML_BYTES + 1);

	memset(text, 'a', YAML_BYTES + 1);
	expect_error(text, YAML_BYTES + 1, "t.yaml: larger than 1048576 bytes, which no site "
		     "needs");
	memcpy(text, "a: ", 3);
	errors_begin(&errors, "t.yaml");
	cr_expect_not_null(read_bytes(text, YAML_BYTES));
	free(text);
}

Test(yaml, many_keys_take_no_longer_than_they_must)
{
	size_t n = 0, cap = (size_t)100000 * 8 + 1;
	char *text = malloc(cap);
	struct node *root;

	for (int i = 0; i < 100000; i++)
		n += (size_t)snprintf(text + n, cap - n, "%06d:\n", i);
	root = read_bytes(text, n);
	cr_assert_not_null(root);
	cr_expect_eq(root->count, 100000);
	free(text);
}
