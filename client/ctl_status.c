#include "client/ctl_status.h"

#include "base/counter.h"
#include "client/ctl_link.h"
#include "client/ctl_table.h"
#include "client/ctl_watch.h"
#include "coap/code.h"

#include <string.h>

/* --- the daemon and its workers ----------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "?";
}

static void print_daemon(const struct ctl_figures *f, FILE *out)
{
	static const struct {
		const char *phase, *text;
	} words[] = { { "boot", "starting" }, { "serve", "serving" }, { "drain", "stopping" },
		      { "quit", "stopping at once" } };
	const char *phase = text_of(f->daemon, "phase");
	char age[CTL_TEXT];

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(phase, words[i].phase) == 0)
			phase = words[i].text;
	fprintf(out, "coapd %s, process %llu, %s for %s: %s\n", text_of(f->daemon, "version"),
		(unsigned long long)ctl_member(f->daemon, "pid"), phase,
		ctl_age(ctl_member(f->daemon, "up_ms"), age), text_of(f->daemon, "site"));
}

static void worker_figures(struct ctl_table *t, const struct ctl_figures *f,
			   const struct ctl_figures *before, double seconds, int worker)
{
	uint64_t n = ctl_sum(f, worker, "counters", "requests");
	uint64_t old = before ? ctl_sum(before, worker, "counters", "requests") : n;

	ctl_table_number(t, n);
	if (before)
		ctl_table_number(t, (uint64_t)((double)(n - (old < n ? old : n)) / seconds));
	ctl_table_number(t, ctl_sum_codes(f, worker, "2."));
	ctl_table_number(t, ctl_sum_codes(f, worker, "4."));
	ctl_table_number(t, ctl_sum_codes(f, worker, "5."));
}

static void print_workers(const struct ctl_figures *f, const struct ctl_figures *before,
			  double seconds, FILE *out)
{
	static const char *const names[] = { "worker", "state", "process", "for", "starts",
					     "requests", "2.xx", "4.xx", "5.xx", NULL };
	static const char *const more[] = { "worker", "state", "process", "for", "starts",
					    "requests", "a second", "2.xx", "4.xx", "5.xx",
					    NULL };
	struct ctl_table t;
	json_t *w;
	size_t i;

	ctl_table_begin(&t, before ? 10 : 9);
	t.left = 3;
	ctl_table_head(&t, before ? more : names);
	json_array_foreach(f->workers, i, w) {
		ctl_table_number(&t, ctl_member(w, "number"));
		ctl_table_text(&t, text_of(w, "state"));
		ctl_table_format(&t, "%llu", (unsigned long long)ctl_member(w, "pid"));
		ctl_table_age(&t, ctl_member(w, "age_ms"));
		ctl_table_number(&t, ctl_member(w, "starts"));
		worker_figures(&t, f, before, seconds, (int)ctl_member(w, "number"));
	}
	ctl_table_text(&t, "all");
	for (unsigned c = 0; c < 4; c++)
		ctl_table_text(&t, "");
	worker_figures(&t, f, before, seconds, CTL_ALL);
	ctl_table_end(&t, out);
}

/* --- codes and times ------------------------------------------------------------------------ */

/* "  GET 5  POST 2  2.05 Content 7" */
static void print_codes(const struct ctl_figures *f, FILE *out)
{
	char name[8], n[CTL_TEXT];

	fputs("codes   ", out);
	for (unsigned code = 1; code < 256; code++) {
		uint64_t times;

		snprintf(name, sizeof name, "%u.%02u", code >> 5, code & 31);
		times = ctl_sum(f, CTL_ALL, "codes", name);
		if (times)
			fprintf(out, "  %s %s", code < 32 && code_name((uint8_t)code) ?
				code_name((uint8_t)code) : name, ctl_number(times, n));
	}
	fputc('\n', out);
}

static const char *duration(uint64_t ns, char out[CTL_TEXT])
{
	if (ns == UINT64_MAX)
		snprintf(out, CTL_TEXT, "more");
	else if (ns < 1000000)
		snprintf(out, CTL_TEXT, "%llu us", (unsigned long long)ns / 1000);
	else if (ns < 1000000000)
		snprintf(out, CTL_TEXT, "%.1f ms", (double)ns / 1e6);
	else
		snprintf(out, CTL_TEXT, "%.1f s", (double)ns / 1e9);
	return out;
}

#define BAR 40

static void print_buckets(const char *head, const struct ctl_served *s, FILE *out)
{
	char a[CTL_TEXT], b[CTL_TEXT], c[CTL_TEXT], n[CTL_TEXT];
	uint64_t most = 1;

	fprintf(out, "%s%s requests: half of them within %s, 90 %% %s, 99 %% %s\n", head,
		ctl_number(s->all, n), duration(ctl_served_at(s, 500000), a),
		duration(ctl_served_at(s, 900000), b), duration(ctl_served_at(s, 990000), c));
	for (unsigned i = 0; i < s->n; i++)
		most = s->count[i] > most ? s->count[i] : most;
	for (unsigned i = 0; i < s->n; i++)
		if (s->count[i])
			fprintf(out, "  %8s  %.*s %s\n", duration(s->most_ns[i], a),
				(int)(1 + s->count[i] * (BAR - 1) / most),
				"########################################",
				ctl_number(s->count[i], n));
}

static void print_times(const struct ctl_figures *f, FILE *out)
{
	struct ctl_served s;

	ctl_served(f, CTL_ALL, "served", &s);
	print_buckets("times     of ", &s, out);
	ctl_served(f, CTL_ALL, "waited", &s);
	if (s.all)
		print_buckets("waited    ", &s, out);
}

