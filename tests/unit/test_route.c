#include "client/route.h"

#include <criterion/criterion.h>

/* The stages are played, and say what they were asked. */
static char heard[64];
static struct xfer_event next_event;

enum xfer_verdict xfer_response(struct engine *e, const struct response *r,
				struct xfer_event *out)
{
	(void)e;
	(void)r;
	strcat(heard, "xfer ");
	*out = next_event;
	return XFER_PART;
}

enum obs_verdict obs_response(struct engine *e, const struct response *r,
			      struct obs_event *out)
{
	(void)e;
	strcat(heard, "obs ");
	out->owner = 77;
	return r->status ? OBS_NOTHING : OBS_STATE;
}

enum obs_verdict obs_rest(struct engine *e, enum xfer_verdict verdict,
			  const struct xfer_event *x, struct obs_event *out)
{
	(void)e;
	strcat(heard, verdict == XFER_PART && obs_owns(x->owner) ? "rest " : "nonsense ");
	out->owner = 77;
	return OBS_PART;
}

enum obs_verdict obs_due(struct engine *e, struct obs *o, struct obs_event *out)
{
	(void)e;
	(void)o;
	strcat(heard, "due ");
	out->owner = 77;
	return OBS_FAILED;
}

static void on_response(void *arg, const struct response *r)
{
	(void)r;
	strcat(arg, "response");
}

static void on_xfer(void *arg, enum xfer_verdict verdict, const struct xfer_event *x)
{
	strcat(arg, verdict == XFER_PART && x->owner == 5 ? "part" : "?");
}

static void on_obs(void *arg, enum obs_verdict verdict, const struct obs_event *o)
{
	cr_expect_eq(o->owner, 77);
	strcat(arg, verdict == OBS_STATE ? "state" : verdict == OBS_PART ? "part" :
		    verdict == OBS_FAILED ? "failed" : "?");
}

static const struct net_hooks hooks = {
	.response = on_response, .xfer = on_xfer, .obs = on_obs, .arg = heard };

static void of(uint64_t slab, int status)
{
	const struct response r = { .owner = slab << 48 | 1, .status = status };

	route_response(NULL, &hooks, &r);
}

Test(route, single_requests_are_the_owners)
{
	of(0, 0);
	cr_expect_str_eq(heard, "response");
}

Test(route, transfers_go_by_their_stage)
{
	next_event.owner = 5;
	of(SLAB_XFER, 0);
	cr_expect_str_eq(heard, "xfer part");
}

Test(route, transfer_of_an_observation_is_for_that)
{
	next_event.owner = (uint64_t)SLAB_OBS << 48 | 9;
	of(SLAB_XFER, 0);
	cr_expect_str_eq(heard, "xfer rest part");
}

Test(route, stale_transfer_is_nobodys)
{
	of(SLAB_XFER, 0);
	cr_expect_str_eq(heard, "xfer ");
}

Test(route, observations_go_by_their_stage)
{
	of(SLAB_OBS, 0);
	cr_expect_str_eq(heard, "obs state");
}

Test(route, nothing_to_tell_is_not_told)
{
	of(SLAB_OBS, -1);
	cr_expect_str_eq(heard, "obs ");
}

Test(route, due_observation_may_fail)
{
	route_due(NULL, &hooks, NULL);
	cr_expect_str_eq(heard, "due failed");
}

Test(route, hooks_may_be_left_out)
{
	const struct net_hooks none = { 0 };
	struct response r = { .owner = 1 };

	next_event.owner = 5;
	route_response(NULL, &none, &r);
	r.owner |= (uint64_t)SLAB_XFER << 48;
	route_response(NULL, &none, &r);
	r.owner = (uint64_t)SLAB_OBS << 48;
	route_response(NULL, &none, &r);
	cr_expect_str_eq(heard, "xfer obs ");
}
