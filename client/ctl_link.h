/* ctl_link.h - the connection of coapctl to a running coapd (docs/control.md).
 *
 * Blocking: there is nothing else to do meanwhile.  Owned by the verb. */
#ifndef CLIENT_CTL_LINK_H
#define CLIENT_CTL_LINK_H

#include "base/err.h"
#include "client/ctl_options.h"

#include <jansson.h>
#include <stddef.h>

#define CTL_LINK_WAIT_MS 10000  /* for the next line of an answer */

struct ctl_link {
	int fd;
	const char *path;       /* of the socket; owned */
	size_t n, at;           /* of buffer: what came, and what of it was given out */
	char *buffer;
	size_t cap;
};

/* Connects to the socket of the options; else looks for one: in $RUNTIME_DIRECTORY, in
 * /run/coapd, and where a coapd without either has it.  Of the latter only those that
 * root or we ourselves run.  0, or a negative errno with err; ctl_link_close() in either
 * case. */
int ctl_link_open(struct ctl_link *l, const struct ctl_options *o, struct err *err);
void ctl_link_close(struct ctl_link *l);

/* Sends a request, which it takes. */
int ctl_link_send(struct ctl_link *l, json_t *request, struct err *err);

/* The next line, to be given back (json_decref).  wait_ms: -1 for ever.  NULL with err: the
 * daemon said an error, or nothing, or ended. */
json_t *ctl_link_line(struct ctl_link *l, int wait_ms, struct err *err);

/* Whether a line is the last of its answer. */
bool ctl_link_is_end(const json_t *line);

/* Asks and gives each line of the answer to use(), until that says false.  0, or a
 * negative errno with err. */
int ctl_link_ask(struct ctl_link *l, json_t *request, bool (*use)(void *arg, json_t *line),
		 void *arg, struct err *err);

/* The whole of a verb that prints what it is told: connects, asks, and tells errors; with
 * --json lines are printed as they are.  An enum ctl_exit. */
int ctl_link_run(const struct ctl_options *o, json_t *request,
		 bool (*use)(void *arg, json_t *line), void *arg);

#endif
