/* udp_slot.h - for tests: the memory of a slot that has a batch and nothing else,
 * and peers on the loopback interface. */
#ifndef UNIT_UDP_SLOT_H
#define UNIT_UDP_SLOT_H

#include "transport/udp.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

struct udp_slot {
	struct space_def def;
	struct space space;
	struct batch *batch;
	void *mem;
	int fd[16];
	struct udp_socks socks;
};

static inline void udp_slot_open(struct udp_slot *u)
{
	static const struct hash_key key = { { 1, 2 } };

	*u = (struct udp_slot){ .def = { .extra = sizeof(struct batch) } };
	u->mem = mmap(NULL, space_size(&u->def), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert(u->mem != MAP_FAILED);
	udp_wire(&u->space, space_open(&u->space, u->mem, &u->def, 0, &key));
	u->batch = batch_of(&u->space);
	u->socks.fd = u->fd;
	udp_adopted(&u->space, 0);
}

static inline struct addr loopback(const char *text, uint16_t port)
{
	struct addr a = { .port = port };

	cr_assert(inet_pton(AF_INET6, text, a.ip) == 1);
	return a;
}

/* Adds a socket to the slot, alone in its group; returns its address. */
static inline struct addr udp_slot_listen(struct udp_slot *u, const char *text)
{
	struct addr at = loopback(text, 0), bound;
	struct err err;

	cr_assert(udp_open(&at, 1, &u->socks.fd[u->socks.n], &bound, &err) == 0, "%s", err.text);
	u->socks.n++;
	return bound;
}

/* A peer's socket, bound to an address with any port and connected to ours. */
static inline int peer(const char *text, const struct addr *to, struct addr *self)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct addr any = loopback(text, 0);
	struct sockaddr_in6 sin6 = addr_to_sin6(&any);
	socklen_t len = sizeof sin6;

	cr_assert(bind(fd, (void *)&sin6, sizeof sin6) == 0);
	cr_assert(getsockname(fd, (void *)&sin6, &len) == 0);
	if (self)
		*self = addr_from_sin6(&sin6);
	if (to) {
		sin6 = addr_to_sin6(to);
		cr_assert(connect(fd, (void *)&sin6, sizeof sin6) == 0);
	}
	return fd;
}

/* Loopback delivers within the system call; a second is for a busy machine. */
static inline bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 1000) == 1;
}

/* Appends a datagram as the engine would. */
static inline void udp_slot_put(struct udp_slot *u, const struct addr *to,
				const struct local *from, const void *data, size_t n)
{
	unsigned i = space_tx_n(&u->space);
	struct tx_dgram *t = &u->batch->tx[i];

	t->to = *to;
	t->from = *from;
	t->len = (uint32_t)n;
	memcpy(t->data, data, n);
	u->batch->tx_hdr[i].msg_len = BATCH_UNTOUCHED;
	space_commit(&u->space, space_rx_next(&u->space), i + 1, 0);
}

/* What the engine does once it has worked on all, and when all is sent. */
static inline void udp_slot_done(struct udp_slot *u)
{
	space_commit(&u->space, u->batch->rx_n, space_tx_n(&u->space), 0);
}

static inline void udp_slot_sent(struct udp_slot *u)
{
	space_commit(&u->space, space_rx_next(&u->space), 0, 0);
}


static inline uint64_t slot_count(const struct udp_slot *u, unsigned counter)
{
	return u->space.ctl->counter[counter];
}

#endif
