/* mailbox.h - the mailboxes of all slots, as a worker has them: it writes to each, and
 * reads its own.
 *
 * A mailbox is a pair of datagram sockets that the supervisor holds, so what is in it
 * outlives the workers at both ends.  A message stays in it until its event is committed.
 * Private memory of a worker; the descriptors are borrowed. */
#ifndef WORKER_MAILBOX_H
#define WORKER_MAILBOX_H

#include "resource/post.h"
#include "worker/worker.h"

struct mailbox {
	const struct worker_boot *boot;
	struct post post;
};

/* For a worker that is given this; must not move afterwards. */
void mailbox_init(struct mailbox *m, const struct worker_boot *boot);

#endif
