/* command.h - a command of the user's that runs for each state of an observation.
 *
 * COMMANDS_AT_ONCE of them at most run beside each other, one for each owner, so
 * that the states of a resource are seen in their order.  The others wait; when too
 * many do, the one that waits longest is left out: newer states are worth more
 * (RFC 7641 section 1.3).  Owned by the verb; the loop brings their ends. */
#ifndef CLIENT_COMMAND_H
#define CLIENT_COMMAND_H

#include "base/err.h"

#include <ev.h>
#include <stdbool.h>

#define COMMANDS_AT_ONCE 8u
#define COMMANDS_WAITING 256u

struct commands;

struct command_hooks {
	/* In the child, before the command: gives it the signals that it expects. */
	void (*child)(void);
	/* A command of this owner's did not end well; what: "exited with status 3". */
	void (*failed)(void *arg, const void *owner, const char *what);
	/* None runs or waits any more. */
	void (*idle)(void *arg);
	void *arg;
};

/* text is for the shell; it and hooks are borrowed.  0, or -ENOMEM. */
int commands_open(struct commands **out, struct ev_loop *loop, const char *text,
		  const struct command_hooks *hooks);

/* Closes what waits; what runs goes on by itself.  NULL does nothing. */
void commands_close(struct commands *c);

/* Runs one, now or when it is its turn, with body (a descriptor, taken, read from its
 * beginning) as standard input, and n texts "NAME=VALUE" in its environment.  0, or a
 * negative errno with err; body is closed in either case. */
int commands_add(struct commands *c, const void *owner, int body, const char *const *env,
		 unsigned n, struct err *err);

bool commands_idle(const struct commands *c);

/* How many states were left out. */
unsigned commands_left_out(const struct commands *c);

#endif
