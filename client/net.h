/* net.h - the client's end of the network: an engine over memory of its own, its
 * sockets, and the loop that brings datagrams and deadlines to it.
 *
 * One per process, owned by the verb that runs.  What comes of requests is told by
 * hooks, each within an event of the engine's: a hook may start or cancel a few
 * requests by itself (at most NET_PER_EVENT), and must not call net functions.
 * Outside of hooks an event is net_begin(), requests, net_end(). */
#ifndef CLIENT_NET_H
#define CLIENT_NET_H

#include "exchange/obs.h"
#include "transport/udp.h"

#include <ev.h>

#define NET_PER_EVENT 4         /* requests that one event may start */

struct net_datagram {
	bool out;               /* sent by us */
	bool lost;              /* dropped on purpose (net_conf.loss) */
	struct addr peer;
	struct span bytes;
	double at;              /* seconds since net_open() */
};

struct net_hooks {
	/* A response to a request whose owner is no stage's (client_send()): bits 48 to
	 * 55 of such an owner are 0. */
	void (*response)(void *arg, const struct response *r);
	/* XFER_NOTHING too: a body is on its way.  Owners of transfers are not 0. */
	void (*xfer)(void *arg, enum xfer_verdict verdict, const struct xfer_event *x);
	void (*obs)(void *arg, enum obs_verdict verdict, const struct obs_event *o);
	/* Each datagram, as it leaves and as it comes; NULL: nobody looks. */
	void (*datagram)(void *arg, const struct net_datagram *d);
	/* Datagrams are about to leave, all that were made since the last time: within no
	 * event.  For who measures time. */
	void (*leaving)(void *arg);
	/* Room for events again after net_begin() was refused; not within an event. */
	void (*ready)(void *arg);
	void *arg;
};

struct net_conf {
	struct params params;           /* RFC 7252 4.8 */
	unsigned sockets;               /* endpoints of ours: 1, bench many */
	uint32_t requests;              /* at a time, of each kind: 0 means 1 */
	uint32_t xfers, observations;
	uint32_t per_endpoint;          /* requests to one peer at a time, queued ones
					 * included */
	unsigned loss_permille;         /* datagrams dropped on purpose, either way */
	bool segments;                  /* UDP_SEGMENT for runs of equal datagrams */
	const struct xfer_source *source;
	/* For who has many sockets: */
	unsigned spare;                 /* how many more net_renew() may use up */
	const struct addr *from;        /* addresses of ours that the ends take in turn */
	unsigned nfrom;                 /* 0: any */
	const struct addr *peer;        /* all ends talk to this one alone; NULL: to anybody */
	unsigned at_once;               /* datagrams that an end may have to read at a time,
					 * 0: BATCH_RX */
	bool reuse_mids;                /* as in engine_conf */
	bool short_requests;            /* none is longer than EXCHANGE_INSIDE bytes: takes
					 * no memory for longer ones */
};

struct net;

/* 0, or a negative errno with err.  The loop and what conf points to are borrowed. */
int net_open(struct net **out, struct ev_loop *loop, const struct net_conf *conf,
	     const struct net_hooks *hooks, struct err *err);
void net_close(struct net *n);

/* The engine, for requests within an event. */
struct engine *net_engine(struct net *n);

/* Our end number i, below net_conf.sockets, for client_request.from: good until it is
 * renewed.  A request to a group may have an ifindex in it. */
struct local net_local(const struct net *n, unsigned i);

/* Gives end i another socket, port and number, with message IDs of its own (RFC 7252
 * 4.4): between events, when nothing of it is under way.  0, or a negative errno with
 * err; -EAGAIN: all there are were used lately. */
int net_renew(struct net *n, unsigned i, struct err *err);

/* How many hops requests to groups may make, of all ends.  0, or a negative errno. */
int net_set_hops(struct net *n, unsigned hops, struct err *err);

/* Begins an event; false while the socket is full: wait for hooks.ready.  net_end()
 * commits it and sends. */
bool net_begin(struct net *n);
void net_end(struct net *n);

/* Ends the event and begins another; what they send leaves together.  False: as
 * net_begin(), and no event is under way. */
bool net_next(struct net *n);

/* What is counted (base/counter.h), since net_open(). */
uint64_t net_counter(const struct net *n, enum counter c);

/* Seconds since net_open(), of the event under way; CLOCK_MONOTONIC then, in ns. */
double net_now(const struct net *n);
uint64_t net_ns(const struct net *n);

#endif
