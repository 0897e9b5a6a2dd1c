/* show.h - what goes to standard error: remarks, errors, the trace of messages.
 *
 * Standard output is the payload's.  Nothing that a peer sent reaches a terminal
 * unescaped.  Each line is one write.  Owned by the tool. */
#ifndef CLIENT_SHOW_H
#define CLIENT_SHOW_H

#include "client/arguments.h"
#include "client/net.h"

#include <stdio.h>

struct show_sent;

struct show {
	FILE *out;              /* borrowed */
	bool color, quiet, utf8;
	bool terminal;          /* out is one */
	unsigned verbose;       /* 1: messages; 2: bytes too */
	bool progress;          /* a line of progress is there, to be wiped first */
	struct show_sent *sent; /* who was sent what, to tell repetitions; NULL unless
				 * verbose */
};

/* out is standard error, or a test's. */
void show_open(struct show *s, const struct arguments *args, FILE *out);
void show_close(struct show *s);

/* Whether this terminal, or what stands in for one, is to get colours. */
bool show_wants_color(const struct arguments *args, int fd);

/* The line of an error, after the program's name. */
void show_error(struct show *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A remark; nothing if quiet. */
void show_remark(struct show *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Text of the command line, and an arrow at a byte of it. */
void show_mark(struct show *s, const char *text, size_t at);

/* A line that takes the place of the one before it, without an end; empty: none.  Only
 * for a terminal. */
void show_progress(struct show *s, const char *line);

/* A message as a line of the trace, for net_hooks.datagram. */
void show_datagram(struct show *s, const struct net_datagram *d);

#endif
