/* patience.h - whether a worker that is silent hangs, or had no chance to speak.
 *
 * What the kernel says of its process tells that apart: one that a hook holds sleeps in it, or
 * has used the processor; one that waits for a disk, a debugger or a processor does neither.
 * Outside of hooks our own code runs, which may have much to do when it takes over a slot.
 * Run by the supervisor. */
#ifndef SUPERVISOR_PATIENCE_H
#define SUPERVISOR_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sight {
	char state;             /* as in /proc/PID/stat (proc(5)); 0: nothing is to be seen */
	uint64_t used_ms;       /* of processors since it was heard of */
	bool in_hook;
};

/* True: it hangs.  watch_ms: how long it has been silent at least. */
bool patience_is_over(const struct sight *s, uint64_t watch_ms);

/* The state of a process' first thread. */
char patience_state(pid_t pid);

/* What all its threads have used of processors, in ms; 0 if it is none. */
uint64_t patience_used(pid_t pid);

#endif
