/* life.h - a slot's memory, the world around it, and the worker's work on it: what
 * the crash tests let die and go on.
 *
 * Mounted are /f (safe, answers at once), /r (unsafe, harmless to repeat), /o
 * (unsafe, an effect outside), /s (the same after a wait), /t and /u (wait and
 * count their events in the slot), /w (a state that is set and observed), /p (takes a
 * body part by part), /g (begins a task that asks peer 8). */
#ifndef TESTS_CRASH_LIFE_H
#define TESTS_CRASH_LIFE_H

#include "base/changes.h"
#include "worker/dispatch.h"

#define PEERS 16
#define PHASE_MAX 24    /* datagrams in one phase */

/* What lies outside the slot. */
struct world {
	uint32_t count[PEERS];  /* effects of the opaque modules, by peer */
	uint32_t state;         /* of /w */
	uint32_t responses;     /* what the client role was told, at least so often */
};

struct life {
	uint8_t *mem;
	struct world *world;
	struct changes *changes;        /* what tells of them, as all workers see it */
	struct dispatch d;
	bool open;
};

extern const struct hash_key life_key;
extern const struct local life_local;   /* where every datagram comes to, but for those of
					 * peer 8: */
#define LIFE_CLIENT 1u                  /* the socket for requests of modules */

/* Makes the mounts and the layout; once per process. */
void life_setup(void);
size_t life_size(void);

/* New memory, shared with children. */
void life_open(struct life *l);

/* A new worker's handle on it; from here on modules act on its world. */
void life_begin(struct life *l);
void life_enter(struct life *l);

/* The memory and world of one becomes that of the other, as far as phases use it. */
void life_copy(struct life *to, const struct life *from);

/* Peer n's address; whether its requests have effects outside. */
struct addr life_peer(unsigned n);
bool life_peer_is_opaque(unsigned n);

/* Has what changed looked at, as a worker does that is woken. */
void life_look(struct life *l);

/* Sends a question to peer 9; its answer brings up the next one, three in all. */
void life_ask(struct engine *e, uint64_t owner);

/* Begins an upload to peer 11 and a download from peer 12. */
void life_transfer(struct engine *e);

/* Begins to observe a resource of peer 13, until it has the Observe value 3. */
void life_observe(struct engine *e);

#endif
