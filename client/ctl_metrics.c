#include "client/ctl_metrics.h"

#include "base/counter.h"
#include "client/ctl_link.h"

#include <inttypes.h>
#include <string.h>

static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A name of ours as one of theirs, "full-dedup" as "full_dedup". */
static const char *tame(const char *name, char out[64])
{
	size_t i;

	for (i = 0; name[i] && i < 63; i++)
		out[i] = strchr("-. ", name[i]) ? '_' : name[i];
	out[i] = 0;
	return out;
}

/* A label's value: backslash, quote and line end have a backslash before them. */
static void label(FILE *out, const char *value)
{
	for (; *value; value++)
		if (*value == '\n')
			fputs("\\n", out);
		else
			fprintf(out, strchr("\\\"", *value) ? "\\%c" : "%c", *value);
}

/* --- the daemon and its workers --------------------------------------------------------------- */

static void print_daemon(const struct ctl_figures *f, FILE *out)
{
	const char *version = json_string_value(json_object_get(f->daemon, "version"));
	json_t *control = json_object_get(f->daemon, "control"), *value;
	const char *key;

	family(out, "coapd_build_info", "gauge", "the version, as a label");
	fputs("coapd_build_info{version=\"", out);
	label(out, version ? version : "");
	fputs("\"} 1\n", out);
	family(out, "coapd_uptime_seconds", "gauge", "how long coapd has been running");
	fprintf(out, "coapd_uptime_seconds %.3f\n",
		(double)ctl_member(f->daemon, "up_ms") / 1e3);
	family(out, "coapd_body_limit_bytes", "gauge", "memory that all bodies may hold");
	fprintf(out, "coapd_body_limit_bytes %" PRIu64 "\n",
		ctl_member(f->daemon, "body_memory"));
	family(out, "coapd_control_total", "counter", "what happened at the control socket");
	json_object_foreach(control, key, value) {
		fputs("coapd_control_total{event=\"", out);
		label(out, key);
		fprintf(out, "\"} %" PRIu64 "\n", (uint64_t)json_integer_value(value));
	}
}

static void print_workers(const struct ctl_figures *f, FILE *out)
{
	json_t *w;
	size_t i;

	family(out, "coapd_worker_up", "gauge", "1 while the worker serves");
	json_array_foreach(f->workers, i, w) {
		const char *state = json_string_value(json_object_get(w, "state"));

		fprintf(out, "coapd_worker_up{worker=\"%" PRIu64 "\"} %d\n",
			ctl_member(w, "number"), state && strcmp(state, "running") == 0);
	}
	family(out, "coapd_worker_starts_total", "counter", "processes that the worker has had");
	json_array_foreach(f->workers, i, w)
		fprintf(out, "coapd_worker_starts_total{worker=\"%" PRIu64 "\"} %" PRIu64 "\n",
			ctl_member(w, "number"), ctl_member(w, "starts"));
}

/* --- slots --------------------------------------------------------------------------------------- */

/* "coapd_rx_total{slot="0",worker="0"" without its end. */
static void begin_sample(FILE *out, const char *name, const json_t *slot)
{
	fprintf(out, "%s{slot=\"%" PRIu64 "\",worker=\"%" PRIu64 "\"", name,
		ctl_member(slot, "number"), ctl_member(slot, "worker"));
}

static const char *meaning(const char *counter)
{
	for (enum counter c = 0; c < COUNTERS_N; c++)
		if (strcmp(counter_name(c), counter) == 0)
			return counter_text(c);
	return "a counter that this coapctl does not know";
}

static void print_counters(const struct ctl_figures *f, FILE *out)
{
	json_t *first = json_object_get(json_array_get(f->slots, 0), "counters"), *value, *slot;
	const char *key;
	size_t i;

	json_object_foreach(first, key, value) {
		char name[80], tamed[64];

		snprintf(name, sizeof name, "coapd_%s_total", tame(key, tamed));
		family(out, name, "counter", meaning(key));
		json_array_foreach(f->slots, i, slot) {
			begin_sample(out, name, slot);
			fprintf(out, "} %" PRIu64 "\n",
				ctl_member(json_object_get(slot, "counters"), key));
		}
	}
}

/* Of one kind: requests, whose codes begin with "0.", or answers. */
static void print_codes(const struct ctl_figures *f, bool requests, const char *name, FILE *out)
{
	const char *code;
	json_t *slot, *n;
	size_t i;

	json_array_foreach(f->slots, i, slot)
		json_object_foreach(json_object_get(slot, "codes"), code, n) {
			if ((code[0] == '0') != requests)
				continue;
			begin_sample(out, name, slot);
			fputs(",code=\"", out);
			label(out, code);
			fprintf(out, "\"} %" PRIu64 "\n", (uint64_t)json_integer_value(n));
		}
}

static void print_slabs(const struct ctl_figures *f, const char *name, const char *member,
			const char *help, FILE *out)
{
	json_t *slot, *slab;
	const char *key;
	size_t i;

	family(out, name, "gauge", help);
	json_array_foreach(f->slots, i, slot)
		json_object_foreach(json_object_get(slot, "slabs"), key, slab) {
			begin_sample(out, name, slot);
			fputs(",slab=\"", out);
			label(out, key);
			fprintf(out, "\"} %" PRIu64 "\n", ctl_member(slab, member));
		}
}

