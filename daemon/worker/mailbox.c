#include "worker/mailbox.h"

#include <errno.h>
#include <sys/socket.h>

#define HEAD offsetof(struct letter, data)

static int send_letter(void *arg, unsigned slot, const struct letter *l)
{
	const struct worker_boot *b = ((const struct mailbox *)arg)->boot;
	ssize_t n;

	if (!b->mail || slot >= b->nmemfds)
		return -ENOENT;
	do
		n = send(b->mail[slot], l, HEAD + l->n, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -EAGAIN : 0;
}

static int own(const struct worker_boot *b, unsigned slot)
{
	for (unsigned i = 0; i < b->nslots; i++)
		if (b->slots[i].slot == slot && b->slots[i].mail > 0)
			return b->slots[i].mail;
	return -1;
}

static void take(void *arg, unsigned slot)
{
	int fd = own(((const struct mailbox *)arg)->boot, slot);
	char byte;

	while (fd >= 0 && recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EINTR)
		;
}

/* What is no message is not there. */
static bool peek(void *arg, unsigned slot, struct letter *l)
{
	int fd = own(((const struct mailbox *)arg)->boot, slot);
	ssize_t n;

	while (fd >= 0) {
		n = recv(fd, l, sizeof *l, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && errno != EINTR)
			return false;
		if (n >= (ssize_t)HEAD && l->n <= sizeof l->data && (size_t)n == HEAD + l->n)
			return true;
		if (n >= 0)
			take(arg, slot);
	}
	return false;
}

void mailbox_init(struct mailbox *m, const struct worker_boot *boot)
{
	*m = (struct mailbox){ .boot = boot, .post = { send_letter, peek, take, m } };
}
