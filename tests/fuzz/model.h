/* model.h - what peers of an engine may rely on, kept by whoever looks on.
 *
 *  - a request that changes something and was committed does not run again within
 *    its lifetime (E9), unless its peer has shown to have begun anew or rushes
 *    through more message IDs than a lifetime has;
 *  - a confirmable message is acknowledged or reset at once, or within the delay
 *    when its request waits; others never are (E5, E10);
 *  - a message ID of ours means the same confirmable message for as long (E22, E23);
 *  - each request of ours ends once, and goes on after a response only if it is kept.
 *
 * What an event changes is forgotten when the event's worker dies. */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "audit.h"
#include "rig.h"

#define PEERS 6u                /* from 1 on, as rig_peer() has them */
#define MODEL_OWNERS 64u
#define MODEL_RUNS 256u
#define MODEL_CONS 256u
#define MODEL_WAITS 64u

struct model {
	struct { bool out, keep; ref_t ref; } owner[MODEL_OWNERS];      /* requests of ours */
	struct { unsigned peer; uint16_t mid; uint64_t print, at; } run[MODEL_RUNS];
	struct { ref_t peer; uint16_t mid; uint64_t print, at; } con[MODEL_CONS];
	struct { unsigned peer; uint16_t mid; uint64_t by; } wait[MODEL_WAITS];
	uint64_t non_at[PEERS + 1];     /* when each was last told what it does not acknowledge */
	unsigned run_n, con_n, wait_n;  /* ever; the newest are kept */
	bool damaged;                   /* nothing may be relied on any more */
	uint16_t base;                  /* where peers that keep the rules have their IDs */
};

extern struct model model;

void model_clear(uint16_t base);

/* An event begins; its worker died, so it did not happen. */
void model_begin(void);
void model_back(void);

/* A number for a request of ours that is not in use; -1 if all are. */
int model_owner(void);

/* A datagram came: the same message ID with other bytes makes a new exchange. */
void model_heard(unsigned peer, struct span bytes);
/* A request that changes something runs. */
void model_ran(const struct rig *r, unsigned peer, uint16_t mid, struct span bytes);
/* So far from the others that half the circle of IDs lies between. */
bool model_is_far(uint16_t mid);
/* The peer's message IDs begin anew, behind those it had. */
void model_restarted(unsigned peer);
/* A request waits. */
void model_waits(const struct rig *r, unsigned peer, const struct message *m);
/* A waiting request ends; without an answer nothing is owed. */
void model_forgotten(unsigned peer, uint16_t mid);
/* What the datagram brought about: the batch from place `before` on. */
void model_reaction(struct rig *r, unsigned peer, struct span bytes, unsigned before,
		    bool waits);
/* One of ours left. */
void model_sent(struct rig *r, const struct tx_dgram *t, const struct message *m);
/* Nothing is due any more: whoever waits has been acknowledged. */
void model_settled(const struct rig *r);
/* All is over: no request of ours is without an end. */
void model_end(void);

#endif
