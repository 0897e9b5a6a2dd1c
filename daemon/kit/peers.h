/* peers.h - the clients of a test script: what they ask, and what came for it.
 *
 * Each request of the script is a record with the responses to it in their order.
 * Messages are made here and taken apart; who carries them is not known here.  A
 * payload that does not fit one message goes in blocks (RFC 7959), and so is one
 * fetched, unless the script has the block options itself.  Private memory of the
 * tool; time is told. */
#ifndef KIT_PEERS_H
#define KIT_PEERS_H

#include "coap/block.h"
#include "coap/frame_udp.h"
#include "kit/guest.h"
#include "kit/script.h"

/* What came for a request: a whole response. */
struct peer_answer {
	uint8_t type, code;     /* of its first message, as its options */
	struct span options, payload;   /* owned */
	uint64_t at;            /* ms, when all of it was there */
};

struct peer_request {
	const struct command *command;
	uint8_t token[12];
	uint32_t token_n;
	uint64_t asked;         /* ms */
	bool acked, rejected;   /* an empty acknowledgement or a reset came and was not
				 * expected yet */
	bool rejects;           /* what comes is reset */
	struct peer_answer *answer;
	size_t n, read;         /* answers, and those that were expected */
	uint32_t offset;        /* of the payload: what has been sent */
	uint8_t szx;            /* of the blocks it goes in */
	struct peer_answer rest;        /* of which more blocks are to come */
	bool resting;
	struct guest_dgram sent;        /* the last datagram */
};

struct peers {
	struct peer_request **request;
	size_t n;
	struct guest_dgram *queue;      /* to be sent, in their order */
	size_t queued, cap, first;
	uint16_t mid;
	const struct command **answer;  /* to requests of modules, in the order of the script */
	size_t nanswers;
	char wrong[160];        /* the first thing that a server may not do; "" none */
};

void peers_free(struct peers *p);

/* Asks; the record stays where it is. */
struct peer_request *peers_ask(struct peers *p, const struct command *c, uint64_t now);

/* Asks again as if for the first time: other message ID, same record. */
void peers_ask_anew(struct peers *p, struct peer_request *r, uint64_t now);

/* Sends the last datagram of a request once more. */
void peers_repeat(struct peers *p, const struct peer_request *r);

/* The last request of that name, of any for NULL; NULL if there is none. */
struct peer_request *peers_find(const struct peers *p, const char *name);

/* Where a peer of a number is. */
struct addr peers_address(unsigned number);

/* Sends a datagram of a peer's. */
void peers_send(struct peers *p, const struct guest_dgram *d);

/* Takes a datagram that the server sent. */
void peers_take(struct peers *p, const struct guest_dgram *d, uint64_t now);

/* The next datagram to be sent; false if there is none. */
bool peers_next(struct peers *p, struct guest_dgram *out);

/* An answer as a message, borrowed. */
struct message peers_message(const struct peer_answer *a);

#endif
