#include "client/arguments.h"

#include "base/nearest.h"
#include "client/argument_value.h"
#include "client/arguments_rows.h"
#include "coap/code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct argument_row argument_rows[] = {
#define X(field, kind, names, letters, value, least, most, verbs, rare, help, more) \
	{ names, letters, value, ARG_##kind, rare, verbs, least, most, \
	  offsetof(struct arguments, field), help, more },
	ARGUMENT_ROWS(X)
#undef X
};

#define ROWS (sizeof argument_rows / sizeof *argument_rows)
const unsigned argument_count = ROWS;

/* A command line on its way in. */
struct line {
	struct arguments *a;
	char *const *argv;
	int argc, at;
	bool seen[ROWS];
	struct err *err;
};

bool argument_name(const struct argument_row *row, unsigned nth, char out[ARGUMENT_NAME])
{
	const char *name = row->names;
	size_t n;

	for (; nth; nth--) {
		name = strchr(name, ' ');
		if (!name)
			return false;
		name++;
	}
	n = strcspn(name, " ");
	memcpy(out, name, n);
	out[n] = 0;
	return true;
}

static const struct argument_row *by_name(const char *name)
{
	char candidate[ARGUMENT_NAME];

	for (size_t i = 0; i < ROWS; i++)
		for (unsigned nth = 0; argument_name(&argument_rows[i], nth, candidate); nth++)
			if (strcmp(name, candidate) == 0)
				return &argument_rows[i];
	return NULL;
}

static const struct argument_row *by_letter(char letter)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strchr(argument_rows[i].letters, letter))
			return &argument_rows[i];
	return NULL;
}

/* --- values -------------------------------------------------------------------- */

static int store_texts(struct texts *t, const char *value, struct err *err)
{
	if (t->n == ARGUMENTS_MANY)
		return err_set(err, -EINVAL, "more than %u of them", ARGUMENTS_MANY);
	t->v[t->n++] = value;
	return 0;
}

static int store_tags(const struct argument_row *row, struct tags *t, const char *value,
		      struct err *err)
{
	int rc;

	if (t->n == ARGUMENTS_TAGS)
		return err_set(err, -EINVAL, "more than %u of them", ARGUMENTS_TAGS);
	rc = argument_tag(value, (unsigned)row->least, &t->v[t->n], err);
	t->n += rc == 0;
	return rc;
}

static int store(const struct argument_row *row, struct arguments *a, const char *value,
		 struct err *err)
{
	void *field = (char *)a + row->offset;

	switch ((enum argument_kind)row->kind) {
	case ARG_ON:
		*(int *)field = 1;
		return 0;
	case ARG_OFF:
		*(int *)field = -1;
		return 0;
	case ARG_MORE:
		++*(int *)field;
		return 0;
	case ARG_TEXT:
	case ARG_MAYBE:
		*(const char **)field = value ? value : "";
		return 0;
	case ARG_TEXTS:
		return store_texts(field, value, err);
	case ARG_NUMBER:
		return argument_number(value, row->least, row->most, field, err);
	case ARG_SECONDS:
		return argument_seconds(value, row->least, row->most, field, err);
	case ARG_PERCENT:
		return argument_percent(value, field, err);
	case ARG_FORMAT:
		return argument_format(value, field, err);
	case ARG_METHOD:
		return argument_method(value, field, err);
	case ARG_BLOCK:
		return argument_block(value, field, err);
	case ARG_TAG:
		return argument_tag(value, (unsigned)row->least, field, err);
	case ARG_TAGS:
		return store_tags(row, field, value, err);
	case ARG_ABSENT:
		break;
	}
	return err_set(err, -EINVAL, "%s", row->help);
}

/* Takes a value, or none, under the name it was given by. */
static int take(struct line *l, const struct argument_row *row, const char *as,
		const char *value)
{
	struct err why;
	int rc = store(row, l->a, value, &why);

	l->seen[row - argument_rows] = true;
	return rc ? err_set(l->err, rc, "%s: %s", as, why.text) : 0;
}

