#include "client/verb.h"

#include "base/ascii.h"
#include "client/catalog.h"
#include "client/errand.h"
#include "client/groups.h"
#include "client/json_line.h"
#include "client/pour.h"
#include "client/result.h"
#include "client/tree.h"
#include "coap/block.h"
#include "coap/code.h"
#include "coap/content_format.h"
#include "coap/params.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define WELL_KNOWN "/.well-known/core"
#define FILTERS_MAX (ARGUMENTS_MANY + 5)
#define SERVERS_MAX 1024u       /* that may answer to a group */
#define FOLLOW_MAX 64u          /* servers whose answers are too long for one message */
#define GRACE_MS 1000u          /* beyond the leisure that servers have (RFC 7252 8.2) */

struct discover {
	struct tool *tool;
	struct errand *v;
	unsigned n;
	char *filters[FILTERS_MAX];     /* NAME=VALUE, owned */
	unsigned nfilters;
	char **texts;                   /* URIs made here, owned; as many as errands */
	unsigned ntexts;
	struct groups groups;
	/* of groups: */
	struct addr servers[SERVERS_MAX];       /* who has answered */
	unsigned nservers;
	unsigned left_out;              /* answers beyond what there is room for */
	int exit;
};

static void worsen(struct discover *d, int exit)
{
	d->exit = outcome_worse(d->exit, exit);
}

static int no_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "out of memory");
}

/* --- URIs ------------------------------------------------------------------------- */

/* Appends a filter as it has to stand in a URI (RFC 3986 section 3.4). */
static void put_query(FILE *out, const char *text)
{
	for (; *text; text++)
		if (ascii_is_alnum((uint8_t)*text) || strchr("-._~!$'()*+,;=:@/?", *text))
			putc(*text, out);
		else
			fprintf(out, "%%%02X", (uint8_t)*text);
}

/* Where the links of a server are, or what stands behind the path if one was given, and
 * the filters.  NULL: out of memory; a text that is no URI stays as it is. */
static char *uri_of_links(const struct discover *d, const char *text)
{
	char *made = NULL, separator = '?';
	struct uri u;
	size_t n;
	FILE *out;

	if (uri_parse(span_str(text), &u, NULL))
		return strdup(text);
	out = open_memstream(&made, &n);
	if (!out)
		return NULL;
	if (u.path.n <= 1 && !u.has_query) {
		fprintf(out, "%.*s", (int)(strlen(text) - u.path.n), text);
		fputs(WELL_KNOWN, out);
	} else {
		fputs(text, out);
		separator = u.has_query ? '&' : '?';
	}
	for (unsigned i = 0; i < d->nfilters; i++, separator = '&') {
		putc(separator, out);
		put_query(out, d->filters[i]);
	}
	return fclose(out) ? NULL : made;
}

/* The server alone: what its tree is called. */
static int title_of(const char *text, char *out, size_t cap)
{
	struct uri u;
	const char *end = text + strlen(text);

	if (uri_parse(span_str(text), &u, NULL))
		return snprintf(out, cap, "%s", text);
	if (u.path.n)
		end = (const char *)u.path.p;
	else if (u.has_query)
		end = (const char *)u.query.p - 1;
	return snprintf(out, cap, "%.*s", (int)(end - text), text);
}

/* Whether the links are all that the server has, so that the filters can be checked
 * here too: servers may leave that to us (RFC 6690 section 4.1). */
static bool is_well_known(const struct uri *u)
{
	return span_eq(u->path, span_str(WELL_KNOWN));
}

/* --- what a server has -------------------------------------------------------------- */

static bool is_links(const struct errand *e)
{
	struct message m = { .code = e->answer.code, .options = e->answer.options };
	uint64_t format;

	return !message_option_uint(&m, OPT_CONTENT_FORMAT, &format) ||
	       format == CONTENT_FORMAT_LINKS;
}

static int failed(struct discover *d, const char *about, const char *what)
{
	show_error(&d->tool->show, "%s: %s; `coap get` shows it as it came", about, what);
	return OUTCOME_FAILED;
}

static int output_failed(struct discover *d, int rc)
{
	show_error(&d->tool->show, "cannot write to standard output: %s", pour_error(rc));
	return OUTCOME_FAILED;
}

