#include "client/ctl_figures.h"

#include <string.h>

void ctl_figures_begin(struct ctl_figures *f)
{
	*f = (struct ctl_figures){ .workers = json_array(), .slots = json_array(),
				   .resources = json_array() };
}

void ctl_figures_end(struct ctl_figures *f)
{
	json_decref(f->daemon);
	json_decref(f->workers);
	json_decref(f->slots);
	json_decref(f->resources);
}

bool ctl_figures_take(void *figures, json_t *line)
{
	struct ctl_figures *f = figures;
	json_t *daemon = json_object_get(line, "daemon");

	if (daemon && !f->daemon)
		f->daemon = json_incref(daemon);
	json_array_append(f->workers, json_object_get(line, "worker"));
	json_array_append(f->slots, json_object_get(line, "slot"));
	json_array_append(f->resources, json_object_get(line, "resource"));
	return true;
}

uint64_t ctl_member(const json_t *object, const char *name)
{
	json_int_t v = json_integer_value(json_object_get(object, name));

	return v > 0 ? (uint64_t)v : 0;
}

bool ctl_has_troubles(const struct ctl_figures *f)
{
	json_t *resource;
	size_t i;

	json_array_foreach(f->resources, i, resource)
		if (ctl_member(resource, "deaths"))
			return true;
	return false;
}

static bool is_of(const json_t *slot, int worker)
{
	return worker == CTL_ALL || (int)ctl_member(slot, "worker") == worker;
}

uint64_t ctl_sum(const struct ctl_figures *f, int worker, const char *group, const char *name)
{
	uint64_t sum = 0;
	size_t i;
	json_t *slot;

	json_array_foreach(f->slots, i, slot)
		if (is_of(slot, worker))
			sum += ctl_member(group ? json_object_get(slot, group) : slot, name);
	return sum;
}

uint64_t ctl_sum_slab(const struct ctl_figures *f, int worker, const char *slab,
		      const char *name)
{
	uint64_t sum = 0;
	size_t i;
	json_t *slot;

	json_array_foreach(f->slots, i, slot)
		if (is_of(slot, worker))
			sum += ctl_member(json_object_get(json_object_get(slot, "slabs"), slab),
					  name);
	return sum;
}

uint64_t ctl_sum_codes(const struct ctl_figures *f, int worker, const char *prefix)
{
	uint64_t sum = 0;
	const char *code;
	json_t *slot, *n;
	size_t i;

	json_array_foreach(f->slots, i, slot) {
		if (!is_of(slot, worker))
			continue;
		json_object_foreach(json_object_get(slot, "codes"), code, n)
			if (strncmp(code, prefix, strlen(prefix)) == 0)
				sum += (uint64_t)json_integer_value(n);
	}
	return sum;
}

static void add_served(const json_t *served, struct ctl_served *out)
{
	const json_t *count = json_object_get(served, "count");
	const json_t *most = json_object_get(served, "most_ns");

	for (size_t i = 0; i < json_array_size(count) && i < CTL_BUCKETS; i++) {
		uint64_t n = (uint64_t)json_integer_value(json_array_get(count, i));

		if (i >= out->n)
			out->n = (unsigned)i + 1;
		out->most_ns[i] = i < json_array_size(most) ?
				  (uint64_t)json_integer_value(json_array_get(most, i)) :
				  UINT64_MAX;
		out->count[i] += n;
		out->all += n;
	}
	out->sum_ns += ctl_member(served, "sum_ns");
}

void ctl_served(const struct ctl_figures *f, int worker, const char *which,
		struct ctl_served *out)
{
	size_t i;
	json_t *slot;

	*out = (struct ctl_served){ .n = 0 };
	json_array_foreach(f->slots, i, slot)
		if (is_of(slot, worker))
			add_served(json_object_get(slot, which), out);
}

uint64_t ctl_served_at(const struct ctl_served *s, uint32_t share_ppm)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < s->n; i++) {
		seen += s->count[i];
		if (s->all && (double)seen * 1e6 >= (double)s->all * share_ppm)
			return s->most_ns[i];
	}
	return 0;
}
