/* udp.h - CoAP over UDP: sockets in groups, batches in slot memory.
 *
 * The supervisor opens a group of sockets per listener (one per slot, SO_REUSEPORT)
 * and one client socket per slot, and owns them for its whole life; a worker reads
 * and writes those of its slots.  All sockets are AF_INET6, IPv4 is v4-mapped.
 * Datagrams travel through the batch (base/batch.h) in slot memory, so that a
 * death inside a system call loses none. */
#ifndef TRANSPORT_UDP_H
#define TRANSPORT_UDP_H

#include "base/batch.h"
#include "base/err.h"

/* Opens count sockets of one group at an address; port 0 lets the kernel pick one
 * for all.  They are non-blocking and close-on-exec.  bound (may be NULL) gets the
 * address with its port.  0, or a negative errno, err then says why and nothing is
 * left open; -EADDRINUSE also when another process of the same user holds the port
 * in a group that the kernel would let us join. */
int udp_open(const struct addr *at, unsigned count, int *fds, struct addr *bound,
	     struct err *err);

/* The address of a socket that somebody else has opened and bound, if udp_adopt() can take
 * it: 0.  A negative errno: err says what is wrong with it, without its name. */
int udp_bound(int fd, struct addr *bound, struct err *err);

/* Makes count such sockets of one address what udp_open() would have made them.  0, or a
 * negative errno with err; none is closed. */
int udp_adopt(const int *fds, unsigned count, struct err *err);

/* Opens a slot's client socket: any address, a port of its own, in no group, so
 * that responses come back to it.  0, or a negative errno. */
int udp_open_client(int *fd, struct err *err);

/* Bytes that the kernel keeps for a socket until they are received, its own costs included; 0 if
 * it does not say. */
unsigned udp_receive_buffer(int fd);

/* --- worker: the datagrams of one slot ------------------------------------------ */

/* The sockets of a slot; its number in this table is local.sock, so there are at
 * most UINT16_MAX. */
struct udp_socks {
	int *fd;                /* borrowed; -1: none has that number any more */
	unsigned n;
	const struct addr *peer;        /* borrowed; each is connected to it, and leaves from
					 * where it is bound: no address is given or asked,
					 * which spares the kernel much; NULL: they are not */
	unsigned most;          /* datagrams received at once; 0: BATCH_RX */
	bool segments;          /* runs of equal datagrams go as one (segment.h) */
};

/* To be called once in every process, right after the space is open: points the
 * batch's headers at this process' mapping and touches the buffers.  What a dead
 * worker left in the batch stays, unless the space is new. */
void udp_wire(struct space *s, enum space_state state);

/* After the adoption, with the number of datagrams that it found in the batch:
 * derives their rx.to and rx.len again, and readies the rest for receiving. */
void udp_adopted(struct space *s, unsigned n);

/* Takes what socket number sock has, at most socks->most datagrams, into the batch:
 * those in it must be done with, and there must be room for what they make be sent
 * beside what still is to be.  Returns how many; 0 when there are none, -errno
 * when the socket has an error pending: look at the error queue (icmp.h). */
int udp_receive(struct space *s, const struct udp_socks *socks, unsigned sock);

/* Takes address and interface of ours from a control message; false: it is about
 * something else. */
bool udp_pktinfo(const struct cmsghdr *c, struct local *to);

/* Between the commit that made it and udp_flush(): datagram i is to be lost on the
 * way, for tests.  Nothing is sent, and a successor sends nothing either. */
void udp_lose(struct space *s, unsigned i);

enum udp_flush {
	UDP_SENT,               /* everything is off or given up: engine_flushed() */
	UDP_BLOCKED             /* the socket in blocked is full: wait until it can be written */
};

/* Sends the tx_n committed datagrams of the batch, going on where it, or a worker
 * before, stopped. */
enum udp_flush udp_flush(struct space *s, const struct udp_socks *socks, unsigned *blocked);

#endif
