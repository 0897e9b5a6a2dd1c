/* host.h - what stands around a guest: the memory it works in, its log, its lives.
 *
 * What supervisor and kernel are to a worker.  It loads no module and reads no
 * datagram, so whatever a module does, the host is there to tell of it. */
#ifndef KIT_HOST_H
#define KIT_HOST_H

#include "base/err.h"
#include "kit/guest.h"

#include <sys/types.h>

#define HOST_HANG_MS 10000      /* of real time, until a guest is given up */

enum host_verdict {
	HOST_OK,
	HOST_START,             /* modules do not load or open: shared->errors has why */
	HOST_DIED,              /* a module killed its worker, see host_tell() */
	HOST_HUNG               /* killed by us, as it did not come back */
};

struct host {
	const struct site *site;        /* borrowed */
	struct guest_shared *shared;
	void *mem;
	size_t size;
	struct counts counts;   /* of the mounts, as in the site */
	int mail[2];            /* the slot's mailbox: where it is written, and read */
	int log;                /* what guests write to standard output and error */
	size_t log_read;        /* of it by host_log() */
	pid_t pid;              /* 0: nobody lives */
	int fd;
	int status;             /* of the one that died of itself */
	unsigned lives;
	int hang_ms;            /* HOST_HANG_MS, unless changed once it is open */
};

/* Makes new memory for a site, in which guests die once as death says.  The clock
 * begins at HOST_BEGIN.  0, or a negative errno with err. */
#define HOST_BEGIN 1000000u
int host_open(struct host *h, const struct site *site, struct death death, struct err *err);
void host_close(struct host *h);

/* Lets the guest work on a datagram (NULL: none) and on what is due at shared->now; if
 * nobody lives, or one dies because it was meant to, the next life begins.  What was
 * said is in shared->tx then, shared->more tells whether to come again at once. */
enum host_verdict host_step(struct host *h, const struct guest_dgram *in);

/* Kills it; host_step() begins the next life. */
void host_kill(struct host *h);

/* "the worker died of SIGSEGV in the hook of /a (module m), event timer 0": why the
 * last verdict was not HOST_OK. */
#define HOST_TOLD 460
const char *host_tell(const struct host *h, enum host_verdict v, char out[HOST_TOLD]);

/* "the hook of /a (module m), event timer 0" */
#define HOST_POINT 300
const char *host_point(const struct host *h, const struct guest_point *p,
		       char out[HOST_POINT]);

/* All that was logged since it was asked last; malloc()ed, NULL when there is no
 * memory. */
char *host_log(struct host *h);

#endif
