/* accesslog.h - the access log of one worker: a line for each answer, or for one of so
 * many, to a file that the supervisor has opened.
 *
 * What belongs to a request that waits, or to an answer in a message of its own, is kept in
 * a table of the worker's until it is over; it dies with the worker, and is lost to the line,
 * or to the log, if the table is full.  Owned and run by the worker. */
#ifndef WORKER_ACCESSLOG_H
#define WORKER_ACCESSLOG_H

#include "config/site.h"
#include "exchange/witness.h"
#include "worker/accessline.h"

#define ACCESSLOG_OPEN 1024u    /* exchanges in the table; a power of 2 */
#define ACCESSLOG_BUFFER 16384u

struct accesslog_open {
	ref_t exchange;         /* 0: free */
	uint64_t began_ns;
	bool answered;          /* line is to be written when it is over */
	struct accessline line;
};

struct accesslog {
	struct witness witness;         /* for the engine; the first member */
	int fd;                         /* owned */
	bool json;
	uint32_t each, count;           /* every each'th answer is told */
	const char *paths;              /* borrowed; "" all */
	uint64_t now_ns;                /* when what is at work on came: set by the caller */
	struct accesslog_open *open;    /* owned */
	struct log_limit limit;
	size_t n;
	char buffer[ACCESSLOG_BUFFER];
};

/* Begins a log that writes to a copy of fd; NULL with errno. */
struct accesslog *accesslog_new(const struct site *site, int fd);

/* Writes what is left, closes and frees; NULL is fine. */
void accesslog_free(struct accesslog *l);

/* Writes what has been told since the last time; to be called once a batch is sent. */
void accesslog_flush(struct accesslog *l);

/* Goes on with another file, which it takes. */
void accesslog_turn(struct accesslog *l, int fd);

#endif
