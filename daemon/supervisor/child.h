/* child.h - a fork whose child is a process of its own: no signal handler, no
 * pending signal and no event loop of the supervisor, and it does not outlive its
 * parent.  Used by the supervisor for workers, and by whoever has modules looked at. */
#ifndef SUPERVISOR_CHILD_H
#define SUPERVISOR_CHILD_H

#include <sys/types.h>

/* As fork(): in the child 0, in the parent its process id, or a negative errno.
 * The child gets default signal handlers, no signal blocked, and SIGKILL
 * when the parent dies; it must end by _exit(). */
pid_t child_fork(void);

/* Waits for its end, for at most limit_ms; after that it is killed.  1: it ended by itself; 0:
 * it took too long; or a negative errno, it could not be waited for and is killed.  status is
 * as of waitpid(). */
int child_wait(pid_t pid, unsigned limit_ms, int *status);

#endif
