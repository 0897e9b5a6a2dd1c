#include "kit/line.h"

#include "base/ascii.h"
#include "base/nearest.h"
#include "coap/frame_udp.h"
#include "coap/option_text.h"
#include "coap/uri.h"
#include "config/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The line in hand. */
struct reading {
	struct words *words;
	struct command *c;
	struct script_option option[SCRIPT_WORDS];
};

static bool wrong(struct reading *r, const struct word *w, const char *expected)
{
	char quoted[VALUE_QUOTE];

	return words_wrong(r->words, w->column, "%s is not understood here; expected %s",
			   value_quote(w->text, w->n, quoted), expected);
}

/* The next word, which must be there.  False: it has been said what was expected. */
static bool must(struct reading *r, struct word *w, const char *expected)
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

/* Nothing more follows. */
static bool ends(struct reading *r)
{
	unsigned count = r->words->errors->count, left_out = r->words->errors->left_out;
	struct word w;

	if (words_next(r->words, &w))
		return wrong(r, &w, "the end of the line");
	return count == r->words->errors->count && left_out == r->words->errors->left_out;
}

/* --- words that mean something ------------------------------------------------------ */

static bool read_time(struct reading *r, uint64_t *ms)
{
	static const char expected[] = "a time as 100ms, 2s, 1.5s, 5m, 1h or 1d";
	struct word w;
	struct err err;

	if (!must(r, &w, expected))
		return false;
	if (w.quoted || value_read(&value_duration, w.text, w.n, ms, &err) != 0 ||
	    *ms > SCRIPT_MS_MAX)
		return wrong(r, &w, expected);
	return true;
}

static bool is_hex(const struct word *w)
{
	return !w->quoted && w->n >= 2 && w->text[0] == '0' && (w->text[1] | 32) == 'x';
}

/* "0x1a2b" */
static bool read_hex(struct reading *r, const struct word *w, struct span *out)
{
	size_t n = (w->n - 2) / 2;
	uint8_t *p = pool_get(r->words->pool, n + 1);

	for (size_t i = 0; i < n; i++) {
		int high = ascii_hex_value((uint8_t)w->text[2 + 2 * i]);
		int low = ascii_hex_value((uint8_t)w->text[3 + 2 * i]);

		if (high < 0 || low < 0)
			return wrong(r, w, "pairs of hexadecimal digits behind 0x");
		p[i] = (uint8_t)(high << 4 | low);
	}
	if (w->n % 2)
		return wrong(r, w, "pairs of hexadecimal digits behind 0x");
	*out = span_of(p, n);
	return true;
}

static bool is_payload(const struct word *w)
{
	return w->quoted || is_hex(w);
}

static bool read_payload(struct reading *r, const struct word *w)
{
	struct command *c = r->c;

	if (c->how == PAYLOAD_ANY)
		c->how = PAYLOAD_EQUAL;
	if (is_hex(w) && !read_hex(r, w, &c->payload))
		return false;
	if (w->quoted)
		c->payload = span_of(w->text, w->n);
	return ends(r);
}

static bool is_option(const struct word *w)
{
	return !w->quoted && (memchr(w->text, '=', w->n) || strlen(w->text) != w->n ||
			      word_is(w, "If-None-Match"));
}

static bool add(struct reading *r, const struct word *w, struct script_option o)
{
	if (r->c->noptions == SCRIPT_WORDS)
		return words_wrong(r->words, w->column, "more than %u options", SCRIPT_WORDS);
	r->option[r->c->noptions++] = o;
	return true;
}

