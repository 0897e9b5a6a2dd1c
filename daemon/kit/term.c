#include "kit/term.h"

#include "base/ascii.h"
#include "coap/option_text.h"
#include "coap/uri.h"
#include "config/value.h"

#include <stdio.h>
#include <stdlib.h>

bool term_wrong(struct reading *r, const struct word *w, const char *expected)
{
	char quoted[VALUE_QUOTE];

	return words_wrong(r->words, w->column, "%s is not understood here; expected %s",
			   value_quote(w->text, w->n, quoted), expected);
}

bool term_must(struct reading *r, struct word *w, const char *expected)
{
	unsigned count = r->words->errors->count, left_out = r->words->errors->left_out;
	unsigned column;

	if (words_next(r->words, w))
		return true;
	if (count != r->words->errors->count || left_out != r->words->errors->left_out)
		return false;
	words_rest(r->words, &column);
	return words_wrong(r->words, column, "the line ends too early; expected %s", expected);
}

bool term_ends(struct reading *r)
{
	unsigned count = r->words->errors->count, left_out = r->words->errors->left_out;
	struct word w;

	if (words_next(r->words, &w))
		return term_wrong(r, &w, "the end of the line");
	return count == r->words->errors->count && left_out == r->words->errors->left_out;
}

bool term_time(struct reading *r, uint64_t *ms)
{
	static const char expected[] = "a time as 100ms, 2s, 1.5s, 5m, 1h or 1d";
	struct word w;
	struct err err;

	if (!term_must(r, &w, expected))
		return false;
	if (w.quoted || value_read(&value_duration, w.text, w.n, ms, &err) != 0 ||
	    *ms > SCRIPT_MS_MAX)
		return term_wrong(r, &w, expected);
	return true;
}

bool term_is_hex(const struct word *w)
{
	return !w->quoted && w->n >= 2 && w->text[0] == '0' && (w->text[1] | 32) == 'x';
}

bool term_hex(struct reading *r, const struct word *w, struct span *out)
{
	size_t n = (w->n - 2) / 2;
	uint8_t *p = pool_get(r->words->pool, n + 1);

	for (size_t i = 0; i < n; i++) {
		int high = ascii_hex_value((uint8_t)w->text[2 + 2 * i]);
		int low = ascii_hex_value((uint8_t)w->text[3 + 2 * i]);

		if (high < 0 || low < 0)
			return term_wrong(r, w, "pairs of hexadecimal digits behind 0x");
		p[i] = (uint8_t)(high << 4 | low);
	}
	if (w->n % 2)
		return term_wrong(r, w, "pairs of hexadecimal digits behind 0x");
	*out = span_of(p, n);
	return true;
}

bool term_is_payload(const struct word *w)
{
	return w->quoted || term_is_hex(w);
}

bool term_payload(struct reading *r, const struct word *w)
{
	struct command *c = r->c;

	if (c->how == PAYLOAD_ANY)
		c->how = PAYLOAD_EQUAL;
	if (term_is_hex(w) && !term_hex(r, w, &c->payload))
		return false;
	if (w->quoted)
		c->payload = span_of(w->text, w->n);
	return term_ends(r);
}

bool term_is_option(const struct word *w)
{
	return !w->quoted && (memchr(w->text, '=', w->n) || strlen(w->text) != w->n ||
			      word_is(w, "If-None-Match"));
}

static bool add(struct reading *r, const struct word *w, struct script_option o)
{
	if (r->noptions == SCRIPT_WORDS)
		return words_wrong(r->words, w->column, "more than %u options", SCRIPT_WORDS);
	r->option[r->noptions++] = o;
	return true;
}

bool term_option(struct reading *r, const struct word *w, bool any)
{
	struct script_option o = { .any = any && w->n > 2 && !strcmp(w->text + w->n - 2, "=*") };
	struct option_text text;
	struct err err;

	if (strlen(w->text) != w->n)
		return term_wrong(r, w, "an option without zero bytes");
	if (o.any ? option_text_number(span_of(w->text, w->n - 2), &o.number, &err) :
		    option_text_parse(w->text, &text, &err))
		return words_wrong(r->words, w->column, "%s; expected an option as NAME=VALUE",
				   err.text);
	if (!o.any) {
		o.number = text.number;
		o.value = span_of(pool_copy(r->words->pool, text.value, text.n), text.n);
	}
	return add(r, w, o);
}

