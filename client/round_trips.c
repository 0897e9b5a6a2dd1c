#include "client/round_trips.h"

#include <math.h>

void round_trips_add(struct round_trips *r, double ms)
{
	if (!r->answered || ms < r->least)
		r->least = ms;
	if (!r->answered || ms > r->most)
		r->most = ms;
	r->answered++;
	r->sum += ms;
	r->squares += ms * ms;
}

double round_trips_mean(const struct round_trips *r)
{
	return r->answered ? r->sum / (double)r->answered : 0;
}

double round_trips_deviation(const struct round_trips *r)
{
	double mean = round_trips_mean(r), variance;

	if (!r->answered)
		return 0;
	variance = r->squares / (double)r->answered - mean * mean;
	return variance > 0 ? sqrt(variance) : 0;
}

unsigned round_trips_loss(const struct round_trips *r)
{
	double percent;

	if (r->answered >= r->sent)
		return 0;
	if (!r->answered)
		return 100;
	percent = 100 * (double)(r->sent - r->answered) / (double)r->sent;
	return percent < 1 ? 1 : percent > 99 ? 99 : (unsigned)(percent + 0.5);
}
