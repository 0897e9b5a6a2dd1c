#include "kit/line.h"

#include "base/nearest.h"
#include "coap/message.h"
#include "kit/term.h"

#include <stdlib.h>
#include <string.h>

/* --- requests ----------------------------------------------------------------------- */

static bool read_token(struct reading *r)
{
	struct word w;

	if (!term_must(r, &w, "a token as 0x1a2b"))
		return false;
	if (!term_is_hex(&w) || w.n > 18)
		return term_wrong(r, &w, "a token as 0x1a2b, of at most 8 bytes");
	r->c->has_token = true;
	return term_hex(r, &w, &r->c->token);
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
	if (!term_path(r))
		return false;
	while (fine && words_next(r->words, &w)) {
		if (term_is_payload(&w))
			fine = term_payload(r, &w);
		else if (word_is(&w, "non"))
			c->type = COAP_NON;
		else if (word_is(&w, "from"))
			fine = term_peer(r);
		else if (word_is(&w, "token"))
			fine = read_token(r);
		else if (term_is_option(&w))
			fine = term_option(r, &w, false);
		else
			fine = term_wrong(r, &w, "non, from, token, an option as NAME=VALUE, or a "
				     "payload in quotes or as 0x1a2b");
	}
	term_take_options(r, true, &c->option, &c->noptions);
	return fine && before == r->words->errors->count;
}

/* --- expectations ------------------------------------------------------------------- */

static bool read_like(struct reading *r)
{
	struct word w;

	r->c->how = PAYLOAD_LIKE;
	if (!term_must(r, &w, "a pattern in quotes"))
		return false;
	return w.quoted ? term_payload(r, &w) : term_wrong(r, &w, "a pattern in quotes");
}

static bool read_response_word(struct reading *r, const struct word *w)
{
	struct command *c = r->c;

	if (term_is_payload(w))
		return term_payload(r, w);
	if (word_is(w, "piggybacked"))
		c->way = WAY_PIGGYBACKED;
	else if (word_is(w, "separate"))
		c->way = WAY_SEPARATE;
	else if (word_is(w, "after"))
		return term_time(r, &c->after_ms);
	else if (word_is(w, "within"))
		return term_time(r, &c->within_ms);
	else if (word_is(w, "no"))
		return term_absent(r);
	else if (word_is(w, "like"))
		return read_like(r);
	else if (term_is_option(w))
		return term_option(r, w, true);
	else
		return term_wrong(r, w, "piggybacked, separate, after, within, no, like, an option "
			     "as NAME=VALUE, or a payload in quotes or as 0x1a2b");
	return true;
}

static bool read_response(struct reading *r, const struct word *code)
{
	unsigned before = r->words->errors->count;
	struct word w;
	bool fine = term_code(r, code);

	r->c->within_ms = SCRIPT_NEVER;
	while (fine && words_next(r->words, &w))
		fine = read_response_word(r, &w);
	term_take_options(r, false, &r->c->option, &r->c->noptions);
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
		return term_wrong(r, &w, "for, or the end of the line");
	return term_time(r, &r->c->within_ms) && term_ends(r);
}

