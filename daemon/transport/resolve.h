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

/* 0, or a negative errno with err; freed by resolver_close(), which drops questions
 * that are open without an answer. */
int resolver_open(struct resolver **out, struct ev_loop *loop, struct err *err);
void resolver_close(struct resolver *r);

struct resolved {
	int status;             /* 0; -ENOENT: no such name; -EAGAIN: no server answers;
				 * -EINVAL: the zone is no interface; -EIO */
	unsigned n;             /* at least 1 if status is 0 */
	struct addr addr[RESOLVE_MAX];
	struct err err;         /* what went wrong, and what to try */
};

typedef void resolve_done(void *arg, const struct resolved *answer);

/* Asks for a host as it stands in a URI: a name, or an address (answered as quickly,
 * but also from the loop).  zone is the interface of a link-local address, NULL or
 * empty for none.  Copies what it needs.  0, or -ENOMEM. */
int resolve_start(struct resolver *r, const char *host, const char *zone, uint16_t port,
		  resolve_done *done, void *arg);

/* Drops the questions of this arg, unanswered. */
void resolve_cancel(struct resolver *r, const void *arg);

#endif
