/* Nothing observes before daemon/exchange/obs.c is there; then this file goes. */
#include "exchange/obs.h"

#include <errno.h>

#define WEAK __attribute__((weak))

WEAK int obs_start(struct engine *e, const struct xfer_request *q, ref_t *obs)
{
	(void)e, (void)q, (void)obs;
	return -EAGAIN;
}

WEAK enum obs_verdict obs_response(struct engine *e, const struct response *r,
				   struct obs_event *out)
{
	(void)e, (void)r, (void)out;
	return OBS_NOTHING;
}

WEAK enum obs_verdict obs_rest(struct engine *e, enum xfer_verdict verdict,
			       const struct xfer_event *x, struct obs_event *out)
{
	(void)e, (void)verdict, (void)x, (void)out;
	return OBS_NOTHING;
}

WEAK enum obs_verdict obs_due(struct engine *e, struct obs *o, struct obs_event *out)
{
	(void)e, (void)o, (void)out;
	return OBS_NOTHING;
}

WEAK int obs_leave(struct engine *e, ref_t obs)
{
	(void)e, (void)obs;
	return -ENOENT;
}

WEAK void obs_cancel(struct engine *e, ref_t obs)
{
	(void)e, (void)obs;
}
