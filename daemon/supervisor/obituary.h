/* obituary.h - what is said about a worker that ended: who, of what, where, and
 * what comes next.  Pure; used by the supervisor. */
#ifndef SUPERVISOR_OBITUARY_H
#define SUPERVISOR_OBITUARY_H

#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OBITUARY_TEXT 960

struct obituary {
	unsigned worker;
	pid_t pid;
	int status;             /* as waitpid() gives it */
	bool asked;             /* we had told it to end */
	int mount;              /* whose hook ran, -1 none */
	const char *path;       /* of it, NULL none */
	const char *module;     /* goes with path */
	bool opens;             /* it was no hook, but its open() or close() */
	const char *place;      /* "FILE:LINE:COLUMN: " of the mount, told if it opens; NULL */
	uint64_t in_ms;         /* until its successor starts, CREW_NEVER: there is none */
};

/* Writes the sentence, cut to fit, and returns the level it deserves: an error
 * when it is the worker's own fault, a warning when somebody killed it, a notice
 * or less when it was asked. */
enum log_level obituary_write(const struct obituary *o, char out[OBITUARY_TEXT]);

/* The same for programs: which worker, and path, module and signal where there are any.
 * Borrows from o; 0 as the status is of one that lives still. */
struct obituary_facts {
	struct log_field at[4];
	size_t n;
	char worker[12], signal[24];
};
struct log_fields obituary_fields(const struct obituary *o, struct obituary_facts *f);

/* "SIGSEGV"; "signal 64" for one without a name.  Returns a borrowed string or
 * out. */
#define OBITUARY_SIGNAL 24
const char *obituary_signal(int sig, char out[OBITUARY_SIGNAL]);

#endif
