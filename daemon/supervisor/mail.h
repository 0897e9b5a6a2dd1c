/* mail.h - the mailboxes of all slots: a pair of datagram sockets each, held by the
 * supervisor for its whole life and used by workers (worker/mailbox.h). */
#ifndef SUPERVISOR_MAIL_H
#define SUPERVISOR_MAIL_H

#include "base/err.h"

struct mail {
	unsigned n;
	int *in, *out;          /* owned; where each is written, and read */
};

/* Opens n.  0, or a negative errno with err; nothing is left open then. */
int mail_open(struct mail *m, unsigned n, struct err *err);

/* The same with n that are there already, ours from now on whatever comes of it. */
int mail_take_over(struct mail *m, unsigned n, const int *in, const int *out, struct err *err);

/* Closes them; an empty one (zeroed) is fine. */
void mail_close(struct mail *m);

#endif
