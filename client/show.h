/* show.h - what goes to standard error: remarks, errors, the trace of messages.
 *
 * Standard output is the payload's.  Nothing that a peer sent reaches a terminal
 * unescaped.  Owned by the tool. */
#ifndef CLIENT_SHOW_H
#define CLIENT_SHOW_H

#include "base/bytes.h"
#include "client/net.h"

#include <stdio.h>

/* Who of a trace was sent before: the last ones, by message ID. */
#define SHOW_SENT 4096u
struct show_sent {
	struct addr peer;
	uint32_t again;
	uint16_t mid;
	bool used;
};

struct show {
	FILE *out;              /* standard error; a test's own */
	bool color, quiet;
	bool terminal;          /* out is one */
	unsigned verbose;       /* 1: messages; 2: bytes too */
	bool line_open;         /* a line of progress is to be wiped first */
	struct show_sent *sent; /* SHOW_SENT, if verbose */
};

/* The line of an error, after the program's name. */
void show_error(struct show *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A remark; nothing if quiet. */
void show_remark(struct show *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A message as a line of the trace, for net_hooks.datagram. */
void show_datagram(struct show *s, const struct net_datagram *d);

#endif
