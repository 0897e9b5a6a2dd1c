/* flight.h - how many notifications may be under way, so that their acknowledgements fit the
 * receive buffer, whenever they come.
 *
 * Thousands of observers acknowledge what they are told at nearly the same time.  What the
 * buffer does not take is lost, is sent again and acknowledged again, and so a fan-out would
 * prevent its own end.  So each confirmable notification counts from when it is sent until it is
 * acknowledged, and for FLIGHT_MS at most: whoever is gone, or far away, holds up nobody, and of
 * those no more are sent in that time than fit.
 *
 * Derived: owned by the engine, in private memory; an adopter counts again what it finds.
 * Pure arithmetic, run by the worker that holds the slot. */
#ifndef EXCHANGE_FLIGHT_H
#define EXCHANGE_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#define FLIGHT_STEPS 8u
#define FLIGHT_STEP_MS 16u
#define FLIGHT_MS (FLIGHT_STEPS * FLIGHT_STEP_MS)
#define FLIGHT_LEAST 8u         /* however small a buffer is */

struct flights {
	uint32_t room;                  /* at most so many; 0: any number */
	uint32_t all;                   /* in all steps, also in those that are over */
	struct flight_step {
		uint64_t at;            /* which step since the beginning of time */
		uint32_t n;             /* sent in it and not acknowledged */
		uint32_t zero;
	} step[FLIGHT_STEPS];
};

/* How many fit a receive buffer of so many bytes, as SO_RCVBUF tells them, and leave half of it
 * for others; 0 for 0. */
uint32_t flight_room(uint64_t bytes);

/* One was sent, at that time; was acknowledged or given up, that was sent then. */
static inline void flight_sent(struct flights *f, uint64_t at)
{
	struct flight_step *s = &f->step[at / FLIGHT_STEP_MS % FLIGHT_STEPS];

	if (s->at < at / FLIGHT_STEP_MS) {
		f->all -= s->n;
		s->at = at / FLIGHT_STEP_MS;
		s->n = 0;
	}
	if (s->at == at / FLIGHT_STEP_MS) {
		s->n++;
		f->all++;
	}
}

static inline void flight_landed(struct flights *f, uint64_t at)
{
	struct flight_step *s = &f->step[at / FLIGHT_STEP_MS % FLIGHT_STEPS];

	if (s->at == at / FLIGHT_STEP_MS && s->n) {
		s->n--;
		f->all--;
	}
}

/* How many are under way. */
uint32_t flight_n(const struct flights *f, uint64_t now);

/* One more may be sent.  Most often that can be seen without adding up. */
static inline bool flight_has_room(const struct flights *f, uint64_t now)
{
	return !f->room || f->all < f->room || flight_n(f, now) < f->room;
}

/* Who waits for room may go on: there is enough of it to be worth the while. */
bool flight_is_low(const struct flights *f, uint64_t now);

#endif
