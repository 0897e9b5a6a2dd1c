/* outcome.h - how something ended, in one line: what happened, and what to try. */
#ifndef CLIENT_OUTCOME_H
#define CLIENT_OUTCOME_H

#include "base/addr.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Exit statuses, as coap(1) has them.  Of several errands the worst counts. */
enum outcome_exit {
	OUTCOME_OK = 0,
	OUTCOME_FAILED = 1,     /* an error response, the network, a file */
	OUTCOME_USAGE = 2,      /* the command line */
	OUTCOME_INTERRUPTED = 3
};

struct outcome {
	int exit;               /* enum outcome_exit */
	struct err err;         /* unless OUTCOME_OK: the line, without the program's name */
	const char *wrong;      /* a URI of the command line that is none, borrowed; or NULL */
	size_t wrong_at;        /* the byte that is wrong */
};

/* The worse of two exit statuses: an interrupt counts most, then usage. */
int outcome_worse(int a, int b);

/* No response: status is what the exchange layer or the system said, negative errno;
 * waited is how many seconds passed. */
void outcome_network(struct outcome *o, const char *uri, const struct addr *peer, int status,
		     double waited);

/* An error response; diagnostic is its payload as far as it may be shown, or NULL. */
void outcome_response(struct outcome *o, const char *uri, uint8_t code, const char *diagnostic);

/* Something else that was told as err: -EINVAL is a matter of the command line. */
void outcome_error(struct outcome *o, const char *about, int code, const struct err *err);

#endif
