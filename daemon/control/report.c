#include <config.h>

#include "control/report.h"

#include "base/windows.h"

#include <stdio.h>
#include <unistd.h>

static void write_daemon(const struct desk *d, struct record *r)
{
	const struct desk_counts *c = &d->counts;

	record_begin(r, "daemon", '{');
	record_text(r, "version", PACKAGE_VERSION);
	record_uint(r, "pid", (uint64_t)getpid());
	record_text(r, "phase", d->phase(d->arg));
	record_uint(r, "up_ms", d->now_ms() - d->started_ms);
	record_text(r, "site", d->site->file);
	record_uint(r, "workers", d->nworkers);
	record_uint(r, "slots", d->nslots);
	record_uint(r, "resources", d->site->nmounts);
	record_uint(r, "body_memory", d->site->limits.body_memory);
	record_begin(r, "control", '{');
	record_uint(r, "connections", c->connections);
	record_uint(r, "requests", c->requests);
	record_uint(r, "bad", c->bad);
	record_uint(r, "strangers", c->strangers);
	record_uint(r, "crowded", c->crowded);
	record_uint(r, "slow", c->slow);
	record_end(r, '}');
	record_end(r, '}');
}

static void write_worker(const struct desk *d, unsigned number, struct record *r)
{
	struct desk_worker w;

	d->worker(d->arg, number, &w);
	record_begin(r, "worker", '{');
	record_uint(r, "number", number);
	record_text(r, "state", w.state);
	if (w.pid) {
		record_uint(r, "pid", (uint64_t)w.pid);
		record_uint(r, "age_ms", w.age_ms);
	}
	record_uint(r, "starts", w.starts);
	record_end(r, '}');
}

/* --- a slot ------------------------------------------------------------------------- */

static void write_counters(const struct view *v, struct record *r)
{
	record_begin(r, "counters", '{');
	for (enum counter c = 0; c < COUNTERS_N; c++)
		record_uint(r, counter_name(c), view_counter(v, c));
	record_end(r, '}');
}

/* Only those that there were. */
static void write_codes(const struct view *v, struct record *r)
{
	char name[8];

	record_begin(r, "codes", '{');
	for (unsigned code = 0; code < SPACE_CODES; code++) {
		uint64_t n = view_code(v, (uint8_t)code);

		snprintf(name, sizeof name, "%u.%02u", code >> 5, code & 31);
		if (n)
			record_uint(r, name, n);
	}
	record_end(r, '}');
}

static void write_slabs(const struct view *v, struct record *r)
{
	record_begin(r, "slabs", '{');
	for (unsigned i = 0; i < v->def->nslabs; i++) {
		const struct slab_def *s = &v->def->slab[i];

		record_begin(r, s->name, '{');
		record_uint(r, "live", view_live(v, i));
		record_uint(r, "used", view_used(v, i));
		record_uint(r, "capacity", s->cap - s->beyond);
		record_uint(r, "size", s->size);
		record_end(r, '}');
	}
	record_end(r, '}');
}

static void write_durations(const char *name, struct durations d, struct record *r)
{
	record_begin(r, name, '{');
	record_uint(r, "sum_ns", d.sum_ns);
	record_begin(r, "most_ns", '[');
	for (unsigned i = 0; i + 1 < DURATIONS; i++)
		record_uint(r, NULL, durations_most(i));
	record_end(r, ']');
	record_begin(r, "count", '[');
	for (unsigned i = 0; i < DURATIONS; i++)
		record_uint(r, NULL, d.bucket[i]);
	record_end(r, ']');
	record_end(r, '}');
}

static void write_slot(const struct desk *d, unsigned number, struct record *r)
{
	const struct view *v = &d->slot[number];

	record_begin(r, "slot", '{');
	record_uint(r, "number", number);
	record_uint(r, "worker", number % d->nworkers);
	record_uint(r, "adoptions", view_epoch(v));
	record_uint(r, "body_bytes", view_body_pages(v) * WINDOWS_PAGE);
	write_counters(v, r);
	write_codes(v, r);
	write_slabs(v, r);
	write_durations("served", view_served(v), r);
	write_durations("waited", view_waited(v), r);
	record_end(r, '}');
}

static void write_trouble(const struct desk_trouble *t, struct record *r)
{
	record_uint(r, "deaths", t->deaths);
	record_uint(r, "closings", t->closings);
	record_uint(r, "closed_ms", t->closed_ms);
}

/* Only those that their module counts something for, or that workers died in. */
static void write_mount(const struct desk *d, unsigned number, struct record *r)
{
	const struct site_mount *m = &d->site->mounts[number];
	struct desk_trouble trouble;
	struct count count;

	d->trouble(d->arg, number, &trouble);
	if (!trouble.deaths && !counts_read(d->modules, number, 0, &count))
		return;
	record_begin(r, "resource", '{');
	if (m->host)
		record_text(r, "host", d->site->hosts[m->host - 1].name);
	record_text(r, "path", m->path);
	record_text(r, "module", m->module);
	if (trouble.deaths)
		write_trouble(&trouble, r);
	record_begin(r, "counters", '{');
	for (unsigned i = 0; counts_read(d->modules, number, i, &count); i++)
		record_uint(r, count.name, count.value);
	record_end(r, '}');
	record_end(r, '}');
}

/* What there is, in its order. */
bool report_step(struct inquiry *a, struct record *line)
{
	const struct desk *d = a->desk;
	const struct {
		unsigned n;
		void (*write)(const struct desk *d, unsigned i, struct record *r);
	} parts[] = {
		{ d->nworkers, write_worker },
		{ d->nslots, write_slot },
		{ (unsigned)d->site->nmounts, write_mount },
	};
	unsigned i = a->part++;

	if (i == 0) {
		write_daemon(d, line);
		return true;
	}
	i--;
	for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
		if (i < parts[k].n) {
			parts[k].write(d, i, line);
			return true;
		}
		i -= parts[k].n;
	}
	record_bool(line, "end", true);
	return false;
}