/* The value of an option that has not been seen to have one: the next word. */
static int take_next(struct line *l, const struct argument_row *row, const char *as)
{
	if (!row->value || row->kind == ARG_MAYBE || row->kind == ARG_ABSENT)
		return take(l, row, as, NULL);
	if (l->at == l->argc)
		return err_set(l->err, -EINVAL, "%s lacks its %s", as, row->value);
	return take(l, row, as, l->argv[l->at++]);
}

/* --- words --------------------------------------------------------------------- */

static int unknown(struct line *l, const char *name)
{
	struct nearest nearest = { .wanted = name };
	char best[ROWS * 2][ARGUMENT_NAME];
	unsigned n = 0;

	for (size_t i = 0; i < ROWS; i++)
		for (unsigned nth = 0; n < ROWS * 2 &&
		     argument_name(&argument_rows[i], nth, best[n]); nth++)
			nearest_offer(&nearest, best[n++]);
	if (nearest.best)
		return err_set(l->err, -EINVAL, "--%s is no option of coap; did you mean --%s?",
			       name, nearest.best);
	return err_set(l->err, -EINVAL, "--%s is no option of coap; coap --help shows what "
		       "there is", name);
}

static int long_option(struct line *l, const char *word)
{
	size_t n = strcspn(word, "=");
	const char *value = word[n] ? word + n + 1 : NULL;
	const struct argument_row *row;
	char name[64], as[ARGUMENT_NAME + 2] = "--";

	if (n >= sizeof name)
		return err_set(l->err, -EINVAL, "--%.60s... is no option of coap", word);
	memcpy(name, word, n);
	name[n] = 0;
	row = by_name(name);
	if (!row)
		return unknown(l, name);
	memcpy(as + 2, name, n + 1);
	if (!value)
		return take_next(l, row, as);
	if (!row->value)
		return err_set(l->err, -EINVAL, "%s takes no value", as);
	return take(l, row, as, value);
}

/* One or more letters; the last may be followed by its value. */
static int letters(struct line *l, const char *word)
{
	int rc = 0;

	for (; rc == 0 && *word; word++) {
		const struct argument_row *row = by_letter(*word);
		char as[3] = { '-', *word, 0 };

		if (!row)
			return err_set(l->err, -EINVAL, "-%c is no option of coap; coap --help "
				       "shows what there is", *word);
		if (row->value && word[1])
			return take(l, row, as, word + 1);
		rc = take_next(l, row, as);
	}
	return rc;
}

static bool is_verb(struct line *l, const char *word)
{
	for (unsigned i = 0; i < VERBS; i++)
		if (strcmp(word, verbs[i].name) == 0) {
			l->a->verb = (enum verb_id)i;
			return l->a->verb_given = true;
		}
	return false;
}

static int operand(struct line *l, const char *word)
{
	struct nearest nearest = { .wanted = word };

	if (!l->a->verb_given && l->a->nuris == 0) {
		if (is_verb(l, word))
			return 0;
		for (unsigned i = 0; i < VERBS; i++)
			nearest_offer(&nearest, verbs[i].name);
		if (nearest.best)
			return err_set(l->err, -EINVAL, "%s is neither a verb nor a URI; did "
				       "you mean %s?", word, nearest.best);
	}
	l->a->uris[l->a->nuris++] = word;
	return 0;
}

static int read_words(struct line *l)
{
	bool options = true;
	int rc = 0;

	while (rc == 0 && l->at < l->argc) {
		const char *word = l->argv[l->at++];

		if (!options || word[0] != '-' || !word[1])
			rc = operand(l, word);
		else if (strcmp(word, "--") == 0)
			options = false;
		else
			rc = word[1] == '-' ? long_option(l, word + 2) : letters(l, word + 1);
	}
	return rc;
}

/* --- what it means together ------------------------------------------------------- */

static enum verb_id verb_of_method(int64_t code)
{
	for (unsigned i = 0; i < VERBS; i++)
		if (verbs[i].run == method_run && verbs[i].code == code)
			return (enum verb_id)i;
	return VERB_POST;       /* of a method that nobody knows anything may be asked */
}