/* --- memory and what is out of the ordinary --------------------------------------------------- */

static void print_slabs(const struct ctl_figures *f, FILE *out)
{
	json_t *slabs = json_object_get(json_array_get(f->slots, 0), "slabs"), *slab;
	static const char *const names[] = { "kept", "now", "at most", "limit", "memory", NULL };
	struct ctl_table t;
	const char *name;

	ctl_table_begin(&t, 5);
	ctl_table_head(&t, names);
	json_object_foreach(slabs, name, slab) {
		uint64_t cap = ctl_sum_slab(f, CTL_ALL, name, "capacity");

		ctl_table_format(&t, "%s", name);
		ctl_table_number(&t, ctl_sum_slab(f, CTL_ALL, name, "live"));
		ctl_table_number(&t, ctl_sum_slab(f, CTL_ALL, name, "used"));
		ctl_table_number(&t, cap);
		ctl_table_bytes(&t, cap * ctl_member(slab, "size"));
	}
	ctl_table_format(&t, "bytes of bodies");
	ctl_table_bytes(&t, ctl_sum(f, CTL_ALL, NULL, "body_bytes"));
	ctl_table_text(&t, "");
	ctl_table_bytes(&t, ctl_member(f->daemon, "body_memory"));
	ctl_table_text(&t, "");
	ctl_table_end(&t, out);
}

/* What it means, if this coapctl knows it. */
static const char *meaning(const char *counter)
{
	for (enum counter c = 0; c < COUNTERS_N; c++)
		if (strcmp(counter_name(c), counter) == 0)
			return counter_text(c);
	return "";
}

static void print_counters(const struct ctl_figures *f, FILE *out)
{
	json_t *counters = json_object_get(json_array_get(f->slots, 0), "counters"), *value;
	struct ctl_table t;
	const char *name;

	ctl_table_begin(&t, 3);
	t.left = 5;
	json_object_foreach(counters, name, value) {
		uint64_t n = ctl_sum(f, CTL_ALL, "counters", name);

		if (!n)
			continue;
		ctl_table_text(&t, name);
		ctl_table_number(&t, n);
		ctl_table_format(&t, "%s", meaning(name));
	}
	ctl_table_end(&t, out);
}

/* Names and paths of a site are plain letters (coapd-site(5)). */
static const char *host_of(const json_t *resource)
{
	const char *host = json_string_value(json_object_get(resource, "host"));

	return host ? host : "";
}

/* Those that workers died in; the paths of the closed ones have how long they are so. */
static void print_troubles(const struct ctl_figures *f, FILE *out)
{
	static const char *const names[] = { "resource", "module", "deaths", "closings",
					     "closed for", NULL };
	struct ctl_table t;
	json_t *resource;
	size_t i;

	if (!ctl_has_troubles(f))
		return;
	fputc('\n', out);
	ctl_table_begin(&t, 5);
	t.left = 3;
	ctl_table_head(&t, names);
	json_array_foreach(f->resources, i, resource) {
		if (!ctl_member(resource, "deaths"))
			continue;
		ctl_table_format(&t, "%s%s", host_of(resource), text_of(resource, "path"));
		ctl_table_text(&t, text_of(resource, "module"));
		ctl_table_number(&t, ctl_member(resource, "deaths"));
		ctl_table_number(&t, ctl_member(resource, "closings"));
		if (ctl_member(resource, "closed_ms"))
			ctl_table_age(&t, ctl_member(resource, "closed_ms"));
		else
			ctl_table_text(&t, "");
	}
	ctl_table_end(&t, out);
}

static bool has_counts(const struct ctl_figures *f)
{
	json_t *resource;
	size_t i;

	json_array_foreach(f->resources, i, resource)
		if (json_object_size(json_object_get(resource, "counters")))
			return true;
	return false;
}

static void print_resources(const struct ctl_figures *f, FILE *out)
{
	static const char *const names[] = { "resource", "module", "counts", "", NULL };
	json_t *resource, *value;
	struct ctl_table t;
	const char *name;
	size_t i;

	if (!has_counts(f))
		return;
	fputc('\n', out);
	ctl_table_begin(&t, 4);
	t.left = 7;
	ctl_table_head(&t, names);
	json_array_foreach(f->resources, i, resource)
		json_object_foreach(json_object_get(resource, "counters"), name, value) {
			ctl_table_format(&t, "%s%s", host_of(resource),
					 text_of(resource, "path"));
			ctl_table_text(&t, text_of(resource, "module"));
			ctl_table_text(&t, name);
			ctl_table_number(&t, (uint64_t)json_integer_value(value));
		}
	ctl_table_end(&t, out);
}

void ctl_status_print(const struct ctl_figures *f, const struct ctl_figures *before,
		      double seconds, FILE *out)
{
	print_daemon(f, out);
	fputc('\n', out);
	print_workers(f, before, seconds, out);
	fputc('\n', out);
	print_codes(f, out);
	print_times(f, out);
	fputc('\n', out);
	print_slabs(f, out);
	fputc('\n', out);
	print_counters(f, out);
	print_troubles(f, out);
	print_resources(f, out);
}

int ctl_status_run(const struct ctl_options *o)
{
	json_t *request = json_pack("{s:s}", "do", "status");
	struct ctl_figures f;
	int code;

	if (o->watch) {
		json_decref(request);
		return ctl_watch(o);
	}
	ctl_figures_begin(&f);
	code = ctl_link_run(o, request, ctl_figures_take, &f);
	if (code == CTL_OK && !o->json)
		ctl_status_print(&f, NULL, 1, stdout);
	ctl_figures_end(&f);
	return code;
}
