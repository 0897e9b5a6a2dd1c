/* view.h - the memory of one slot as those see it who look on while its worker changes it,
 * or hangs.
 *
 * Run by the supervisor, over a mapping for reading.  Nothing in it is trusted: offsets
 * and capacities come from the definition, and what is given out is a copy that was whole
 * when it was taken, or none.  What a peer sent is handed on as bytes, unread. */
#ifndef WORKER_VIEW_H
#define WORKER_VIEW_H

#include "base/addr.h"
#include "base/batch.h"
#include "base/counter.h"
#include "base/space.h"

struct view {
	const struct space_ctl *ctl;
	const struct space_def *def;
	size_t off[SPACE_SLABS];
};

/* mem is at least space_size(def) bytes; both are borrowed.  NULL: there is nothing in it. */
void view_open(struct view *v, const void *mem, const struct space_def *def);

/* Words, each of its own moment. */
uint64_t view_counter(const struct view *v, enum counter c);
uint64_t view_code(const struct view *v, uint8_t code);
struct durations view_served(const struct view *v);
struct durations view_waited(const struct view *v);
uint64_t view_epoch(const struct view *v);      /* adoptions so far */
uint64_t view_body_pages(const struct view *v); /* that bodies hold */

/* Of a slab: objects that live, and that have ever been used; never more than there are. */
uint32_t view_live(const struct view *v, unsigned slab);
uint32_t view_used(const struct view *v, unsigned slab);

/* Something is remembered about these, and how much. */
struct view_peer {
	struct addr remote;
	uint32_t seen_s;        /* last heard of; seconds of CLOCK_MONOTONIC */
	uint32_t observers, exchanges, assemblies, answers;
};

/* How many places for peers there are to look at, and what is at one; false: nobody. */
uint32_t view_peers(const struct view *v);
bool view_peer(const struct view *v, uint32_t place, struct view_peer *out);

struct view_observer {
	struct addr remote;
	uint64_t sequence;      /* Observe value it was told last */
	bool under_way;         /* a notification that is not acknowledged yet */
	bool non;               /* it registered non-confirmably */
	uint32_t len;
	uint8_t request[DGRAM_RX_MAX];  /* its registration, a message of len bytes */
};

uint32_t view_observers(const struct view *v);
bool view_observer(const struct view *v, uint32_t place, struct view_observer *out);

#endif
