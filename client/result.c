#include "client/result.h"

#include "client/option_list.h"
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

static int output_failed(struct tool *t, int rc)
{
	show_error(&t->show, "cannot write to standard output: %s", strerror(-rc));
	return OUTCOME_FAILED;
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
	bool many = t->args->nuris > 1;

	if (e->answer.code == COAP_CONTENT)
		return;
	show_remark(&t->show, "%s%s%s %s%s%s", many ? e->text : "", many ? ": " : "",
		    code_print(e->answer.code, text), name ? name : "(unknown code)",
		    located ? ", Location: " : "", located ? where : "");
}

/* --- the payload --------------------------------------------------------------------- */

static bool ends_line(struct spool *body)
{
	uint8_t last = '\n';

	if (spool_size(body))
		spool_read(body, spool_size(body) - 1, &last, 1);
	return last == '\n';
}

static int give_payload(struct errand *e)
{
	struct spool *body = e->answer.body;
	int rc;

	show_progress(&e->tool->show, "");
	rc = spool_write(body, STDOUT_FILENO);
	if (rc == 0 && isatty(STDOUT_FILENO) && !ends_line(body) &&
	    write(STDOUT_FILENO, "\n", 1) != 1)
		rc = -errno;
	return rc ? output_failed(e->tool, rc) : OUTCOME_OK;
}

int result_give(struct errand *e)
{
	struct err err;
	int rc;

	if (code_class(e->answer.code) > 2)
		return OUTCOME_OK;
	remark(e);
	if (!e->output)
		return give_payload(e);
	rc = spool_finish(e->answer.body, &err);
	if (rc == 0)
		return OUTCOME_OK;
	show_error(&e->tool->show, "%s: %s", e->text, err.text);
	return OUTCOME_FAILED;
}
