#include "client/bench_report.h"

#include "client/json_line.h"
#include "client/pour.h"
#include "coap/code.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct percentile {
	const char *key, *name;
	uint32_t ppm;
};

static const struct percentile percentiles[] = {
	{ "p50", "p50", 500000 },
	{ "p90", "p90", 900000 },
	{ "p99", "p99", 990000 },
	{ "p999", "p99.9", 999000 },
};
#define PERCENTILES (sizeof percentiles / sizeof *percentiles)

#define US 1e3                  /* ns */

static double seconds(const struct bench_report *r)
{
	return (double)r->result->tally.wall_ns / 1e9;
}

/* What a rate or an effort is of. */
static uint64_t units(const struct bench_report *r)
{
	const struct bench_tally *t = &r->result->tally;

	return r->plan->observe ? t->notifications : t->answered;
}

static double each(const struct bench_report *r, double total)
{
	return units(r) ? total / (double)units(r) : 0;
}

static double a_second(const struct bench_report *r, double total)
{
	return seconds(r) > 0 ? total / seconds(r) : 0;
}

static uint64_t server_ns(const struct bench_report *r)
{
	const struct bench_result *s = r->result;

	return s->end.cpu_ns > s->begin.cpu_ns ? s->end.cpu_ns - s->begin.cpu_ns : 0;
}

static double percent(const struct bench_report *r, uint64_t cpu_ns)
{
	return a_second(r, (double)cpu_ns / 1e7);
}

/* What an observer costs the server in memory. */
static double observer_bytes(const struct bench_report *r)
{
	const struct bench_result *s = r->result;
	double kib = (double)s->begin.rss_kib - (double)s->idle.rss_kib;

	return s->tally.registered ? kib * 1024 / (double)s->tally.registered : 0;
}

static const char *mode(const struct bench_plan *p)
{
	return p->observe ? "observe" : p->rate > 0 ? "open" : "closed";
}

/* --- for a person ------------------------------------------------------------------- */

static void print_setting(const struct bench_report *r, FILE *f)
{
	const struct bench_plan *p = r->plan;

	fprintf(f, "%s: %u endpoints", r->uri, p->endpoints);
	if (p->window > 1)
		fprintf(f, ", window %u", p->window);
	if (p->observe)
		fputs(", observing", f);
	else if (p->rate > 0)
		fprintf(f, ", %.0f requests/s planned", p->rate);
	if (p->processes > 1)
		fprintf(f, ", %u processes", p->processes);
	fprintf(f, ", %.2f s\n", seconds(r));
}

static void print_rate(const struct bench_report *r, FILE *f)
{
	const struct bench_tally *t = &r->result->tally;

	if (r->plan->observe)
		fprintf(f, "  %.0f notifications/s: %llu to %llu observers\n",
			a_second(r, (double)t->notifications),
			(unsigned long long)t->notifications, (unsigned long long)t->registered);
	else
		fprintf(f, "  %.0f requests/s: %llu answered\n",
			a_second(r, (double)t->answered), (unsigned long long)t->answered);
}

/* All that is not nought and was not said. */
static void print_counts(const struct bench_tally *t, FILE *f)
{
	struct bench_count c;

	for (unsigned i = 0; bench_tally_count(t, i, &c); i++)
		if (c.n && strcmp(c.name, "answered") && strcmp(c.name, "notifications") &&
		    strcmp(c.name, "registered") && strcmp(c.name, "bytes"))
			fprintf(f, "  %-14s %10llu  %s\n", c.name, (unsigned long long)c.n,
				c.text);
}

static void print_codes(const struct bench_report *r, FILE *f)
{
	const struct bench_tally *t = &r->result->tally;
	char text[CODE_TEXT];

	fputs("  codes:", f);
	for (unsigned i = 0; i < 256; i++)
		if (t->code[i])
			fprintf(f, " %s x %llu", code_print((uint8_t)i, text),
				(unsigned long long)t->code[i]);
	fprintf(f, " (%.1f bytes of payload each)\n", each(r, (double)t->bytes));
}

static void print_times(const char *what, const struct histogram *h, FILE *f)
{
	if (h->n == 0)
		return;
	fprintf(f, "  %s in us:", what);
	for (unsigned i = 0; i < PERCENTILES; i++)
		fprintf(f, " %s %.1f", percentiles[i].name,
			(double)histogram_at(h, percentiles[i].ppm) / US);
	fprintf(f, " max %.1f mean %.1f\n", (double)h->max / US, (double)histogram_mean(h) / US);
}

