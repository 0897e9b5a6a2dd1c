/* pulse.h - how the daemon does, in the one line that a service manager shows of it.
 * Pure; supervisor only. */
#ifndef SUPERVISOR_PULSE_H
#define SUPERVISOR_PULSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PULSE_MS 5000u          /* between two looks, unless a watchdog wants more */
#define PULSE_TEXT 256

struct pulse_figures {
	unsigned workers, running, slots;
	size_t resources;
	uint64_t requests;      /* since the start */
	unsigned deaths;
	uint64_t peers, observers;      /* that are known now */
};

/* Begins zeroed. */
struct pulse {
	uint64_t requests, at;          /* at the last look */
	char text[PULSE_TEXT];          /* what it made of that */
};

/* Makes the text; false if it is what it was.  now is any monotonic clock in ms. */
bool pulse_look(struct pulse *p, const struct pulse_figures *f, uint64_t now);

#endif
