/* errand.h - one URI of the user's, brought to its end.
 *
 * It reads the URI, asks for the addresses of its host, tries them in order until
 * one answers, and brings what was asked for: a response with its whole body, the
 * states of an observation, or single messages.  What comes is told by functions of
 * the verb (struct errand_ops), which owns the errand; they are called from the loop,
 * mostly within an event of the engine's (net.h), so they may start and cancel
 * errands, but run no loop.
 *
 *	resolving --> asking, address 1 --refused, no way, silence--> address 2 ...
 *	                  |  --the representation changed on the way--> from the start
 *	                  response, or no address left: over */
#ifndef CLIENT_ERRAND_H
#define CLIENT_ERRAND_H

#include "client/outcome.h"
#include "client/spool.h"
#include "client/target.h"
#include "client/tool.h"

enum errand_kind {
	ERRAND_TRANSFER,        /* a request and its response, both of any size */
	ERRAND_OBSERVATION,
	ERRAND_SINGLE,          /* one message each way: block options are the user's */
	ERRAND_PING,            /* an Empty message; the Reset is an answer of code 0.00 */
	ERRAND_GROUP            /* many answers, until timeout_ms is over */
};

/* A response: the errand's, as it is until the next one or errand_free(). */
struct answer {
	uint8_t type, code;
	struct tag token;
	struct addr peer;
	struct span options;            /* as encoded */
	struct spool *body;             /* the whole body */
	uint64_t value;                 /* OBSERVATION: the Observe value */
	double began, ended;            /* seconds since net_open() */
	unsigned again;                 /* messages that had to be sent again */
};

struct errand;

struct errand_ops {
	/* One has come, whole.  Of TRANSFER, SINGLE and PING it is the only one; if it is an
	 * error, the outcome says so afterwards. */
	void (*answer)(struct errand *e, const struct answer *a);
	/* Bytes of a body have come or are off: have of total, 0 if that is not known. */
	void (*part)(struct errand *e, uint64_t have, uint64_t total);
	/* It is over, e->outcome says how: without an error, an answer came before. */
	void (*over)(struct errand *e);
};

struct errand {
	struct tool *tool;              /* borrowed */
	const struct errand_ops *ops;   /* borrowed */
	void *verb;                     /* of the verb's own */
	const char *text;               /* the URI as typed, borrowed */
	struct outcome outcome;
	uint64_t have, total;           /* of the body under way, as told by part() */
	bool over;
	bool answered;                  /* answer is set */
	const char *output;             /* the file its body is for, or NULL */
	struct addr peer;               /* the one asked last */
	/* Set by the verb after errand_open(), if at all: */
	uint8_t code;                   /* else as the command line says */
	uint32_t wait_ms;               /* for a response, 0: as long as RFC 7252 says */
	struct span extra;              /* options to add, as encoded; borrowed */
	uint32_t ifindex;               /* GROUP: where the request goes out, 0: as routed */
	/* its own: */
	uint8_t kind;
	uint64_t owner;
	struct target target;
	struct resolved *addresses;     /* NULL until they are known */
	unsigned at;                    /* the address in hand */
	unsigned stale;                 /* how often it began again for a change */
	ref_t ref;                      /* of the transfer, observation or exchange */
	bool asking;                    /* ref counts */
	bool wants_room;                /* waits for net's hook ready */
	bool heard;                     /* this address has answered something */
	struct answer answer;
	uint8_t kept[DGRAM_RX_MAX];     /* its options */
	bool leaving;
	struct ev_timer patience;       /* for one address of several */
	struct ev_timer deadline;       /* --timeout */
	double began;
};

/* Makes one: reads the URI, looks at the options, and opens the spool for output (a
 * file of the user's, or NULL).  0; or a negative errno, and the outcome says what is
 * wrong; errand_free() in either case. */
int errand_open(struct errand *e, struct tool *t, enum errand_kind kind, const char *uri,
		const char *output, const struct errand_ops *ops);

/* Starts it.  What comes of it is told from the loop, never from within. */
void errand_start(struct errand *e);

/* Sends the next request of a PING or SINGLE errand that has had its answer. */
void errand_again(struct errand *e);

/* Gives it up without a word: no function of the verb's is called any more.  An
 * observation's server learns of it by the Reset of the next notification. */
void errand_cancel(struct errand *e);

/* OBSERVATION: tells the server; over follows. */
void errand_leave(struct errand *e);

void errand_free(struct errand *e);

/* --- for the tool: what the network tells of it ------------------------------------- */

void errand_response(struct errand *e, const struct response *r);
void errand_xfer(struct errand *e, enum xfer_verdict verdict, const struct xfer_event *x);
void errand_obs(struct errand *e, enum obs_verdict verdict, const struct obs_event *o);

/* There is room for events; false: no more already. */
bool errand_ready(struct errand *e);

#endif