static void print_server(const struct bench_report *r, FILE *f)
{
	const struct bench_result *s = r->result;

	if (!r->metered)
		return;
	fprintf(f, "  server: %.2f us of CPU each, %.0f %% of a processor, %llu KiB of memory\n",
		each(r, (double)server_ns(r) / US), percent(r, server_ns(r)),
		(unsigned long long)s->end.rss_kib);
	if (r->plan->observe)
		fprintf(f, "  server: %.0f bytes of memory for an observer\n", observer_bytes(r));
}

static void print_generator(const struct bench_report *r, FILE *f)
{
	const struct bench_tally *t = &r->result->tally;
	double used = percent(r, t->cpu_ns);
	bool spins = r->plan->busy;

	fprintf(f, "  generator: %.2f us of CPU each, %.0f %% of a processor%s\n",
		each(r, (double)t->cpu_ns / US), used,
		!spins && used > 95. * r->plan->processes ?
		": it, not the server, may be the limit; use --processes" : "");
}

int bench_report_text(const struct bench_report *r, int fd)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	int failed;

	if (!f)
		return -errno;
	print_setting(r, f);
	print_rate(r, f);
	print_counts(&r->result->tally, f);
	print_codes(r, f);
	print_times(r->plan->observe ? "from trigger to observer" : "latency",
		    &r->result->tally.latency, f);
	print_times("from trigger to the last observer", &r->result->tally.round, f);
	print_server(r, f);
	print_generator(r, f);
	failed = fclose(f) ? -ENOMEM : pour_all(fd, span_of(text, n));
	free(text);
	return failed;
}

/* --- for a program ------------------------------------------------------------------------ */

static void json_setting(struct json_line *j, const struct bench_report *r)
{
	const struct bench_plan *p = r->plan;

	json_line_string(j, "uri", span_str(r->uri));
	json_line_string(j, "mode", span_str(mode(p)));
	json_line_uint(j, "endpoints", p->endpoints);
	json_line_uint(j, "window", p->window);
	json_line_uint(j, "processes", p->processes);
	if (p->rate > 0)
		json_line_real(j, "rate", p->rate, 0);
	json_line_real(j, "seconds", seconds(r), 6);
}

static void json_times(struct json_line *j, const char *key, const struct histogram *h)
{
	json_line_begin(j, key, '{');
	json_line_uint(j, "n", h->n);
	for (unsigned i = 0; i < PERCENTILES; i++)
		json_line_real(j, percentiles[i].key,
			       (double)histogram_at(h, percentiles[i].ppm) / US, 3);
	json_line_real(j, "min", (double)h->min / US, 3);
	json_line_real(j, "max", (double)h->max / US, 3);
	json_line_real(j, "mean", (double)histogram_mean(h) / US, 3);
	json_line_end(j, '}');
}

static void json_codes(struct json_line *j, const struct bench_tally *t)
{
	char key[8];

	json_line_begin(j, "codes", '{');
	for (unsigned i = 0; i < 256; i++) {
		snprintf(key, sizeof key, "%u.%02u", i >> 5, i & 31);
		if (t->code[i])
			json_line_uint(j, key, t->code[i]);
	}
	json_line_end(j, '}');
}

static void json_server(struct json_line *j, const struct bench_report *r)
{
	const struct bench_result *s = r->result;

	json_line_begin(j, "server", '{');
	json_line_real(j, "cpu_us", each(r, (double)server_ns(r) / US), 4);
	json_line_real(j, "cpu_percent", percent(r, server_ns(r)), 2);
	json_line_uint(j, "rss_kib_idle", s->idle.rss_kib);
	json_line_uint(j, "rss_kib_begin", s->begin.rss_kib);
	json_line_uint(j, "rss_kib_end", s->end.rss_kib);
	if (r->plan->observe)
		json_line_real(j, "bytes_per_observer", observer_bytes(r), 0);
	json_line_end(j, '}');
}

int bench_report_json(const struct bench_report *r, int fd)
{
	const struct bench_tally *t = &r->result->tally;
	struct bench_count c;
	struct json_line j;

	json_line_open(&j, fd);
	json_line_begin(&j, NULL, '{');
	json_setting(&j, r);
	json_line_real(&j, "per_second", a_second(r, (double)units(r)), 1);
	for (unsigned i = 0; bench_tally_count(t, i, &c); i++)
		json_line_uint(&j, c.name, c.n);
	json_codes(&j, t);
	json_times(&j, "latency_us", &t->latency);
	if (r->plan->observe)
		json_times(&j, "round_us", &t->round);
	if (r->metered)
		json_server(&j, r);
	json_line_begin(&j, "generator", '{');
	json_line_real(&j, "cpu_us", each(r, (double)t->cpu_ns / US), 4);
	json_line_real(&j, "cpu_percent", percent(r, t->cpu_ns), 2);
	json_line_end(&j, '}');
	json_line_end(&j, '}');
	return json_line_close(&j);
}
