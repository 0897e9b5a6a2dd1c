#include "exchange/window.h"

#include <string.h>

static bool is_valid(const struct window *w, uint32_t now_s, uint32_t lifetime_s)
{
	return (w->hi & MID_VALID) && window_age(w, now_s, lifetime_s) < 2;
}

static bool bit(const struct window *w, uint32_t age, uint16_t mid)
{
	uint32_t word = w->half[0][mid % WINDOW_BITS / 32];

	if (age == 0)
		word |= w->half[1][mid % WINDOW_BITS / 32];
	return word >> mid % 32 & 1;
}

enum window_state window_state(const struct window *w, uint32_t now_s, uint32_t lifetime_s,
			       uint16_t mid)
{
	int ahead;

	if (!is_valid(w, now_s, lifetime_s))
		return WINDOW_FRESH;
	ahead = window_ahead(w, mid);
	if (ahead > 0)
		return WINDOW_FRESH;
	if (ahead <= -(int)WINDOW_BITS)
		return WINDOW_BEHIND;
	return bit(w, window_age(w, now_s, lifetime_s), mid) ? WINDOW_SEEN : WINDOW_UNSEEN;
}

/* Clears the marks of the IDs passed over on the way to a newer one. */
static void clear_between(struct window *w, int ahead)
{
	for (int k = 1; k <= ahead && k <= (int)WINDOW_BITS; k++) {
		uint16_t m = (uint16_t)(w->hi + (unsigned)k) % WINDOW_BITS;

		w->half[0][m / 32] &= ~(1u << m % 32);
		w->half[1][m / 32] &= ~(1u << m % 32);
	}
}

/* Half 0 becomes the old one. */
static void turn(struct window *w, uint32_t now_s)
{
	memcpy(w->half[1], w->half[0], sizeof w->half[1]);
	memset(w->half[0], 0, sizeof w->half[0]);
	w->since_s = now_s;
}

void window_mark(struct window *w, uint32_t now_s, uint32_t lifetime_s, uint16_t mid,
		 bool restart)
{
	int ahead = window_ahead(w, mid);

	if (restart || !is_valid(w, now_s, lifetime_s)) {
		*w = (struct window){ .hi = MID_VALID | mid, .since_s = now_s };
		ahead = 0;
	} else if (ahead <= -(int)WINDOW_BITS) {
		return;
	} else if (window_age(w, now_s, lifetime_s) > 0) {
		turn(w, now_s);
	}
	if (ahead > 0) {
		clear_between(w, ahead - 1);    /* its own mark is about to be made */
		w->hi = MID_VALID | mid;
	}
	w->half[0][mid % WINDOW_BITS / 32] |= 1u << mid % 32;
}