/* Which verb it is: the word, or --method, or what a body asks for as with curl. */
static int settle_verb(struct line *l)
{
	struct arguments *a = l->a;

	if (!l->a->verb_given && a->method >= 0)
		a->verb = verb_of_method(a->method);
	else if (!l->a->verb_given && (a->upload || a->payload) && !a->observe)
		a->verb = a->upload ? VERB_PUT : VERB_POST;
	if (a->observe && (a->verb == VERB_GET || a->verb == VERB_FETCH))
		a->verb = VERB_OBSERVE;
	a->code = a->method >= 0 ? (uint8_t)a->method : verbs[a->verb].code;
	if (l->a->verb_given && verbs[a->verb].run == method_run && a->code != verbs[a->verb].code)
		return err_set(l->err, -EINVAL, "--method says something else than the verb %s",
			       verbs[a->verb].name);
	if (a->verb == VERB_OBSERVE && a->code != COAP_GET && a->code != COAP_FETCH)
		return err_set(l->err, -EINVAL, "only GET and FETCH can observe");
	return 0;
}

/* "get, put and post". */
static void name_verbs(uint32_t set, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = 0;
	for (unsigned i = 0; i < VERBS; i++) {
		uint32_t rest = set >> i;

		if (!(rest & 1) || n + 16 > cap)
			continue;
		if (n)
			n = (size_t)(stpcpy(out + n, rest == 1 ? " and " : ", ") - out);
		n = (size_t)(stpcpy(out + n, verbs[i].name) - out);
	}
}

static int check_rows(struct line *l)
{
	const struct arguments *a = l->a;

	for (size_t i = 0; i < ROWS; i++) {
		const struct argument_row *row = &argument_rows[i];
		char name[ARGUMENT_NAME], list[128];

		if (!l->seen[i] || row->verbs >> a->verb & 1)
			continue;
		argument_name(row, 0, name);
		name_verbs(row->verbs, list, sizeof list);
		return err_set(l->err, -EINVAL, "--%s goes with %s, not with %s", name, list,
			       verbs[a->verb].name);
	}
	return 0;
}

static int check(struct line *l)
{
	const struct arguments *a = l->a;

	if (a->nuris == 0 && !(a->verb == VERB_DISCOVER && a->multicast))
		return err_set(l->err, -EINVAL, "a URI is missing, as in coap %s "
			       "coap://[::1]/hello; coap --help shows more",
			       verbs[a->verb].name);
	if (a->payload && a->upload)
		return err_set(l->err, -EINVAL, "a request has one body: --payload and "
			       "--upload-file exclude each other");
	if (a->output.n > a->nuris)
		return err_set(l->err, -EINVAL, "there are more files (--output) than URIs");
	return 0;
}

int arguments_read(struct arguments *a, int argc, char *const argv[], struct err *err)
{
	struct line l = { .a = a, .argv = argv, .argc = argc, .at = 1, .err = err };
	int rc;

	*a = (struct arguments){ .content_format = -1, .accept = -1, .method = -1,
				 .no_response = -1, .szx = -1, .timeout_ms = -1,
				 .loss_permille = -1, .count = -1, .for_ms = -1,
				 .interval_ms = -1, .endpoints = -1, .window = -1, .rate = -1,
				 .duration_ms = -1, .warmup_ms = -1, .size = -1, .processes = -1,
				 .cpu = -1, .trigger_method = -1 };
	a->uris = calloc((size_t)argc + 1, sizeof *a->uris);
	if (!a->uris)
		return err_set(err, -ENOMEM, "no memory for the command line");
	if ((rc = read_words(&l)) || a->help || a->version)
		return rc;
	if ((rc = settle_verb(&l)) || (rc = check_rows(&l)))
		return rc;
	return check(&l);
}

void arguments_free(struct arguments *a)
{
	free(a->uris);
	a->uris = NULL;
}
