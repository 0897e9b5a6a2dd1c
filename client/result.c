#include "client/result.h"

#include "client/json_out.h"
#include "client/option_list.h"
#include "client/pour.h"
#include "client/pretty.h"
#include "coap/uri.h"

#include <errno.h>
#include <unistd.h>

int result_show(struct tool *t, const struct outcome *o)
{
	if (o->exit != OUTCOME_OK)
		show_error(&t->show, "%s", o->err.text);
	if (o->wrong)
		show_mark(&t->show, o->wrong, o->wrong_at);
	return o->exit;
}

/* --- remarks ------------------------------------------------------------------------ */

/* The path and query that Location options name, as they stand in a URI.  False if
 * there are none. */
static bool location(struct span options, char *out, size_t cap)
{
	struct option_iter it = option_iter(options);
	struct writer w = writer_of(out, cap - 1);
	struct addr nowhere = { .port = 5683 };
	uint8_t bytes[OPTION_LIST_BYTES];
	struct writer ow = writer_of(bytes, sizeof bytes);
	struct option_list l;
	struct option o;
	const char *slash;

	option_list_init(&l);
	while (option_next(&it, &o))
		if (o.number == OPT_LOCATION_PATH)
			option_list_add(&l, OPT_URI_PATH, o.value);
		else if (o.number == OPT_LOCATION_QUERY)
			option_list_add(&l, OPT_URI_QUERY, o.value);
	if (l.n == 0 || !option_list_write(&l, &ow) ||
	    uri_compose(&w, SCHEME_COAP, &nowhere, span_of(bytes, (size_t)(ow.p - bytes)), NULL))
		return false;
	*w.p = 0;
	slash = strchr(out + strlen("coap://"), '/');
	if (!slash)
		return false;
	memmove(out, slash, strlen(slash) + 1);
	return true;
}

/* A plain 2.05 needs no words. */
static void remark(struct errand *e)
{
	struct tool *t = e->tool;
	char text[CODE_TEXT], where[1024];
	const char *name = code_name(e->answer.code);
	bool located = location(e->answer.options, where, sizeof where);
	bool many = t->nerrands > 1;

	if (e->answer.code == COAP_CONTENT)
		return;
	show_remark(&t->show, "%s%s%s %s%s%s", many ? e->text : "", many ? ": " : "",
		    code_print(e->answer.code, text), name ? name : "(unknown code)",
		    located ? ", Location: " : "", located ? where : "");
}

/* --- the payload --------------------------------------------------------------------- */

/* The kind that its content format says it is. */
static enum content_kind kind_of(const struct answer *a)
{
	struct message m = { .code = a->code, .options = a->options };
	uint64_t number;

	return message_option_uint(&m, OPT_CONTENT_FORMAT, &number) ?
	       content_format_kind((uint32_t)number) : CONTENT_OPAQUE;
}

/* Arranged for reading, if that is wanted and possible. */
static bool give_pretty(struct errand *e, bool terminal, int *rc)
{
	const struct arguments *a = e->tool->args;
	struct span body = { 0 };
	struct pour out;

	if (a->pretty < 0 || (a->pretty == 0 && !terminal))
		return false;
	if (spool_size(e->answer.body) <= SPOOL_MEMORY)
		body = spool_span(e->answer.body);
	pour_begin(&out, STDOUT_FILENO);
	if (!pretty_write(&out, kind_of(&e->answer), body, show_wants_color(a, STDOUT_FILENO)))
		return false;
	*rc = pour_end(&out);
	return true;
}

static bool ends_line(struct spool *body)
{
	uint8_t last = '\n';

	if (spool_size(body))
		spool_read(body, spool_size(body) - 1, &last, 1);
	return last == '\n';
}

static int give_payload(struct errand *e)
{
	bool terminal = isatty(STDOUT_FILENO);
	int rc;

	if (give_pretty(e, terminal, &rc))
		return rc;
	rc = spool_write(e->answer.body, STDOUT_FILENO);
	if (rc == 0 && terminal && !ends_line(e->answer.body))
		rc = pour_all(STDOUT_FILENO, span_str("\n"));
	return rc;
}

/* --- all of it ----------------------------------------------------------------------- */

static int interrupted(struct tool *t)
{
	show_error(&t->show, "interrupted");
	return OUTCOME_INTERRUPTED;
}

static int give_file(struct errand *e)
{
	struct err err;
	int rc = spool_finish(e->answer.body, &err);

	if (rc == 0)
		return OUTCOME_OK;
	if (rc == -EINTR)
		return interrupted(e->tool);
	show_error(&e->tool->show, "%s: %s", e->text, err.text);
	return OUTCOME_FAILED;
}

int result_give(struct errand *e)
{
	bool good = code_class(e->answer.code) <= 2;
	struct tool *t = e->tool;
	int exit = OUTCOME_OK, rc = 0;

	show_progress(&t->show, "");
	if (e->answered && good && e->output)
		exit = give_file(e);
	if (t->args->json)
		rc = e->answered ? json_out_answer(e, &e->answer, STDOUT_FILENO) :
				   json_out_failure(e, STDOUT_FILENO);
	else if (e->answered && good)
		remark(e);
	else if (!e->answered && e->outcome.exit == OUTCOME_OK)
		show_remark(&t->show, "no answer, and none was wanted");
	if (e->answered && good && !e->output && !t->args->json)
		rc = give_payload(e);
	if (rc == 0)
		return exit;
	if (rc == -EINTR)
		return interrupted(t);
	if (!t->deaf)
		show_error(&t->show, "cannot write to standard output: %s", pour_error(rc));
	t->deaf = true;
	return OUTCOME_FAILED;
}
