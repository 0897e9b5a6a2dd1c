/* watch.h - an observation of the client role and an invented server that notifies.
 *
 * There is one of everything, as in talk.h.  Peer 1 is the server; "about" is the
 * message of ours that an answer is for: its message ID and its token. */
#ifndef TESTS_WATCH_H
#define TESTS_WATCH_H

#include "coap/block.h"
#include "exchange/obs.h"
#include "rig.h"

#define WATCH_OWNER 4711u

struct about {
	uint8_t type, code;
	uint16_t mid;
	uint8_t token[CLIENT_TOKEN];
	size_t token_n;
	int64_t observe, block2, size;  /* -1: it has none */
	bool echo, path;
	size_t payload;
};

struct watch {
	struct rig *r;
	ref_t obs;
	struct about reg;               /* the last message with the observation's token */
	struct about get;               /* the last one with another token */
	unsigned said_n;                /* messages of ours since the last look, no ACKs */
	enum obs_verdict verdict;       /* what came of the last datagram or time */
	struct obs_event event;
	unsigned events;                /* that were more than OBS_NOTHING, ever */
};

extern struct watch watch;

void watch_setup(void);
void watch_teardown(void);

/* Starts one with these options (rig.h); peer and owner are filled in. */
int watch_start(struct xfer_request q, const char *options);
/* The same of resource "r" with a GET, whose first message is taken. */
void watch_begin(void);
/* And it is answered: Observe 10, Max-Age a day. */
void watch_registered(void);

/* Looks at what we sent; how many, but for acknowledgements and resets. */
unsigned watch_said(void);

/* A datagram of the server's, with n bytes of payload.  Notified has the observation's
 * token and a message ID of its own, the others answer a message of ours. */
enum obs_verdict watch_notified(uint8_t type, uint8_t code, const char *options, size_t n);
enum obs_verdict watch_answered(uint8_t code, const char *options, size_t n);
enum obs_verdict watch_got(uint8_t code, const char *options, size_t n);
enum obs_verdict watch_raw(unsigned peer, uint8_t type, uint8_t code, uint16_t mid,
			   const struct about *a, const char *options, size_t n);

/* Sets the clock forward and does all that is due. */
void watch_pass(uint64_t ms);
/* To the next thing that is due; how far that was. */
uint64_t watch_next(void);

/* Nothing is left of it: no object, no deadline. */
void watch_expect_gone(void);

#endif
