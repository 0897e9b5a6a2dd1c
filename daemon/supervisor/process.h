/* process.h - the process of one worker: begun, told, killed, and what is said of its
 * death.  When, decides the crew (crew.h).  Run by the supervisor's thread. */
#ifndef SUPERVISOR_PROCESS_H
#define SUPERVISOR_PROCESS_H

#include "supervisor/state.h"

/* What a worker with this process's slots is given to start with; control is its end of
 * the socket to us, -1: it has none. */
struct worker_boot process_boot(const struct supervisor *sv, const struct process *p,
				int control);

/* Forks it.  What it says makes p->readable, whose callback is set, readable.  0, or
 * -errno and there is none. */
int process_start(struct supervisor *sv, struct process *p);

/* Has what it says heard, if it has a control socket; that is part of its start. */
void process_listen(struct process *p);

/* In the child: none of the supervisor's loop is left, its epoll descriptor and
 * signal handlers belong to the parent. */
void process_leave_loop(struct supervisor *sv);

/* Sends it one message and remembers that its end is wanted. */
void process_ask(struct process *p, enum worker_message what);

/* Ends it at once, and says why. */
void process_kill(struct supervisor *sv, struct process *p);

/* It has been heard of. */
void process_heard(struct process *p);

/* Whether one that is silent hangs, as far as that can be seen from here; if not, it may have
 * had no chance to speak. */
bool process_hangs(const struct supervisor *sv, const struct process *p, uint64_t now);

/* Closes our end of the socket; may be called twice. */
void process_close(struct process *p);

/* Of the last one that ended: whether it gave up before it served. */
bool process_boot_failed(const struct process *p);

/* Of the same: one line in the log on how it ended and where it was; in_ms is the time
 * until the next one starts. */
void process_obituary(struct supervisor *sv, const struct process *p, uint64_t in_ms);

/* The same as a text in err, which is returned. */
const char *process_last_words(const struct process *p, struct err *err);

/* Of a generation that is held: who is not prepared, and where it is. */
const char *process_laggard(const struct generation *g, struct err *err);

#endif
