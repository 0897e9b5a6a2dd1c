#include "client/route.h"

static void tell_obs(const struct net_hooks *hooks, enum obs_verdict verdict,
		     const struct obs_event *o)
{
	if (verdict != OBS_NOTHING && hooks->obs)
		hooks->obs(hooks->arg, verdict, o);
}

/* A transfer whose owner is an observation fetches the rest of a notification. */
static void respond_xfer(struct engine *e, const struct net_hooks *hooks,
			 const struct response *r)
{
	struct xfer_event x = { 0 };
	struct obs_event o = { 0 };
	enum xfer_verdict verdict = xfer_response(e, r, &x);

	if (obs_owns(x.owner))
		tell_obs(hooks, obs_rest(e, verdict, &x, &o), &o);
	else if (x.owner && hooks->xfer)        /* else it is stale */
		hooks->xfer(hooks->arg, verdict, &x);
}

void route_response(struct engine *e, const struct net_hooks *hooks, const struct response *r)
{
	struct obs_event o = { 0 };

	if (xfer_owns(r->owner))
		respond_xfer(e, hooks, r);
	else if (obs_owns(r->owner))
		tell_obs(hooks, obs_response(e, r, &o), &o);
	else if (hooks->response)
		hooks->response(hooks->arg, r);
}

void route_due(struct engine *e, const struct net_hooks *hooks, struct obs *o)
{
	struct obs_event event = { 0 };

	tell_obs(hooks, obs_due(e, o, &event), &event);
}
