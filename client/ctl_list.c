#include "client/ctl_list.h"

#include "base/quote.h"
#include "client/argument_value.h"
#include "client/ctl_figures.h"
#include "client/ctl_link.h"
#include "client/ctl_table.h"
#include "coap/frame_udp.h"

#include <string.h>

/* --- peers ------------------------------------------------------------------------------------- */

struct list {
	struct ctl_table table;
	const struct ctl_options *o;
	unsigned n;
};

static const char *text_of(const json_t *line, const char *name)
{
	const char *text = json_string_value(json_object_get(line, name));

	return text ? text : "?";
}

static bool is_true(const json_t *line, const char *name)
{
	return json_is_true(json_object_get(line, name));
}

static bool take_peer(void *arg, json_t *line)
{
	static const char *const names[] = { "slot", "observers", "exchanges", "assemblies",
					     "answers" };
	struct list *list = arg;

	ctl_table_text(&list->table, text_of(line, "peer"));
	ctl_table_age(&list->table, ctl_member(line, "idle_s") * 1000);
	for (unsigned i = 0; i < 5; i++)
		ctl_table_number(&list->table, ctl_member(line, names[i]));
	list->n++;
	return true;
}

/* Prints what was gathered. */
static int finish(struct list *list, int code)
{
	if (code == CTL_OK && !list->o->json)
		ctl_table_end(&list->table, stdout);
	else
		ctl_table_drop(&list->table);
	return code;
}

int ctl_peers_run(const struct ctl_options *o)
{
	static const char *const names[] = { "peer", "silent for", "slot", "observers",
					     "exchanges", "bodies", "answers", NULL };
	json_t *request = json_pack("{s:s}", "do", "peers");
	struct list list = { .o = o };

	if (o->nwords)
		json_object_set_new(request, "peer", json_string(o->word[0]));
	ctl_table_begin(&list.table, 7);
	ctl_table_head(&list.table, names);
	return finish(&list, ctl_link_run(o, request, take_peer, &list));
}

/* --- observers ----------------------------------------------------------------------------------- */

static void write_options(struct writer *w, const struct message *m, uint32_t number,
			  const char *first, const char *next)
{
	struct message_walk walk = message_walk(m, number);
	const char *before = first;
	struct span s;

	while (message_walk_next(&walk, &s)) {
		write_span(w, span_str(before));
		if (quote_is_plain(s, true))
			write_span(w, s);
		else
			quote_write(w, s, s.n, true);
		before = next;
	}
}

void ctl_list_message_path(const struct message *m, char *out, size_t cap)
{
	struct writer w = writer_of(out, cap - 1);

	write_options(&w, m, OPT_URI_PATH, "/", "/");
	if ((char *)w.p == out)
		write_u8(&w, '/');
	write_options(&w, m, OPT_URI_QUERY, "?", "&");
	*w.p = 0;
}

bool ctl_list_path(const char *digits, char *out, size_t cap)
{
	uint8_t bytes[2048];
	struct writer b = writer_of(bytes, sizeof bytes);
	struct message m;

	if (!argument_hex(digits, &b) || b.full ||
	    frame_udp_parse(span_of(bytes, (size_t)(b.p - bytes)), &m) != FRAME_OK)
		return false;
	ctl_list_message_path(&m, out, cap);
	return true;
}

bool ctl_list_is_below(const char *path, const char *wanted)
{
	size_t n = strlen(wanted);

	while (n && wanted[n - 1] == '/')
		n--;
	return strncmp(path, wanted, n) == 0 && strchr("/?", path[n]) != NULL;
}

static bool take_observer(void *arg, json_t *line)
{
	struct list *list = arg;
	char path[1024];

	if (!ctl_list_path(text_of(line, "request"), path, sizeof path))
		strcpy(path, "?");
	if (list->o->nwords && !ctl_list_is_below(path, list->o->word[0]))
		return true;
	if (list->o->json) {
		json_object_set_new(line, "path", json_string(path));
		json_dumpf(line, stdout, JSON_COMPACT);
		putchar('\n');
		return true;
	}
	ctl_table_format(&list->table, "%s", path);
	ctl_table_text(&list->table, text_of(line, "peer"));
	ctl_table_number(&list->table, ctl_member(line, "slot"));
	ctl_table_format(&list->table, "%llu", (unsigned long long)ctl_member(line, "sequence"));
	ctl_table_format(&list->table, "%s", is_true(line, "non") ? "NON" : "CON");
	ctl_table_format(&list->table, "%s", is_true(line, "under_way") ? "being told" : "");
	list->n++;
	return true;
}

int ctl_observers_run(const struct ctl_options *o)
{
	static const char *const names[] = { "path", "peer", "slot", "told last", "as", "",
					     NULL };
	json_t *request = json_pack("{s:s}", "do", "observers");
	struct ctl_options plain = *o;
	struct list list = { .o = o };

	plain.json = false;     /* lines are looked at before they are printed */
	ctl_table_begin(&list.table, 6);
	list.table.left = 1 | 2 | 16 | 32;
	ctl_table_head(&list.table, names);
	return finish(&list, ctl_link_run(&plain, request, take_observer, &list));
}
