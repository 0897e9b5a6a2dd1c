/* spool.h - a body on its way to where it is wanted: given out whole or not at all.
 *
 * Up to 1 MiB is kept in memory, then it moves to a temporary file without a name.
 * One that is for a file of the user's is written beside that and takes its name in
 * the end, so that no reader ever sees a part.  Owned by an errand or a source. */
#ifndef CLIENT_SPOOL_H
#define CLIENT_SPOOL_H

#include "base/bytes.h"
#include "base/err.h"

#define SPOOL_MEMORY (1u << 20)

struct spool;

/* For memory and a nameless file; or for path, which is tried out at once: a
 * directory that cannot be written is known before anything is sent.  Links are
 * followed; what is no regular file (/dev/null, a pipe) is opened and written by
 * spool_finish().  path is copied.  0, or a negative errno with err. */
int spool_open(struct spool **out, const char *path, struct err *err);

/* Drops it; a file of the user's is as it was unless spool_finish() was called. */
void spool_close(struct spool *s);

uint64_t spool_size(const struct spool *s);

/* Appends.  0, or a negative errno with err: a full disk, mostly. */
int spool_add(struct spool *s, struct span bytes, struct err *err);

/* Empties it: what comes next is another body. */
void spool_restart(struct spool *s);

/* Everything in one piece, borrowed until the next call; n is 0 if that cannot be had. */
struct span spool_span(struct spool *s);

/* Bytes offset to offset + n; false if they are not there. */
bool spool_read(const struct spool *s, uint64_t offset, uint8_t *out, size_t n);

/* Writes everything to a descriptor.  0, or a negative errno. */
int spool_write(const struct spool *s, int fd);

/* For a path: gives the bytes to the disk and the file its name, after which the spool
 * is only to be closed.  0, or a negative errno with err. */
int spool_finish(struct spool *s, struct err *err);

#endif
