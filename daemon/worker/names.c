#include "worker/names.h"

#include <errno.h>
#include <unistd.h>

int names_open(struct names *n, struct ev_loop *loop, const char *servers, names_done *done,
	       struct err *err)
{
	struct resolver_conf conf = { .servers = servers[0] ? servers : NULL };

	memset(n, 0, sizeof *n);
	n->done = done;
	return resolver_open(&n->resolver, loop, &conf, err);
}

void names_close(struct names *n)
{
	if (n->resolver)
		resolver_close(n->resolver);
	n->resolver = NULL;
}

static void tell(struct names_question *q)
{
	if (!q->names->done(q->arg, q->fetch, q->addr, q->n))
		return;
	q->arg = NULL;
	q->names->untold--;
}

static void on_answer(void *arg, const struct resolved *answer)
{
	struct names_question *q = arg;

	q->answered = true;
	q->names->untold++;
	q->n = answer->status ? 0 : answer->n;
	memcpy(q->addr, answer->addr, q->n * sizeof *q->addr);
	tell(q);
}

int names_ask(struct names *n, void *arg, ref_t fetch, const char *host, const char *zone,
	      uint16_t port)
{
	struct names_question *q = n->question;
	int err;

	while (q < n->question + NAMES_MAX && q->arg)
		q++;
	if (q == n->question + NAMES_MAX)
		return -EAGAIN;
	q->names = n;
	q->arg = arg;
	q->fetch = fetch;
	q->answered = false;
	err = resolve_start(n->resolver, host, zone, port, on_answer, q);
	if (err)
		q->arg = NULL;
	return err;
}

void names_again(struct names *n, const void *arg)
{
	for (unsigned i = 0; n->untold && i < NAMES_MAX; i++)
		if (n->question[i].arg == arg && n->question[i].answered)
			tell(&n->question[i]);
}

void names_drop(struct names *n, const void *arg)
{
	for (unsigned i = 0; i < NAMES_MAX; i++) {
		struct names_question *q = &n->question[i];

		if (q->arg != arg)
			continue;
		resolve_cancel(n->resolver, q);
		n->untold -= q->answered;
		q->arg = NULL;
	}
}

int names_way(const struct addr *to)
{
	struct sockaddr_in6 sin6 = addr_to_sin6(to);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0, off = 0;

	if (fd < 0)
		return 0;
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (connect(fd, (struct sockaddr *)&sin6, sizeof sin6) < 0)
		err = -errno;
	close(fd);
	return err;
}