int term_method(const struct word *w)
{
	for (unsigned code = COAP_GET; code <= COAP_IPATCH && !w->quoted; code++)
		if (ascii_same(span_of(w->text, w->n), span_str(code_name((uint8_t)code))))
			return (int)code;
	return -1;
}

bool term_path(struct reading *r)
{
	char *text = pool_get(r->words->pool, SCRIPT_LINE + 32);
	uint8_t *bytes = pool_get(r->words->pool, 2 * SCRIPT_LINE);
	struct writer out = writer_of(bytes, 2 * SCRIPT_LINE);
	struct option_writer ow = option_writer(&out);
	struct option_iter it;
	struct option o;
	struct word w;
	struct uri uri;
	struct err err;

	if (!term_must(r, &w, "a path as /a/b?name=value"))
		return false;
	if (w.quoted || w.text[0] != '/')
		return term_wrong(r, &w, "a path as /a/b?name=value");
	snprintf(text, SCRIPT_LINE + 32, "coap://[::1]%.*s", (int)w.n, w.text);
	if (strlen(w.text) != w.n || uri_parse(span_str(text), &uri, &err))
		return words_wrong(r->words, w.column, "%s; expected a path as /a/b?name=value",
				   strlen(w.text) != w.n ? "a zero byte" : err.text);
	uri_write_path(&uri, &ow);
	uri_write_query(&uri, &ow);
	if (out.full)
		return words_wrong(r->words, w.column, "the path is too long");
	it = option_iter(span_of(bytes, (size_t)(out.p - bytes)));
	while (option_next(&it, &o))
		if (!add(r, &w, (struct script_option){ .number = o.number, .value = o.value }))
			return false;
	return true;
}

bool term_peer(struct reading *r)
{
	struct word w;

	if (!term_must(r, &w, "the number of a peer, 1 to 99"))
		return false;
	for (size_t i = 0; i < w.n; i++)
		if (!ascii_is_digit((uint8_t)w.text[i]))
			return term_wrong(r, &w, "the number of a peer, 1 to 99");
	r->c->peer = w.n > 2 ? 0 : (unsigned)atoi(w.text);
	return r->c->peer || term_wrong(r, &w, "the number of a peer, 1 to 99");
}

bool term_is_code(const struct word *w)
{
	return !w->quoted && w->n == 4 && w->text[1] == '.' &&
	       ascii_is_digit((uint8_t)w->text[0]) && ascii_is_digit((uint8_t)w->text[2]) &&
	       ascii_is_digit((uint8_t)w->text[3]);
}

bool term_code(struct reading *r, const struct word *w)
{
	unsigned class = (unsigned)(w->text[0] - '0');
	unsigned detail = (unsigned)(w->text[2] - '0') * 10 + (unsigned)(w->text[3] - '0');

	if (class > 7 || detail > 31 || !code_is_response((uint8_t)CODE(class, detail)))
		return term_wrong(r, w, "a response code as 2.05");
	r->c->code = (uint8_t)CODE(class, detail);
	return true;
}

bool term_absent(struct reading *r)
{
	struct script_option o = { .absent = true };
	struct word w;
	struct err err;

	if (!term_must(r, &w, "the name of an option"))
		return false;
	if (option_text_number(span_of(w.text, w.n), &o.number, &err))
		return words_wrong(r->words, w.column, "%s; expected the name of an option",
				   err.text);
	return add(r, &w, o);
}

/* A stable order by number. */
static void sort(struct script_option *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct script_option o = v[i];
		size_t k = i;

		for (; k && v[k - 1].number > o.number; k--)
			v[k] = v[k - 1];
		v[k] = o;
	}
}

void term_take_options(struct reading *r, bool sorted, struct script_option **out, size_t *n)
{
	*n = r->noptions;
	*out = pool_array(r->words->pool, *n + 1, sizeof **out);
	memcpy(*out, r->option, *n * sizeof **out);
	if (sorted)
		sort(*out, *n);
	r->noptions = 0;
}