/* "Name=VALUE"; with any also "Name=*". */
static bool read_option(struct reading *r, const struct word *w, bool any)
{
	struct script_option o = { .any = any && w->n > 2 && !strcmp(w->text + w->n - 2, "=*") };
	struct option_text text;
	struct err err;

	if (strlen(w->text) != w->n)
		return wrong(r, w, "an option without zero bytes");
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

/* --- requests ----------------------------------------------------------------------- */

static int method_of(const struct word *w)
{
	for (unsigned code = COAP_GET; code <= COAP_IPATCH && !w->quoted; code++)
		if (ascii_same(span_of(w->text, w->n), span_str(code_name((uint8_t)code))))
			return (int)code;
	return -1;
}

/* Path and query become options, as those of a URI. */
static bool read_path(struct reading *r)
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

	if (!must(r, &w, "a path as /a/b?name=value"))
		return false;
	if (w.quoted || w.text[0] != '/')
		return wrong(r, &w, "a path as /a/b?name=value");
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

static bool read_peer(struct reading *r)
{
	struct word w;

	if (!must(r, &w, "the number of a peer, 1 to 99"))
		return false;
	for (size_t i = 0; i < w.n; i++)
		if (!ascii_is_digit((uint8_t)w.text[i]))
			return wrong(r, &w, "the number of a peer, 1 to 99");
	r->c->peer = w.n > 2 ? 0 : (unsigned)atoi(w.text);
	return r->c->peer || wrong(r, &w, "the number of a peer, 1 to 99");
}

static bool read_token(struct reading *r)
{
	struct word w;

	if (!must(r, &w, "a token as 0x1a2b"))
		return false;
	if (!is_hex(&w) || w.n > 18)
		return wrong(r, &w, "a token as 0x1a2b, of at most 8 bytes");
	r->c->has_token = true;
	return read_hex(r, &w, &r->c->token);
}

/* A stable order by number, as options travel. */
static void sort_options(struct command *c)
{
	for (size_t i = 1; i < c->noptions; i++) {
		struct script_option o = c->option[i];
		size_t k = i;

		for (; k && c->option[k - 1].number > o.number; k--)
			c->option[k] = c->option[k - 1];
		c->option[k] = o;
	}
}

static bool keep_options(struct reading *r)
{
	struct command *c = r->c;

	c->option = pool_array(r->words->pool, c->noptions + 1, sizeof *c->option);
	memcpy(c->option, r->option, c->noptions * sizeof *c->option);
	return true;
}

static bool read_request(struct reading *r, uint8_t code)
{
	struct command *c = r->c;
	struct word w;
	unsigned before = r->words->errors->count;
	bool fine = true;

	*c = (struct command){ .kind = COMMAND_REQUEST, .line = c->line, .column = c->column,
			       .text = c->text, .name = c->name, .code = code,
			       .type = COAP_CON, .peer = 1 };
	if (!read_path(r))
		return false;
	while (fine && words_next(r->words, &w)) {
		if (is_payload(&w))
			fine = read_payload(r, &w);
		else if (word_is(&w, "non"))
			c->type = COAP_NON;
		else if (word_is(&w, "from"))
			fine = read_peer(r);
		else if (word_is(&w, "token"))
			fine = read_token(r);
		else if (is_option(&w))
			fine = read_option(r, &w, false);
		else
			fine = wrong(r, &w, "non, from, token, an option as NAME=VALUE, or a "
				     "payload in quotes or as 0x1a2b");
	}
	keep_options(r);
	sort_options(c);
	return fine && before == r->words->errors->count;
}

/* --- expectations ------------------------------------------------------------------- */

/* "2.05" */
static bool is_code(const struct word *w)
{
	return !w->quoted && w->n == 4 && w->text[1] == '.' &&
	       ascii_is_digit((uint8_t)w->text[0]) && ascii_is_digit((uint8_t)w->text[2]) &&
	       ascii_is_digit((uint8_t)w->text[3]);
}

static bool read_code(struct reading *r, const struct word *w)
{
	unsigned class = (unsigned)(w->text[0] - '0');
	unsigned detail = (unsigned)(w->text[2] - '0') * 10 + (unsigned)(w->text[3] - '0');

	if (class > 7 || detail > 31 || !code_is_response((uint8_t)CODE(class, detail)))
		return wrong(r, w, "a response code as 2.05");
	r->c->code = (uint8_t)CODE(class, detail);
	return true;
}

static bool read_absent(struct reading *r)
{
	struct script_option o = { .absent = true };
	struct word w;
	struct err err;

	if (!must(r, &w, "the name of an option"))
		return false;
	if (option_text_number(span_of(w.text, w.n), &o.number, &err))
		return words_wrong(r->words, w.column, "%s; expected the name of an option",
				   err.text);
	return add(r, &w, o);
}

static bool read_like(struct reading *r)
{
	struct word w;

	r->c->how = PAYLOAD_LIKE;
	if (!must(r, &w, "a pattern in quotes"))
		return false;
	return w.quoted ? read_payload(r, &w) : wrong(r, &w, "a pattern in quotes");
}

static bool read_response_word(struct reading *r, const struct word *w)
{
	struct command *c = r->c;

	if (is_payload(w))
		return read_payload(r, w);
	if (word_is(w, "piggybacked"))
		c->way = WAY_PIGGYBACKED;
	else if (word_is(w, "separate"))
		c->way = WAY_SEPARATE;
	else if (word_is(w, "after"))
		return read_time(r, &c->after_ms);
	else if (word_is(w, "within"))
		return read_time(r, &c->within_ms);
	else if (word_is(w, "no"))
		return read_absent(r);
	else if (word_is(w, "like"))
		return read_like(r);
	else if (is_option(w))
		return read_option(r, w, true);
	else
		return wrong(r, w, "piggybacked, separate, after, within, no, like, an option "
			     "as NAME=VALUE, or a payload in quotes or as 0x1a2b");
	return true;
}

static bool read_response(struct reading *r, const struct word *code)
{
	unsigned before = r->words->errors->count;
	struct word w;
	bool fine = read_code(r, code);

	r->c->within_ms = SCRIPT_NEVER;
	while (fine && words_next(r->words, &w))
		fine = read_response_word(r, &w);
	keep_options(r);
	return fine && before == r->words->errors->count;
}

static bool read_nothing(struct reading *r)
{
	unsigned before = r->words->errors->count;
	struct word w;

	r->c->kind = COMMAND_NOTHING;
	r->c->within_ms = 0;
	if (!words_next(r->words, &w))
		return before == r->words->errors->count;
	if (!word_is(&w, "for"))
		return wrong(r, &w, "for, or the end of the line");
	return read_time(r, &r->c->within_ms) && ends(r);
}

/* Names begin with a letter, and so no code is one. */
static bool begins_name(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool is_expectation(const struct word *w)
{
	return is_code(w) || word_is(w, "nothing") || word_is(w, "ack") || word_is(w, "rst");
}

static bool read_expect(struct reading *r)
{
	static const char expected[] = "a code as 2.05, nothing, ack or rst";
	struct command *c = r->c;
	struct word w;

	c->after_ms = SCRIPT_NEVER;
	if (!must(r, &w, "the name of a request, a code as 2.05, nothing, ack or rst"))
		return false;
	if (!w.quoted && !is_expectation(&w)) {
		if (!begins_name(w.text[0]))
			return wrong(r, &w, expected);
		c->name = w.text;
		if (!must(r, &w, expected))
			return false;
	}
	if (is_code(&w))
		return read_response(r, &w);
	if (word_is(&w, "nothing"))
		return read_nothing(r);
	if (!word_is(&w, "ack") && !word_is(&w, "rst"))
		return wrong(r, &w, expected);
	c->kind = word_is(&w, "ack") ? COMMAND_ACK : COMMAND_RST;
	return ends(r);
}

/* --- other commands ------------------------------------------------------------------ */

static bool read_mount(struct reading *r)
{
	struct command *c = r->c;
	struct word w;

	if (!must(r, &w, "a path to mount a module at"))
		return false;
	if (w.quoted || w.text[0] != '/' || strlen(w.text) != w.n)
		return wrong(r, &w, "a path as /a/b");
	c->key = w.text;
	c->yaml = words_rest(r->words, &c->yaml_column);
	return c->yaml.n || words_wrong(r->words, c->yaml_column, "the line ends too early; "
					"expected a module, or { module: NAME, ... }");
}

static bool read_site(struct reading *r)
{
	struct command *c = r->c;
	struct word w;

	if (!must(r, &w, "a key of a site file as limits:"))
		return false;
	if (w.quoted || w.n < 2 || w.text[w.n - 1] != ':' || strlen(w.text) != w.n)
		return wrong(r, &w, "a key of a site file as limits:");
	c->key = pool_copy(r->words->pool, w.text, w.n - 1);
	if (!strcmp(c->key, "resources") || !strcmp(c->key, "slots"))
		return words_wrong(r->words, w.column, "%s is the tool's to set; expected "
				   "another key, or a line as mount /a/b MODULE", c->key);
	c->yaml = words_rest(r->words, &c->yaml_column);
	return true;
}

static bool read_wait(struct reading *r)
{
	return read_time(r, &r->c->within_ms) && ends(r);
}

static bool read_log(struct reading *r)
{
	struct word w;

	if (!must(r, &w, "a pattern in quotes"))
		return false;
	if (!w.quoted)
		return wrong(r, &w, "a pattern in quotes");
	r->c->payload = span_of(w.text, w.n);
	return ends(r);
}

/* Maybe a name, and nothing more. */
static bool read_named(struct reading *r)
{
	unsigned before = r->words->errors->count;
	struct word w;

	if (!words_next(r->words, &w))
		return before == r->words->errors->count;
	r->c->name = w.text;
	return ends(r);
}

static const struct verb {
	const char *name;
	enum command_kind kind;
	bool (*read)(struct reading *);
} verbs[] = {
	{ "mount", COMMAND_MOUNT, read_mount },
	{ "site", COMMAND_SITE, read_site },
	{ "expect", COMMAND_EXPECT, read_expect },
	{ "wait", COMMAND_WAIT, read_wait },
	{ "log", COMMAND_LOG, read_log },
	{ "crash", COMMAND_CRASH, ends },
	{ "repeat", COMMAND_REPEAT, read_named },
	{ "reset", COMMAND_RESET, read_named },
};

#define VERBS (sizeof verbs / sizeof *verbs)

static bool no_verb(struct reading *r, const struct word *w)
{
	struct nearest nearest = { .wanted = w->text };

	for (size_t i = 0; i < VERBS; i++)
		nearest_offer(&nearest, verbs[i].name);
	if (nearest.best)
		return words_wrong(r->words, w->column, "there is no command \"%.32s\"; "
				   "expected %s?", w->text, nearest.best);
	return wrong(r, w, "mount, site, a method as get, expect, wait, log, crash, repeat or "
		     "reset");
}

static bool read_verb(struct reading *r, const struct word *w)
{
	int method = method_of(w);

	if (method > 0)
		return read_request(r, (uint8_t)method);
	for (size_t i = 0; i < VERBS; i++) {
		if (!word_is(w, verbs[i].name))
			continue;
		r->c->kind = verbs[i].kind;
		return verbs[i].read(r);
	}
	return no_verb(r, w);
}

/* "name:" */
static bool read_label(struct reading *r, struct word *w)
{
	w->text[--w->n] = 0;
	r->c->name = w->text;
	if (!must(r, w, "a request as get /a/b"))
		return false;
	if (method_of(w) < 0)
		return wrong(r, w, "a method as get or put behind the name");
	return read_request(r, (uint8_t)method_of(w));
}

bool line_read(struct words *words, struct command *c)
{
	struct reading r = { .words = words, .c = c };
	struct word w;

	if (!words_next(words, &w))
		return false;
	c->column = w.column;
	if (!w.quoted && w.n > 1 && w.text[w.n - 1] == ':')
		return read_label(&r, &w);
	return read_verb(&r, &w);
}
