/* inquiry.h - one request at the control socket and what is said to it, a line at a time.
 *
 * docs/control.md has the protocol.  An answer is made in steps, each of which looks at a
 * bounded part of memory and writes at most one line, so that a long one holds up nobody;
 * between steps it keeps a place, and what is there changes meanwhile.  Owned by a
 * connection (server.h). */
#ifndef CONTROL_INQUIRY_H
#define CONTROL_INQUIRY_H

#include "control/desk.h"
#include "control/record.h"

#define INQUIRY_LINE 32768u      /* bytes that a line may have */
#define INQUIRY_WORKERS 256u

struct inquiry {
	/* Goes on; what it wrote is a line.  False: this was the last. */
	bool (*step)(struct inquiry *a, struct record *line);
	/* Gives back what it holds, whenever it is over; NULL: nothing. */
	void (*end)(struct inquiry *a);
	int wait;               /* descriptor to be readable before there is more; -1: go on */
	const struct desk *desk;
	unsigned part;          /* how far it is: of its own parts, */
	unsigned slot;          /* of slots, */
	uint32_t place;         /* of places in one */
	struct order whom;      /* all peers, or one */
	unsigned log_part;      /* LOG_PARTS_N: all */
	int level;              /* enum log_level; -1: none is given */
	uint64_t sum[4];        /* of what workers answered, */
	unsigned answers;       /* so many of them, */
	uint64_t answered[INQUIRY_WORKERS / 64];        /* a bit for each */
	uint64_t until;         /* desk's ms: when wait is over; 0: never.  It is then asked for
				 * more all the same */
	char error[256];
};

/* Takes a line apart and begins the answer to it.  False: it is no request; the answer
 * then says what is wrong with it. */
bool inquiry_begin(struct inquiry *a, const struct desk *desk, struct span line);

#endif