/* An attribute, or all of that name if there are several. */
static void put_values(struct json_line *j, const struct link *link, size_t first)
{
	struct span name = link->attrs[first].name;
	char key[64];
	size_t n = 0;

	snprintf(key, sizeof key, "%.*s", (int)name.n, (const char *)name.p);
	for (size_t i = first + 1; i < link->attr_count; i++)
		n += span_eq(link->attrs[i].name, name);
	if (n)
		json_line_begin(j, key, '[');
	for (size_t i = first; i < link->attr_count; i++) {
		const struct link_attr *a = &link->attrs[i];

		if (!span_eq(a->name, name))
			continue;
		if (a->form == LINK_FLAG)
			json_line_bool(j, n ? NULL : key, true);
		else
			json_line_string(j, n ? NULL : key, a->value);
	}
	if (n)
		json_line_end(j, ']');
}

static bool is_first(const struct link *link, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (span_eq(link->attrs[i].name, link->attrs[at].name))
			return false;
	return true;
}

static void put_link(struct json_line *j, const struct catalog_entry *e)
{
	struct link_parse p;
	struct link link;

	catalog_link(e, &p, &link);
	json_line_begin(j, NULL, '{');
	json_line_string(j, "href", link.href);
	for (size_t i = 0; i < link.attr_count; i++)
		if (is_first(&link, i))
			put_values(j, &link, i);
	json_line_end(j, '}');
}

/* One object for each server. */
static int show_json(struct discover *d, const struct errand *e, const struct catalog *c)
{
	char peer[ADDR_TEXT];
	struct json_line j;
	int rc;

	json_line_open(&j, STDOUT_FILENO);
	json_line_begin(&j, NULL, '{');
	json_line_string(&j, "uri", span_str(e->text));
	addr_print(&e->answer.peer, peer, sizeof peer);
	json_line_string(&j, "peer", span_str(peer));
	json_line_begin(&j, "links", '[');
	for (size_t i = 0; i < c->n; i++)
		put_link(&j, &c->v[i]);
	json_line_end(&j, ']');
	if (c->malformed)
		json_line_string(&j, "error", span_str(c->wrong.text));
	json_line_end(&j, '}');
	rc = json_line_close(&j);
	return rc ? output_failed(d, rc) : OUTCOME_OK;
}

static int show_tree(struct discover *d, const char *title, struct catalog *c)
{
	struct show *show = &d->tool->show;
	struct tree_look look = { .utf8 = show->utf8,
				  .color = show_wants_color(d->tool->args, STDOUT_FILENO) };
	int rc;

	show_progress(show, "");
	rc = tree_print(stdout, title, c, &look);
	if (fflush(stdout) || ferror(stdout))
		rc = -errno;
	return rc ? output_failed(d, rc) : OUTCOME_OK;
}

/* The answer of an errand, under the name of the server. */
static int present(struct discover *d, struct errand *e, const char *title)
{
	struct spool *body = e->answer.body;
	struct span document = spool_span(body);
	bool here = is_well_known(&e->target.uri);
	struct catalog c;
	struct uri base;
	int exit;

	if (!is_links(e))
		return failed(d, e->text, "this is no list of links");
	if (document.n != spool_size(body))
		return failed(d, e->text, "there are more links than can be shown");
	if (uri_parse(span_str(title), &base, NULL))
		base = e->target.uri;
	if (catalog_read(&c, document, &base, (const char *const *)d->filters,
			 here ? d->nfilters : 0)) {
		catalog_free(&c);
		return failed(d, e->text, "out of memory");
	}
	exit = d->tool->args->json ? show_json(d, e, &c) : show_tree(d, title, &c);
	if (c.malformed)
		exit = outcome_worse(exit, failed(d, e->text, c.wrong.text));
	catalog_free(&c);
	return exit;
}

/* --- one server ---------------------------------------------------------------------- */

static void on_answer(struct errand *e, const struct answer *a)
{
	(void)e, (void)a;       /* its outcome is known when it is over */
}

/* Not every server has a list, and asking for one again would not help. */
static void explain(struct errand *e)
{
	if (e->answered && e->answer.code == COAP_NOT_FOUND && is_well_known(&e->target.uri))
		err_set(&e->outcome.err, -EPROTO, "%s: 4.04 Not Found: this server keeps no list "
			"of its resources", e->text);
}

