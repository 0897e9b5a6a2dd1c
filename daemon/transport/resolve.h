/* resolve.h - from names to addresses, without blocking (c-ares on the libev loop).
 *
 * Addresses come in the order to try them in: sorted by RFC 6724, families taking
 * turns as in RFC 8305 section 4.  Whoever sends requests owns one resolver per
 * process; answers come from the loop, never from within resolve_start(). */
#ifndef TRANSPORT_RESOLVE_H
#define TRANSPORT_RESOLVE_H

#include "base/addr.h"
#include "base/err.h"

#include <ev.h>

#define RESOLVE_MAX 16          /* addresses of one name that are tried */

struct resolver;

/* Zero is the system's way: /etc/resolv.conf, /etc/nsswitch.conf, /etc/hosts (or what
 * CARES_HOSTS in the environment names). */
struct resolver_conf {
	const char *servers;    /* "192.0.2.53,[2001:db8::53]:5353", instead of the system's */
	unsigned try_ms;        /* what a server's first try has, later ones longer; 0: 2000 */
	unsigned tries;         /* of each server; 0: 3 */
};

/* conf, which may be NULL, is only read.  0, or a negative errno with err; freed by
 * resolver_close(), which drops questions that are open without an answer, and may be
 * called from within a resolve_done. */
int resolver_open(struct resolver **out, struct ev_loop *loop, const struct resolver_conf *conf,
		  struct err *err);
void resolver_close(struct resolver *r);

struct resolved {
	int status;             /* 0; -ENOENT: no such name, or no address of it;
				 * -EAGAIN: no server answers, or only to say that it
				 * cannot; -EINVAL: not a name or address, its zone no
				 * interface, or missing; -EIO */
	unsigned n;             /* at least 1 if status is 0 */
	struct addr addr[RESOLVE_MAX];
	struct err err;         /* what went wrong, and what to try */
};

/* Borrows the answer for as long as it runs. */
typedef void resolve_done(void *arg, const struct resolved *answer);

/* Asks for a host as it stands in a URI, without brackets: a name, or an address (answered
 * as quickly, but also from the loop).  zone is the interface of a link-local address, NULL
 * or empty for none.  Letters beyond ASCII are asked for as they are.  Copies what it needs.
 * 0, or -ENOMEM. */
int resolve_start(struct resolver *r, const char *host, const char *zone, uint16_t port,
		  resolve_done *done, void *arg);

/* Drops the questions of this arg, unanswered. */
void resolve_cancel(struct resolver *r, const void *arg);

/* Makes families take turns (RFC 8305 section 4, with one address of the first's family in
 * front); each keeps its order. */
void resolve_take_turns(struct addr *list, unsigned n);

#endif
