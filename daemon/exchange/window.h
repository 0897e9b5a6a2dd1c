/* window.h - which message IDs of a peer's have been seen lately (RFC 7252 4.5).
 *
 * The newest of them and those up to 255 behind it have a bit each.  Marks age: they are
 * kept in two halves, each filled for one lifetime, so one is known for a lifetime at
 * least and two at most.  Later the same number stands for another message (4.4).
 *
 * A plain value, changed by nobody but its caller: one in slot memory is changed by
 * dealings_mark() (dealings.h).  Times are seconds of engine_seconds(). */
#ifndef EXCHANGE_WINDOW_H
#define EXCHANGE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define WINDOW_BITS 256u
#define WINDOW_WORDS (WINDOW_BITS / 32)

#define WINDOW_AHEAD 16384u     /* further than that an ID is behind the newest */

#define MID_VALID 0x10000u      /* beside a message ID: there is one */

struct window {
	uint32_t hi;            /* the newest, MID_VALID; 0 none */
	uint32_t since_s;       /* since when marks go to half 0 */
	uint32_t half[2][WINDOW_WORDS];         /* by message ID mod 256: from since_s on,
				 * and before */
};

/* BEHIND: too far for a bit.  Up to UNSEEN it was not seen. */
enum window_state { WINDOW_FRESH, WINDOW_UNSEEN, WINDOW_SEEN, WINDOW_BEHIND };
enum window_state window_state(const struct window *w, uint32_t now_s, uint32_t lifetime_s,
			       uint16_t mid);

/* How far ahead of the newest it is; 0 or less: behind.  A peer goes on in small steps, and may
 * have used three quarters of its IDs within their lifetime, so most of them are behind. */
static inline int window_ahead(const struct window *w, uint16_t mid)
{
	unsigned ahead = (uint16_t)(mid - w->hi);

	return ahead <= WINDOW_AHEAD ? (int)ahead : (int)ahead - 0x10000;
}

/* Whether it follows the newest, as most do: FRESH, then. */
static inline bool window_is_next(const struct window *w, uint16_t mid)
{
	return w->hi == (MID_VALID | (uint16_t)(mid - 1));
}

/* How many lifetimes ago half 0 was begun: 0, 1 or more. */
static inline uint32_t window_age(const struct window *w, uint32_t now_s, uint32_t lifetime_s)
{
	uint32_t since = now_s - w->since_s;

	/* Most often it is 0, and division takes long. */
	return since <= lifetime_s ? 0 : since / (lifetime_s + 1);
}

/* Marks it as seen; restart begins a new window with it.  One too far behind leaves no
 * mark. */
void window_mark(struct window *w, uint32_t now_s, uint32_t lifetime_s, uint16_t mid,
		 bool restart);

#endif