static void on_over(struct errand *e)
{
	struct discover *d = e->tool->verb;
	char title[URI_MAX + 1];

	explain(e);
	worsen(d, result_show(e->tool, &e->outcome));
	if (!e->answered || e->outcome.exit != OUTCOME_OK) {
		if (e->tool->args->json)
			worsen(d, result_give(e));
		return;
	}
	title_of(e->text, title, sizeof title);
	worsen(d, present(d, e, title));
}

static const struct errand_ops one = { .answer = on_answer, .over = on_over };

/* Takes text; NULL means there was no memory for it. */
static int add(struct discover *d, enum errand_kind kind, char *text,
	       const struct errand_ops *ops)
{
	struct errand *e = &d->v[d->n];

	if (!text) {
		show_error(&d->tool->show, "out of memory");
		return OUTCOME_FAILED;
	}
	d->texts[d->ntexts++] = text;
	d->n++;
	if (errand_open(e, d->tool, kind, text, NULL, ops))
		return result_show(d->tool, &e->outcome);
	return OUTCOME_OK;
}

/* --- groups --------------------------------------------------------------------------- */

static bool is_new(struct discover *d, const struct addr *server)
{
	for (unsigned i = 0; i < d->nservers; i++)
		if (addr_eq(&d->servers[i], server))
			return false;
	if (d->nservers == SERVERS_MAX) {
		d->left_out++;
		return false;
	}
	d->servers[d->nservers++] = *server;
	return true;
}

static bool goes_on(const struct answer *a)
{
	struct message m = { .code = a->code, .options = a->options };
	struct block b;
	struct span value;

	return message_option(&m, OPT_BLOCK2, 0, &value) && block_parse(value, &b) == BLOCK_OK &&
	       b.more;
}

/* What does not fit one message is fetched from its server alone (RFC 7959 2.8). */
static void follow(struct discover *d, const char *title)
{
	if (d->n == d->tool->room) {
		d->left_out++;
		return;
	}
	worsen(d, add(d, ERRAND_TRANSFER, uri_of_links(d, title), &one));
	if (d->v[d->n - 1].outcome.exit == OUTCOME_OK)
		errand_start(&d->v[d->n - 1]);
}

static void on_member(struct errand *e, const struct answer *a)
{
	struct discover *d = e->tool->verb;
	char title[ADDR_TEXT + 8], text[CODE_TEXT];
	const char *name = code_name(a->code);

	if (!is_new(d, &a->peer))
		return;
	snprintf(title, sizeof title, "coap://");
	addr_print(&a->peer, title + strlen(title), ADDR_TEXT);
	if (code_class(a->code) != 2)
		show_remark(&d->tool->show, "%s: %s %s", title, code_print(a->code, text),
			    name ? name : "(unknown code)");
	else if (goes_on(a))
		follow(d, title);
	else
		worsen(d, present(d, e, title));
}

static void on_group_over(struct errand *e)
{
	result_show(e->tool, &e->outcome);
}

static const struct errand_ops members = { .answer = on_member, .over = on_group_over };

static uint32_t wait_of(const struct tool *t)
{
	static const struct params params = PARAMS_DEFAULT;

	return t->args->timeout_ms > 0 ? (uint32_t)t->args->timeout_ms
				       : params.default_leisure_ms + GRACE_MS;
}

static int add_group(struct discover *d, const char *uri, uint32_t ifindex)
{
	int exit = add(d, ERRAND_GROUP, uri_of_links(d, uri), &members);
	struct errand *e = &d->v[d->n - 1];

	if (exit != OUTCOME_OK)
		return exit;
	e->wait_ms = wait_of(d->tool);
	e->ifindex = ifindex;
	if (!e->target.uri.literal || addr_is_multicast(e->target.uri.ip))
		return OUTCOME_OK;
	show_error(&d->tool->show, "%s is one server; --multicast asks groups, as ff02::fd", uri);
	return OUTCOME_USAGE;
}

/* A group that the user named, asked on the interface that --multicast names. */
static int add_named(struct discover *d, const char *uri)
{
	const char *interface = d->tool->args->multicast;
	int exit = add_group(d, uri, *interface ? if_nametoindex(interface) : 0);
	struct errand *e = &d->v[d->n - 1];

	if (exit == OUTCOME_OK && *interface && !addr_is_v4(e->target.uri.ip) && !e->target.uri.zone.n)
		e->target.uri.zone = span_str(interface);
	return exit;
}

/* --- all of them ------------------------------------------------------------------------ */

