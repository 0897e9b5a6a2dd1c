#include "worker/slot.h"

#include "base/import.h"
#include "resource/fetch.h"
#include "resource/resource.h"

struct engine_limits slot_limits(const struct site *site)
{
	const struct site_limits *l = &site->limits;
	uint32_t slots = site_slots(site);

	return (struct engine_limits){
		.endpoints = site_share(l->endpoints, slots),
		.dedup = site_share(l->dedup, slots),
		.exchanges = site_share(l->exchanges, slots),
		.waiting = site_share(l->waiting, slots),
		.tasks = site_share(l->tasks, slots),
		.messages = site_share(l->messages, slots),
		.bodies = site_share(l->bodies, slots),
		.xfers = site_share(l->fetches, slots),
		.observations = site_share(l->fetches, slots),
		.small_bodies = site_share(l->assemblies, slots),
		.assemblies = site_share(l->assemblies, slots),
		.assemblies_per_endpoint = l->assemblies_per_endpoint,
		.answers_per_endpoint = l->answers_per_endpoint,
		.answers_lent = (uint32_t)((uint64_t)site_share(l->dedup, slots) *
					   l->answers_lent / 100),
		.observers = site_share(l->observers, slots),
		.observers_per_endpoint = l->observers_per_endpoint,
		.representations = site_share(l->representations, slots),
		.exchanges_per_endpoint = l->exchanges_per_endpoint,
		.token_length = l->token_length,
	};
}

void slot_def(const struct site *site, struct space_def *def)
{
	struct engine_limits limits = slot_limits(site);

	engine_layout(def, &limits);
	/* An upload is a task as well. */
	task_layout(def, limits.waiting + limits.assemblies + limits.tasks);
	fetch_layout(def, limits.xfers);
	def->windows = slot_windows(site);
}

int slot_hold(struct space_def *def, const void *old, size_t n, uint64_t size, struct err *err)
{
	struct space_def was;
	struct legend legend;
	int rc = legend_read(&legend, old, n, size, err);

	if (rc)
		return rc;
	legend_def(&legend, &was);
	space_hold(def, &was);
	return 0;
}

bool slot_same(const struct space_def *def, const void *old, uint64_t size)
{
	return import_needless(old, size, def);
}

size_t slot_def_size(const struct space_def *def)
{
	size_t n = space_size(def);

	return n <= SLOT_SIZE_MAX ? n : 0;
}

size_t slot_size(const struct site *site)
{
	struct space_def def;

	slot_def(site, &def);
	return slot_def_size(&def);
}

struct windows_def slot_windows(const struct site *site)
{
	struct engine_limits limits = slot_limits(site);

	return body_windows(limits.small_bodies, limits.bodies,
			    site_body_size_most(site));
}

struct engine_conf slot_conf(const struct site *site)
{
	const struct site_transmission *t = &site->transmission;
	struct engine_conf conf = { .params = PARAMS_DEFAULT, .limits = slot_limits(site),
				    .ack_delay_ms = (uint32_t)t->ack_delay_ms };

	conf.params.ack_timeout_ms = (uint32_t)t->ack_timeout_ms;
	conf.params.ack_random_permille = t->ack_random_factor;
	conf.params.max_retransmit = t->max_retransmit;
	conf.params.nstart = t->nstart;
	conf.params.max_latency_ms = (uint32_t)t->max_latency_ms;
	conf.params.processing_delay_ms = (uint32_t)t->processing_delay_ms;
	conf.assembly_ms = (uint32_t)t->body_timeout_ms;
	conf.observe_con_every = t->observe_confirm;
	conf.observe_pause_ms = (uint32_t)t->observe_pause_ms;
	conf.szx = (uint32_t)t->block_size;
	conf.amplification = t->amplification;
	conf.verified = site_share(site->limits.verified, site_slots(site));
	resource_options(&conf.options);
	return conf;
}

uint64_t slot_counter(const void *mem, enum counter c)
{
	const struct space_ctl *ctl = mem;

	return __atomic_load_n(&ctl->counter[c], __ATOMIC_RELAXED);
}

static uint32_t live(const void *mem, unsigned slab)
{
	const struct space_ctl *ctl = mem;

	return __atomic_load_n(&ctl->live[slab], __ATOMIC_RELAXED);
}

uint32_t slot_peers(const void *mem)
{
	return live(mem, SLAB_ENDPOINT);
}

uint32_t slot_observers(const void *mem)
{
	return live(mem, SLAB_OBSERVER);
}

const uint64_t *slot_body_pages(const void *mem)
{
	const struct space_ctl *ctl = mem;

	return &((const struct engine_root *)(const void *)ctl->root)->body_pages;
}

int slot_where(const void *mem, const struct site *site)
{
	const struct space_ctl *ctl = mem;
	uint32_t where = __atomic_load_n(&ctl->where, __ATOMIC_RELAXED);

	return where > 0 && where <= site->nmounts ? (int)(where - 1) : -1;
}