static void print_of_slot(const struct ctl_figures *f, const char *name, const char *type,
			  const char *member, const char *help, FILE *out)
{
	json_t *slot;
	size_t i;

	family(out, name, type, help);
	json_array_foreach(f->slots, i, slot) {
		begin_sample(out, name, slot);
		fprintf(out, "} %" PRIu64 "\n", ctl_member(slot, member));
	}
}

static void print_resource(FILE *out, const char *name, const json_t *resource)
{
	const char *host = json_string_value(json_object_get(resource, "host"));
	const char *path = json_string_value(json_object_get(resource, "path"));
	const char *module = json_string_value(json_object_get(resource, "module"));

	fprintf(out, "%s{resource=\"", name);
	label(out, host ? host : "");
	label(out, path ? path : "");
	fputs("\",module=\"", out);
	label(out, module ? module : "");
	fputc('"', out);
}

/* Of those that workers died in. */
static void print_trouble(const struct ctl_figures *f, const char *name, const char *type,
			  const char *member, const char *help, FILE *out)
{
	json_t *resource;
	size_t i;

	family(out, name, type, help);
	json_array_foreach(f->resources, i, resource) {
		uint64_t n = ctl_member(resource, member);

		if (!ctl_member(resource, "deaths"))
			continue;
		print_resource(out, name, resource);
		fprintf(out, "} %" PRIu64 "\n", n);
	}
}

static void print_troubles(const struct ctl_figures *f, FILE *out)
{
	print_trouble(f, "coapd_resource_deaths_total", "counter", "deaths",
		      "workers that died in the hooks of the resource", out);
	print_trouble(f, "coapd_resource_closings_total", "counter", "closings",
		      "times that the resource was closed for that", out);
	print_trouble(f, "coapd_resource_closed_ms", "gauge", "closed_ms",
		      "how long it is closed yet; 0 while it is open", out);
}

static void print_resources(const struct ctl_figures *f, FILE *out)
{
	json_t *resource, *value;
	const char *name;
	size_t i;

	family(out, "coapd_module_total", "counter", "what modules count, by their own names");
	json_array_foreach(f->resources, i, resource) {
		json_object_foreach(json_object_get(resource, "counters"), name, value) {
			print_resource(out, "coapd_module_total", resource);
			fputs(",counter=\"", out);
			label(out, name);
			fprintf(out, "\"} %" PRIu64 "\n", (uint64_t)json_integer_value(value));
		}
	}
}

/* --- times ----------------------------------------------------------------------------------------- */

/* Of all slots together, as the bounds make many lines of each. */
static void print_times(const struct ctl_figures *f, const char *which, const char *name,
			const char *help, FILE *out)
{
	struct ctl_served s;
	uint64_t seen = 0;

	ctl_served(f, CTL_ALL, which, &s);
	family(out, name, "histogram", help);
	for (unsigned i = 0; i < s.n; i++) {
		seen += s.count[i];
		if (s.most_ns[i] != UINT64_MAX)
			fprintf(out, "%s_bucket{le=\"%.9g\"} %" PRIu64 "\n", name,
				(double)s.most_ns[i] / 1e9, seen);
	}
	fprintf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.9f\n%s_count %" PRIu64 "\n", name,
		s.all, name, (double)s.sum_ns / 1e9, name, s.all);
}

void ctl_metrics_print(const struct ctl_figures *f, FILE *out)
{
	print_daemon(f, out);
	print_workers(f, out);
	print_counters(f, out);
	family(out, "coapd_received_total", "counter", "requests, by the code of their method");
	print_codes(f, true, "coapd_received_total", out);
	family(out, "coapd_answered_total", "counter", "answers to requests, by code");
	print_codes(f, false, "coapd_answered_total", out);
	print_slabs(f, "coapd_objects", "live", "objects that are kept now, by kind", out);
	print_slabs(f, "coapd_objects_limit", "capacity", "objects that there is room for", out);
	print_slabs(f, "coapd_object_bytes", "size", "memory of one object", out);
	print_of_slot(f, "coapd_body_bytes", "gauge", "body_bytes", "memory that bodies hold",
		      out);
	print_of_slot(f, "coapd_adoptions_total", "counter", "adoptions",
		      "times that a worker took the slot over", out);
	print_troubles(f, out);
	print_resources(f, out);
	print_times(f, "served", "coapd_request_seconds",
		    "how long requests took, of those that were timed", out);
	print_times(f, "waited", "coapd_waited_request_seconds",
		    "how long requests took that waited for their answer", out);
}

int ctl_metrics_run(const struct ctl_options *o)
{
	struct ctl_figures f;
	int code;

	ctl_figures_begin(&f);
	code = ctl_link_run(o, json_pack("{s:s}", "do", "status"), ctl_figures_take, &f);
	if (code == CTL_OK && !o->json)
		ctl_metrics_print(&f, stdout);
	ctl_figures_end(&f);
	return code;
}