/* NAME=VALUE of what the command line says. */
static int add_filter(struct discover *d, const char *name, const char *value, struct err *err)
{
	if (!value)
		return 0;
	if (asprintf(&d->filters[d->nfilters], "%s%s%s", name, *name ? "=" : "", value) < 0)
		return no_memory(err);
	d->nfilters++;
	return 0;
}

static int add_filters(struct discover *d, struct err *err)
{
	const struct arguments *a = d->tool->args;
	int rc;

	if ((rc = add_filter(d, "rt", a->rt, err)) || (rc = add_filter(d, "if", a->interface, err)) ||
	    (rc = add_filter(d, "ct", a->ct, err)) || (rc = add_filter(d, "href", a->href, err)) ||
	    (rc = add_filter(d, "title", a->title, err)))
		return rc;
	for (unsigned i = 0; i < a->filter.n; i++) {
		if (!strchr(a->filter.v[i], '='))
			return err_set(err, -EINVAL, "--filter %s: this must be NAME=VALUE",
				       a->filter.v[i]);
		if ((rc = add_filter(d, "", a->filter.v[i], err)))
			return rc;
	}
	return 0;
}

static int prepare(struct discover *d, struct err *err)
{
	const struct arguments *a = d->tool->args;
	const char *interface = a->multicast && *a->multicast ? a->multicast : NULL;
	unsigned room;
	int rc = add_filters(d, err);

	if (!rc && a->multicast && (!a->nuris || interface))
		rc = groups_find(&d->groups, interface, err);
	if (rc)
		return rc;
	room = a->nuris ? a->nuris : d->groups.n;
	if (a->multicast)
		room += FOLLOW_MAX;
	rc = tool_net(d->tool, room, err);
	if (rc)
		return rc;
	d->v = calloc(room, sizeof *d->v);
	d->texts = calloc(room, sizeof *d->texts);
	return d->v && d->texts ? 0 : no_memory(err);
}

static void open_all(struct discover *d)
{
	const struct arguments *a = d->tool->args;

	for (unsigned i = 0; i < a->nuris; i++)
		worsen(d, a->multicast ? add_named(d, a->uris[i])
				       : add(d, ERRAND_TRANSFER, uri_of_links(d, a->uris[i]), &one));
	for (unsigned i = 0; !a->nuris && i < d->groups.n; i++)
		worsen(d, add_group(d, d->groups.v[i].uri, d->groups.v[i].ifindex));
}

/* What there is to say when all groups have had their time. */
static void tell_groups(struct discover *d)
{
	struct show *show = &d->tool->show;

	if (d->left_out)
		show_remark(show, "%u more answers were left out; ask these servers by their "
			    "addresses", d->left_out);
	if (d->nservers || d->tool->interrupted || d->exit != OUTCOME_OK)
		return;
	show_error(show, "no server answered within %.3g s; is one there, and does it listen to "
		   "All CoAP Nodes?", wait_of(d->tool) / 1000.0);
	worsen(d, OUTCOME_FAILED);
}

static void run(struct discover *d)
{
	struct tool *t = d->tool;
	unsigned n;

	open_all(d);
	if (d->exit != OUTCOME_OK)
		return;
	n = d->n;
	if (t->args->multicast && t->show.terminal)
		show_progress(&t->show, "asking all around ...");
	for (unsigned i = 0; i < n; i++)
		errand_start(&d->v[i]);
	tool_run(t);
	show_progress(&t->show, "");
	if (t->args->multicast)
		tell_groups(d);
	if (t->interrupted)
		worsen(d, OUTCOME_INTERRUPTED);
}

static void close_all(struct discover *d)
{
	for (unsigned i = 0; i < d->n; i++)
		errand_free(&d->v[i]);
	for (unsigned i = 0; i < d->ntexts; i++)
		free(d->texts[i]);
	for (unsigned i = 0; i < d->nfilters; i++)
		free(d->filters[i]);
	free(d->texts);
	free(d->v);
}

int discover_run(struct tool *t)
{
	struct discover d = { .tool = t };
	struct err err;
	int rc;

	t->verb = &d;
	rc = prepare(&d, &err);
	if (rc) {
		struct outcome o;

		outcome_error(&o, NULL, rc, &err);
		worsen(&d, result_show(t, &o));
	} else {
		run(&d);
	}
	close_all(&d);
	return d.exit;
}
