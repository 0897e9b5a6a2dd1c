#include "supervisor/mail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the kernel lets wait in a mailbox: 100 messages and more, each with its cost. */
#define MAIL_BYTES (64 << 10)

static int open_one(struct mail *m)
{
	int pair[2], bytes = MAIL_BYTES;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	m->in[m->n] = pair[0];
	m->out[m->n++] = pair[1];
	return setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) < 0 ? -errno : 0;
}

int mail_open(struct mail *m, unsigned n, struct err *err)
{
	int rc;

	*m = (struct mail){ .in = calloc(n, sizeof *m->in), .out = calloc(n, sizeof *m->out) };
	rc = m->in && m->out ? 0 : -ENOMEM;
	while (rc == 0 && m->n < n)
		rc = open_one(m);
	if (rc == 0)
		return 0;
	mail_close(m);
	return err_set(err, rc, "cannot make the mailboxes of slots: %s", strerror(-rc));
}

int mail_take_over(struct mail *m, unsigned n, const int *in, const int *out, struct err *err)
{
	*m = (struct mail){ .in = calloc(n, sizeof *m->in), .out = calloc(n, sizeof *m->out) };
	for (unsigned i = 0; i < n; i++) {
		if (m->in && m->out) {
			m->in[m->n] = in[i];
			m->out[m->n++] = out[i];
			continue;
		}
		close(in[i]);
		close(out[i]);
	}
	if (m->in && m->out)
		return 0;
	mail_close(m);
	return err_set(err, -ENOMEM, "no memory for the mailboxes of slots");
}

void mail_close(struct mail *m)
{
	while (m->n) {
		close(m->in[--m->n]);
		close(m->out[m->n]);
	}
	free(m->in);
	free(m->out);
	*m = (struct mail){ 0 };
}
