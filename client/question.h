/* question.h - the request of an errand, to the address it has in hand. */
#ifndef CLIENT_QUESTION_H
#define CLIENT_QUESTION_H

#include "client/errand.h"

/* Sends it, within an event (net.h), and sets ref.  0, or a negative errno as of
 * xfer_start() and client_send(). */
int question_send(struct errand *e);

/* Whether it was acknowledged, and the answer is yet to come (RFC 7252 section 5.2.2). */
bool question_is_heard(const struct errand *e);

/* Whether all of it is off, and acknowledged unless it is a NON one: the server may say
 * nothing more if no answer is wanted (RFC 7967). */
bool question_is_taken(const struct errand *e);

/* Whether the command line makes a request at all.  0, or a negative errno with err. */
int question_try(const struct errand *e, struct err *err);

/* Whether the system knows a way to an address: 0, or a negative errno at once, where
 * a datagram would vanish without a word. */
int question_way(const struct addr *a);

#endif
