/* round_trips.h - the times of pings, and what they come to, as ping(8) has it.
 *
 * Pure; owned by the verb. */
#ifndef CLIENT_ROUND_TRIPS_H
#define CLIENT_ROUND_TRIPS_H

#include <stdint.h>

struct round_trips {
	uint64_t sent, answered;
	double sum, squares, least, most;       /* ms */
};

/* One has been answered after so many milliseconds. */
void round_trips_add(struct round_trips *r, double ms);

/* Of those answered; 0 if there are none. */
double round_trips_mean(const struct round_trips *r);
double round_trips_deviation(const struct round_trips *r);

/* Percent of what was sent that was not answered, rounded so that 0 and 100 are true. */
unsigned round_trips_loss(const struct round_trips *r);

#endif
