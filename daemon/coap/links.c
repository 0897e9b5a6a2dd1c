#include "coap/links.h"

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* --- a place in a text ------------------------------------------------------- */

struct place {
	struct span text;
	size_t at;
	const char *wrong;
	bool lax;               /* blanks were there */
};

static bool ended(const struct place *s)
{
	return s->at == s->text.n;
}

static void pass_blanks(struct place *s)
{
	for (; !ended(s) && is_blank(s->text.p[s->at]); s->at++)
		s->lax = true;
}

/* Passes over c and the blanks around it; false if something else stands there. */
static bool pass(struct place *s, uint8_t c)
{
	size_t start = s->at;

	pass_blanks(s);
	if (ended(s) || s->text.p[s->at] != c) {
		s->at = start;
		return false;
	}
	s->at++;
	pass_blanks(s);
	return true;
}

static bool wrong(struct place *s, const char *what)
{
	s->wrong = what;
	return false;
}

/* --- values ------------------------------------------------------------------ */

/* What a name consists of: parmname of RFC 5987, and the asterisk of RFC 8288. */
static bool is_name(uint8_t c)
{
	return c > ' ' && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

/* ptokenchar: what needs no quotes. */
static bool is_bare(uint8_t c)
{
	return c > ' ' && c < 0x7f && !strchr("\",;\\", c);
}

static struct span run(struct place *s, bool (*belongs)(uint8_t c))
{
	size_t start = s->at;

	while (!ended(s) && belongs(s->text.p[s->at]))
		s->at++;
	return span_of(s->text.p + start, s->at - start);
}

/* What follows an opening quote, up to the closing one. */
static bool quoted(struct place *s, struct span *out)
{
	size_t opened = s->at++;

	while (!ended(s) && s->text.p[s->at] != '"')
		s->at += s->text.p[s->at] == '\\' && s->at + 1 < s->text.n ? 2 : 1;
	if (ended(s)) {
		s->at = opened;
		return wrong(s, "a quote that is never closed");
	}
	*out = span_of(s->text.p + opened + 1, s->at - opened - 1);
	s->at++;
	return true;
}

static bool param(struct place *s, struct links_param *out)
{
	out->name = run(s, is_name);
	out->value = span_of(NULL, 0);
	out->form = LINK_FLAG;
	if (!out->name.n)
		return wrong(s, "an attribute without a name");
	if (!pass(s, '='))
		return true;
	if (!ended(s) && s->text.p[s->at] == '"') {
		out->form = LINK_QUOTED;
		return quoted(s, &out->value);
	}
	out->form = LINK_TOKEN;
	out->value = run(s, is_bare);
	return out->value.n || wrong(s, "an attribute without the value that = announces");
}

/* --- links ------------------------------------------------------------------- */

static bool target(struct place *s, struct span *out)
{
	const uint8_t *end;

	if (ended(s) || s->text.p[s->at] != '<')
		return wrong(s, "something else than a link, which begins with <");
	end = memchr(s->text.p + s->at, '>', s->text.n - s->at);
	if (!end)
		return wrong(s, "a target that no > ends");
	*out = span_of(s->text.p + s->at + 1, (size_t)(end - s->text.p) - s->at - 1);
	s->at = (size_t)(end - s->text.p) + 1;
	return true;
}

static bool link_at(struct place *s, struct links_link *out)
{
	struct links_param p;
	size_t start;

	if (!target(s, &out->href))
		return false;
	start = s->at;
	while (pass(s, ';'))
		if (!param(s, &p))
			return false;
	out->params = span_of(s->text.p + start, s->at - start);
	return true;
}

/* To where the next link must begin; false at the end of the document. */
static bool advance(struct place *s, bool begun)
{
	pass_blanks(s);
	if (ended(s))
		return false;
	return !begun || pass(s, ',') ||
	       wrong(s, "something between two links that is no comma");
}

bool links_next(struct links_reader *r, struct links_link *out)
{
	struct place s = { r->document, r->at, r->wrong, r->lax };
	bool good = !s.wrong && advance(&s, r->begun) && link_at(&s, out);

	r->begun = true;
	r->at = s.at;
	r->wrong = s.wrong;
	r->lax = s.lax;
	return good;
}

bool links_param(struct span *params, struct links_param *out)
{
	struct place s = { *params, 0, NULL, false };

	if (!pass(&s, ';') || !param(&s, out))
		return false;
	*params = span_of(s.text.p + s.at, s.text.n - s.at);
	return true;
}

void links_write_value(struct writer *w, const struct links_param *p)
{
	for (size_t i = 0; i < p->value.n; i++) {
		if (p->form == LINK_QUOTED && p->value.p[i] == '\\' && i + 1 < p->value.n)
			i++;
		write_u8(w, p->value.p[i]);
	}
}
