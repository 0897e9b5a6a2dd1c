#include "worker/slot.h"

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
		.messages = site_share(l->messages, slots),
		.answers_per_endpoint = l->answers_per_endpoint,
		.exchanges_per_endpoint = l->exchanges_per_endpoint,
		.token_length = l->token_length,
	};
}

void slot_def(const struct site *site, struct space_def *def)
{
	struct engine_limits limits = slot_limits(site);

	engine_layout(def, &limits);
	task_layout(def, limits.waiting);
}

size_t slot_size(const struct site *site)
{
	struct space_def def;
	size_t n;

	slot_def(site, &def);
	n = space_size(&def);
	return n <= SLOT_SIZE_MAX ? n : 0;
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
	resource_options(&conf.options);
	return conf;
}

uint64_t slot_counter(const void *mem, enum counter c)
{
	const struct space_ctl *ctl = mem;

	return __atomic_load_n(&ctl->counter[c], __ATOMIC_RELAXED);
}

int slot_where(const void *mem, const struct site *site)
{
	const struct space_ctl *ctl = mem;
	uint32_t where = __atomic_load_n(&ctl->where, __ATOMIC_RELAXED);

	return where > 0 && where <= site->nmounts ? (int)(where - 1) : -1;
}
