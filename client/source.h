/* source.h - where the bytes of request bodies come from: the command line, a file,
 * standard input.
 *
 * Read whole before anything is sent, unless it is a regular file, which is read as
 * blocks are needed.  Owned by the tool, shared by all its errands. */
#ifndef CLIENT_SOURCE_H
#define CLIENT_SOURCE_H

#include "base/err.h"
#include "client/arguments.h"
#include "client/spool.h"

struct source {
	uint64_t n;             /* bytes; 0 without a body */
	const char *name;       /* of the file, for messages; NULL */
	uint8_t *memory;        /* or: owned */
	struct spool *spool;    /* or: what came from a pipe; owned */
	int fd;                 /* or: a file; owned, else -1 */
};

/* What the command line says, none included; text for a content format that is CBOR is
 * encoded (edn.h).  Waits for standard input, until it ends
 * or signals (a descriptor) can be read: -EINTR then.  0, or a negative errno with
 * err; -EINVAL is a matter of the command line.  source_close() in either case. */
int source_open(struct source *s, const struct arguments *a, int signals, struct err *err);
void source_close(struct source *s);

/* Bytes offset to offset + n; false: the file has changed or cannot be read. */
bool source_read(const struct source *s, uint64_t offset, uint8_t *out, size_t n);

#endif
