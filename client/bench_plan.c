#include "client/bench_plan.h"

#include "coap/code.h"

#include <ctype.h>
#include <errno.h>

#define PORTS_OF_ONE 16000u     /* endpoints that one address of ours has ports for, those
				 * included that are not to be used again so soon */

#define MS 1000000u             /* ns */

static int64_t given(int64_t value, int64_t usual)
{
	return value >= 0 ? value : usual;
}

/* "2.05". */
static int read_code(const char *text, uint8_t *code, struct err *err)
{
	if (strlen(text) == 4 && text[0] >= '2' && text[0] <= '5' && text[1] == '.' &&
	    isdigit((unsigned char)text[2]) && isdigit((unsigned char)text[3])) {
		unsigned detail = (unsigned)(text[2] - '0') * 10 + (unsigned)(text[3] - '0');

		*code = (uint8_t)((text[0] - '0') << 5 | detail);
		if (detail < 32)
			return 0;
	}
	return err_set(err, -EINVAL, "--expect: \"%s\" is no response code, like 2.05", text);
}

static int read_sources(struct bench_plan *p, const struct texts *t, struct err *err)
{
	for (p->nfrom = 0; p->nfrom < t->n; p->nfrom++)
		if (addr_parse(t->v[p->nfrom], &p->from[p->nfrom]) ||
		    p->from[p->nfrom].port)
			return err_set(err, -EINVAL, "--source: \"%s\" is no address",
				       t->v[p->nfrom]);
	return 0;
}

/* In a loop that counts there is nothing to warm up, and no end but the count's. */
static void read_times(struct bench_plan *p, const struct arguments *a)
{
	p->count = (uint64_t)given(a->count, 0);
	p->duration_ns = (uint64_t)given(a->duration_ms, p->count ? 0 : 5000) * MS;
	p->warmup_ns = (uint64_t)given(a->warmup_ms, 500) * MS;
	p->patience_ns = (uint64_t)given(a->timeout_ms, 5000) * MS;
	p->wait_ms = (uint32_t)given(a->timeout_ms, a->non ? 2000 : 20000);
}

int bench_plan_read(struct bench_plan *p, const struct arguments *a, struct err *err)
{
	int r = 0;

	*p = (struct bench_plan){
		.non = a->non, .endpoints = (uint32_t)given(a->endpoints, 10),
		.window = (uint32_t)given(a->window, 1), .rate = (double)given(a->rate, 0),
		.observe = a->observe, .processes = (unsigned)given(a->processes, 1),
		.cpu = (int)given(a->cpu, -1), .busy = a->busy, .segments = a->segments >= 0,
		.reuse_mids = a->reuse_mids,
		.loss_permille = (unsigned)given(a->loss_permille, 0),
		.params = PARAMS_DEFAULT };
	read_times(p, a);
	p->request.code = a->method >= 0 ? (uint8_t)a->method :
			  a->payload || a->size > 0 ? COAP_POST : COAP_GET;
	p->trigger.code = !a->trigger ? 0 :
			  a->trigger_method >= 0 ? (uint8_t)a->trigger_method : COAP_PUT;
	if (a->expect)
		r = read_code(a->expect, &p->expect, err);
	if (!r)
		r = read_sources(p, &a->source, err);
	return r ? r : bench_plan_check(p, err);
}

int bench_plan_check(const struct bench_plan *p, struct err *err)
{
	uint32_t most = (p->endpoints + p->processes - 1) / p->processes;

	if (p->endpoints < p->processes)
		return err_set(err, -EINVAL, "%u processes are too many for %u endpoints: "
			       "each needs one", p->processes, p->endpoints);
	if (most > BENCH_ENDPOINTS)
		return err_set(err, -EINVAL, "%u endpoints are too many for one process, "
			       "which has %u at most: use --processes %u", most, BENCH_ENDPOINTS,
			       (p->endpoints + BENCH_ENDPOINTS - 1) / BENCH_ENDPOINTS);
	if ((uint64_t)most * p->window > 1u << 22)
		return err_set(err, -EINVAL, "a window of %u for each of %u endpoints is too "
			       "much for one process: at most %u requests are under way",
			       p->window, most, 1u << 22);
	if (p->observe && p->rate > 0)
		return err_set(err, -EINVAL, "--rate is for requests: --observe sends none");
	if (p->trigger.code && !p->observe)
		return err_set(err, -EINVAL, "--trigger goes with --observe");
	if (p->count && !p->observe && p->count < p->processes)
		return err_set(err, -EINVAL, "%u processes are too many for %llu requests",
			       p->processes, (unsigned long long)p->count);
	return 0;
}

void bench_plan_spread(struct bench_plan *p)
{
	static const uint8_t loopback[13] = { [10] = 0xff, [11] = 0xff, [12] = 127 };
	uint32_t needed = (p->endpoints + PORTS_OF_ONE - 1) / PORTS_OF_ONE;

	if (p->nfrom || needed < 2 || memcmp(p->to.ip, loopback, sizeof loopback))
		return;
	/* 127.1.0.1 on: not those that somebody may listen at. */
	for (p->nfrom = 0; p->nfrom < needed && p->nfrom < BENCH_SOURCES - 2; p->nfrom++) {
		struct addr *a = &p->from[p->nfrom];

		*a = (struct addr){ .port = 0 };
		memcpy(a->ip, loopback, sizeof loopback);
		a->ip[13] = 1;
		a->ip[15] = (uint8_t)(p->nfrom + 1);
	}
}

/* Of n things process k of all gets so many; the first ones take what is left over. */
static uint64_t share(uint64_t n, unsigned all, unsigned k)
{
	return n / all + (k < n % all);
}

struct bench_plan bench_plan_share(const struct bench_plan *p, unsigned k)
{
	struct bench_plan mine = *p;

	mine.processes = 1;
	mine.endpoints = (uint32_t)share(p->endpoints, p->processes, k);
	if (!p->observe)        /* rounds are everybody's */
		mine.count = share(p->count, p->processes, k);
	/* By endpoints, so that each is asked as often. */
	mine.rate = p->rate * mine.endpoints / p->endpoints;
	if (mine.cpu >= 0)
		mine.cpu += (int)k;
	/* Its endpoints go on where those of the others end. */
	for (unsigned i = 0; i < p->nfrom; i++)
		mine.from[i] = p->from[(i + k * p->nfrom / p->processes) % p->nfrom];
	return mine;
}