/* Names begin with a letter, and so no code is one. */
static bool begins_name(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool is_expectation(const struct word *w)
{
	return term_is_code(w) || word_is(w, "nothing") || word_is(w, "ack") || word_is(w, "rst");
}

static bool read_expect(struct reading *r)
{
	static const char expected[] = "a code as 2.05, nothing, ack or rst";
	struct command *c = r->c;
	struct word w;

	c->after_ms = SCRIPT_NEVER;
	if (!term_must(r, &w, "the name of a request, a code as 2.05, nothing, ack or rst"))
		return false;
	if (!w.quoted && !is_expectation(&w)) {
		if (!begins_name(w.text[0]))
			return term_wrong(r, &w, expected);
		c->name = w.text;
		if (!term_must(r, &w, expected))
			return false;
	}
	if (term_is_code(&w))
		return read_response(r, &w);
	if (word_is(&w, "nothing"))
		return read_nothing(r);
	if (!word_is(&w, "ack") && !word_is(&w, "rst"))
		return term_wrong(r, &w, expected);
	c->kind = word_is(&w, "ack") ? COMMAND_ACK : COMMAND_RST;
	return term_ends(r);
}

/* --- other commands ------------------------------------------------------------------ */

static bool read_mount(struct reading *r)
{
	struct command *c = r->c;
	struct word w;

	if (!term_must(r, &w, "a path to mount a module at"))
		return false;
	if (w.quoted || w.text[0] != '/' || strlen(w.text) != w.n)
		return term_wrong(r, &w, "a path as /a/b");
	c->key = w.text;
	c->yaml = words_rest(r->words, &c->yaml_column);
	return c->yaml.n || words_wrong(r->words, c->yaml_column, "the line ends too early; "
					"expected a module, or { module: NAME, ... }");
}

static bool read_site(struct reading *r)
{
	struct command *c = r->c;
	struct word w;

	if (!term_must(r, &w, "a key of a site file as limits:"))
		return false;
	if (w.quoted || w.n < 2 || w.text[w.n - 1] != ':' || strlen(w.text) != w.n)
		return term_wrong(r, &w, "a key of a site file as limits:");
	c->key = pool_copy(r->words->pool, w.text, w.n - 1);
	if (!strcmp(c->key, "resources") || !strcmp(c->key, "slots"))
		return words_wrong(r->words, w.column, "%s is the tool's to set; expected "
				   "another key, or a line as mount /a/b MODULE", c->key);
	c->yaml = words_rest(r->words, &c->yaml_column);
	return true;
}

/* What stands behind the code that a peer answers with. */
static bool read_reply(struct reading *r, const struct word *code)
{
	struct word w;
	bool fine = term_code(r, code);

	while (fine && words_next(r->words, &w)) {
		if (term_is_payload(&w))
			fine = term_payload(r, &w);
		else if (term_is_option(&w))
			fine = term_option(r, &w, false);
		else
			fine = term_wrong(r, &w, "an option as NAME=VALUE, or a payload in "
					  "quotes or as 0x1a2b");
	}
	return fine;
}

static bool read_answer(struct reading *r)
{
	static const char expected[] = "a code as 2.05, or nothing";
	unsigned before = r->words->errors->count;
	struct command *c = r->c;
	struct word w;
	bool fine;

	if (!term_peer(r) || !term_must(r, &w, "a method as get"))
		return false;
	if (term_method(&w) < 0)
		return term_wrong(r, &w, "a method as get");
	c->method = (uint8_t)term_method(&w);
	if (!term_path(r) || !term_must(r, &w, expected))
		return false;
	term_take_options(r, true, &c->asked, &c->nasked);
	c->silent = word_is(&w, "nothing");
	if (c->silent)
		return term_ends(r);
	fine = term_is_code(&w) ? read_reply(r, &w) : term_wrong(r, &w, expected);
	term_take_options(r, true, &c->option, &c->noptions);
	return fine && before == r->words->errors->count;
}

static bool read_wait(struct reading *r)
{
	return term_time(r, &r->c->within_ms) && term_ends(r);
}

static bool read_log(struct reading *r)
{
	struct word w;

	if (!term_must(r, &w, "a pattern in quotes"))
		return false;
	if (!w.quoted)
		return term_wrong(r, &w, "a pattern in quotes");
	r->c->payload = span_of(w.text, w.n);
	return term_ends(r);
}

/* How a counter stands: PATH NAME NUMBER. */
static bool read_count(struct reading *r)
{
	static const char expected[] = "how often, as 12";
	struct command *c = r->c;
	struct word w;

	if (!term_must(r, &w, "the path of a mount as /a/b"))
		return false;
	if (w.quoted || w.text[0] != '/')
		return term_wrong(r, &w, "the path of a mount as /a/b");
	c->key = w.text;
	if (!term_must(r, &w, "the name of a counter"))
		return false;
	c->name = w.text;
	if (!term_must(r, &w, expected))
		return false;
	if (w.quoted || w.n > 18 || strspn(w.text, "0123456789") != w.n)
		return term_wrong(r, &w, expected);
	c->number = strtoull(w.text, NULL, 10);
	return term_ends(r);
}

static bool read_jobs(struct reading *r)
{
	struct word w;

	if (!term_must(r, &w, "take"))
		return false;
	if (!word_is(&w, "take"))
		return term_wrong(r, &w, "take");
	return term_time(r, &r->c->within_ms) && term_ends(r);
}

/* Maybe a name, and nothing more. */
static bool read_named(struct reading *r)
{
	unsigned before = r->words->errors->count;
	struct word w;

	if (!words_next(r->words, &w))
		return before == r->words->errors->count;
	r->c->name = w.text;
	return term_ends(r);
}

static const struct verb {
	const char *name;
	enum command_kind kind;
	bool (*read)(struct reading *);
} verbs[] = {
	{ "mount", COMMAND_MOUNT, read_mount },
	{ "site", COMMAND_SITE, read_site },
	{ "answer", COMMAND_ANSWER, read_answer },
	{ "expect", COMMAND_EXPECT, read_expect },
	{ "wait", COMMAND_WAIT, read_wait },
	{ "log", COMMAND_LOG, read_log },
	{ "count", COMMAND_COUNT, read_count },
	{ "jobs", COMMAND_JOBS, read_jobs },
	{ "crash", COMMAND_CRASH, term_ends },
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
	return term_wrong(r, w, "mount, site, answer, a method as get, expect, wait, log, count, "
			  "jobs, crash, repeat or reset");
}

static bool read_verb(struct reading *r, const struct word *w)
{
	int method = term_method(w);

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
	if (!term_must(r, w, "a request as get /a/b"))
		return false;
	if (term_method(w) < 0)
		return term_wrong(r, w, "a method as get or put behind the name");
	return read_request(r, (uint8_t)term_method(w));
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
