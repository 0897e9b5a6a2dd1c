/* tool.h - the running program: what every verb works with.
 *
 * The loop, the network with its names, signals, and what is shown on standard
 * error.  One per process, owned by main(); the verb says how many errands it will
 * have before it makes the first. */
#ifndef CLIENT_TOOL_H
#define CLIENT_TOOL_H

#include "client/arguments.h"
#include "client/net.h"
#include "client/show.h"
#include "client/source.h"
#include "transport/resolve.h"

struct errand;

struct tool {
	const struct arguments *args;   /* borrowed */
	struct ev_loop *loop;
	struct show show;
	struct source source;           /* the body of all requests, if there is one */
	struct net *net;                /* NULL before tool_net() */
	struct resolver *resolver;
	int signals;                    /* signalfd of INT, TERM and HUP: they are blocked, a
					 * child must unblock them (tool_child()) */
	unsigned interrupted;           /* how many of them came */
	/* Called when one came, not within an event; NULL: the loop just ends.  A second
	 * one ends it in any case. */
	void (*interrupt)(struct tool *t);
	void *verb;                     /* of the verb's own */
	struct errand **errands;        /* by owner - 1; owned here are the pointers alone */
	unsigned nerrands, room;
	unsigned open;                  /* errands that are not over; 0 ends tool_run() */
	bool deaf;                      /* standard output took no more, and that was said */
	bool inside;                    /* an event of the engine's is under way */
	struct xfer_source read;
	struct ev_io signal_ready;
};

/* 0, or a negative errno with err; tool_close() in either case. */
int tool_open(struct tool *t, const struct arguments *args, struct err *err);
void tool_close(struct tool *t);

/* Opens the network for so many errands at a time; more there cannot be.  0, or a negative errno with err. */
int tool_net(struct tool *t, unsigned errands, struct err *err);

/* Runs the loop until no errand is open, tool_stop() was called, or it was
 * interrupted. */
void tool_run(struct tool *t);
void tool_stop(struct tool *t);

/* To be called in a child before it executes anything: signals are as they were. */
void tool_child(void);

#endif
