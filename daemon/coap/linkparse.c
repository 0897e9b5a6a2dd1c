#include "coap/linkparse.h"

#include <errno.h>

#include "base/ascii.h"

void link_parse(struct link_parse *p, struct span text)
{
	p->text = text.n ? text : span_str("");         /* never NULL */
	p->at = 0;
	p->comma = false;
}

static int fail(struct link_parse *p, size_t at, const char *what, struct err *e)
{
	p->at = at;
	return err_set(e, -EINVAL, "links: %s (byte %zu)", what, at + 1);
}

/* --- characters -------------------------------------------------------------- */

static bool at_end(const struct link_parse *p)
{
	return p->at == p->text.n;
}

/* Whether c is next; takes it then. */
static bool take(struct link_parse *p, uint8_t c)
{
	if (at_end(p) || p->text.p[p->at] != c)
		return false;
	p->at++;
	return true;
}

/* Takes the characters that are in a class. */
static struct span take_all(struct link_parse *p, bool (*in_class)(uint8_t))
{
	size_t start = p->at;

	while (!at_end(p) && in_class(p->text.p[p->at]))
		p->at++;
	return span_of(p->text.p + start, p->at - start);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What a reference is not: the brackets around it, and control characters. */
static bool is_reference(uint8_t c)
{
	return c >= ' ' && c != 0x7f && c != '<' && c != '>';
}

/* attr-char of RFC 5987 section 3.2.1, and the star behind some names. */
static bool is_name(uint8_t c)
{
	return c && (ascii_is_alnum(c) || strchr("!#$&+-.^_`|~*", c));
}

/* ptokenchar of RFC 6690 section 2. */
static bool is_token(uint8_t c)
{
	return ascii_is_graph(c) && !strchr("\",;\\", c);
}

/* --- links ------------------------------------------------------------------- */

/* Copies a value without the backslashes of its escapes. */
static int unescape(struct link_parse *p, struct span quoted, struct span *out,
		    struct err *e)
{
	size_t start = p->unescaped_n;

	for (size_t i = 0; i < quoted.n; i++) {
		if (quoted.p[i] == '\\')
			i++;            /* another byte follows, or it were no end */
		if (p->unescaped_n == LINK_ESCAPED_MAX)
			return fail(p, p->at, "more escaped text than is read", e);
		p->unescaped[p->unescaped_n++] = quoted.p[i];
	}
	*out = span_of(p->unescaped + start, p->unescaped_n - start);
	return 0;
}

/* Reads a quoted string behind its first quote. */
static int parse_quoted(struct link_parse *p, struct span *out, struct err *e)
{
	size_t start = p->at;
	bool escapes = false;

	while (!at_end(p) && p->text.p[p->at] != '"') {
		if (p->text.p[p->at] == '\\') {
			escapes = true;
			p->at++;
		}
		if (!at_end(p))
			p->at++;
	}
	if (at_end(p))
		return fail(p, start - 1, "a quote without its second one", e);
	*out = span_of(p->text.p + start, p->at - start);
	p->at++;
	return escapes ? unescape(p, *out, out, e) : 0;
}

/* Reads "name", "name=token" or "name="quoted"". */
static int parse_attr(struct link_parse *p, struct link_attr *out, struct err *e)
{
	out->name = take_all(p, is_name);
	out->value = span_of(NULL, 0);
	out->form = LINK_FLAG;
	if (!out->name.n)
		return fail(p, p->at, "no name of an attribute", e);
	if (!take(p, '='))
		return 0;
	out->form = LINK_QUOTED;
	if (take(p, '"'))
		return parse_quoted(p, &out->value, e);
	out->form = LINK_TOKEN;
	out->value = take_all(p, is_token);
	return out->value.n ? 0 : fail(p, p->at, "no value after \"=\"", e);
}

/* Whether an attribute follows; takes its semicolon then, and the line break
 * that may stand before it. */
static bool take_semicolon(struct link_parse *p)
{
	size_t start = p->at;
	struct span blanks = take_all(p, is_blank);

	if ((!blanks.n || memchr(blanks.p, '\n', blanks.n)) && take(p, ';'))
		return true;
	p->at = start;
	return false;
}

static int parse_link(struct link_parse *p, struct link *out, struct err *e)
{
	size_t start = p->at;
	int rc = 0;

	if (!take(p, '<'))
		return fail(p, p->at, "a link begins with \"<\"", e);
	out->href = take_all(p, is_reference);
	if (at_end(p))
		return fail(p, start, "\"<\" without \">\"", e);
	if (!take(p, '>'))
		return fail(p, p->at, "a character that no target has", e);
	p->attr_count = p->unescaped_n = 0;
	while (rc == 0 && take_semicolon(p)) {
		if (p->attr_count == LINK_ATTRS_MAX)
			return fail(p, p->at, "more attributes than are read", e);
		rc = parse_attr(p, &p->attrs[p->attr_count++], e);
	}
	out->attrs = p->attrs;
	out->attr_count = p->attr_count;
	return rc;
}

int link_parse_next(struct link_parse *p, struct link *out, struct err *e)
{
	int rc;

	take_all(p, is_blank);
	if (at_end(p))
		return p->comma ? fail(p, p->at, "no link after the comma", e) : 0;
	if ((rc = parse_link(p, out, e)) < 0)
		return rc;
	take_all(p, is_blank);
	p->comma = take(p, ',');
	if (!p->comma && !at_end(p))
		return fail(p, p->at, "a link ends in a comma or the end", e);
	return 1;
}

const struct link_attr *link_find(const struct link *link, const char *name)
{
	for (size_t i = 0; i < link->attr_count; i++)
		if (span_eq(link->attrs[i].name, span_str(name)))
			return &link->attrs[i];
	return NULL;
}
