/* worker_site.h - for tests of daemon/worker: a site, memory and sockets of its
 * slots as the supervisor would make them, and a peer that speaks CoAP. */
#ifndef UNIT_WORKER_SITE_H
#define UNIT_WORKER_SITE_H

#include "transport/udp.h"
#include "worker/slot.h"
#include "worker/worker.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct worker_site {
	struct site *site;
	struct worker_slot slot;
	int listener;
	struct addr at;                 /* of the listener, on the loopback */
	void *mem;                      /* as the supervisor maps it */
};

/* Small limits, one slot, then whatever the test adds. */
#define WORKER_SITE_YAML \
	"workers: 1\n" \
	"slots: 1\n" \
	"limits: {endpoints: 64, dedup: 64, exchanges: 64, waiting: 16, messages: 16}\n"

static inline void worker_site_open(struct worker_site *w, const char *yaml)
{
	struct config_errors *errors = malloc(sizeof *errors);
	struct addr any = { .port = 0 };
	struct windows_def windows;
	struct err err;

	w->site = site_load_text("test.yaml", yaml, strlen(yaml), errors);
	cr_assert(w->site, "%s", errors->text[0]);
	free(errors);
	cr_assert(udp_open(&any, 1, &w->listener, &w->at, &err) == 0, "%s", err.text);
	w->at.ip[15] = 1;
	w->slot = (struct worker_slot){ .slot = 0, .socks = &w->listener };
	cr_assert(udp_open_client(&w->slot.client_sock, &err) == 0, "%s", err.text);
	w->slot.memfd = memfd_create("slot", MFD_CLOEXEC);
	windows = slot_windows(w->site);
	cr_assert(ftruncate(w->slot.memfd,
			    (off_t)(slot_size(w->site) + windows_size(&windows))) == 0);
	w->mem = mmap(NULL, slot_size(w->site), PROT_READ, MAP_SHARED, w->slot.memfd, 0);
	cr_assert(w->mem != MAP_FAILED);
}

static inline void worker_site_close(struct worker_site *w)
{
	munmap(w->mem, slot_size(w->site));
	close(w->slot.memfd);
	close(w->slot.client_sock);
	close(w->listener);
	site_free(w->site);
}

static inline int worker_site_peer(const struct worker_site *w)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 to = addr_to_sin6(&w->at);

	cr_assert(connect(fd, (void *)&to, sizeof to) == 0);
	return fd;
}

/* A message with a token of one byte and the segments of a path. */
static inline size_t coap_put(uint8_t *p, uint8_t type, uint8_t code, uint16_t mid,
			      const char *path)
{
	size_t n = 5, last = 0;

	p[0] = (uint8_t)(0x41 | type << 4);
	p[1] = code;
	p[2] = (uint8_t)(mid >> 8);
	p[3] = (uint8_t)mid;
	p[4] = (uint8_t)mid;
	while (path && *path) {
		size_t len = strcspn(path, "/");

		cr_assert(len > 0 && len < 13);
		p[n++] = (uint8_t)((last ? 0 : 11) << 4 | len);
		memcpy(p + n, path, len);
		n += len;
		last = 11;
		path += len + (path[len] == '/');
	}
	return n;
}

static inline void coap_ask(int fd, uint8_t type, uint8_t code, uint16_t mid, const char *path)
{
	uint8_t p[128];
	size_t n = coap_put(p, type, code, mid, path);

	cr_assert(send(fd, p, n, 0) == (ssize_t)n);
}

/* Type and code of the answer to a message ID: 0x245 is an ACK with 2.05; -1 when
 * none came within a while. */
static inline int coap_told(int fd, uint16_t mid)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t b[2048];

	for (unsigned i = 0; i < 8 && poll(&p, 1, 5000) == 1; i++) {
		ssize_t n = recv(fd, b, sizeof b, 0);

		if (n >= 4 && (b[2] << 8 | b[3]) == mid)
			return (b[0] & 0x30) << 4 | b[1];
	}
	return -1;
}

#endif
