/* bench_plan.h - what a benchmark is to do: what is sent to whom, by how many, how
 * fast, for how long.
 *
 * A plain value, made once of the command line; each process gets its share. */
#ifndef CLIENT_BENCH_PLAN_H
#define CLIENT_BENCH_PLAN_H

#include "base/addr.h"
#include "base/err.h"
#include "client/arguments.h"
#include "coap/params.h"

#define BENCH_BODY 1400u        /* bytes of options and payload */
#define BENCH_SOURCES 256u      /* addresses of ours */
#define BENCH_PROCESSES 64u
#define BENCH_ENDPOINTS 50000u  /* of one process: sockets have 16 bits of a number */
#define BENCH_WINDOW 4096u

struct bench_message {
	uint8_t code;
	size_t n;
	uint8_t body[BENCH_BODY];       /* options and payload as encoded */
};

struct bench_plan {
	struct addr to;
	bool non;
	struct bench_message request;
	uint32_t wait_ms;       /* for a response, once acknowledged or sent non-confirmable */
	uint8_t expect;         /* response code; 0: any of success */
	uint32_t endpoints;     /* sockets */
	uint32_t window;        /* requests that one may have under way */
	double rate;            /* requests a second; 0: the next when one is answered */
	uint64_t count;         /* requests in all; 0: as many as there is time for */
	uint64_t warmup_ns, duration_ns;
	bool observe;           /* the request registers observers */
	struct addr trigger_to;
	struct bench_message trigger;   /* what gives the resource another state, the text
					 * of which is added; code 0: nothing does */
	uint64_t patience_ns;   /* until a round is given up, and what is under way when all
				 * is over */
	struct addr from[BENCH_SOURCES];
	unsigned nfrom;         /* 0: any */
	unsigned processes;
	int cpu;                /* the first process is pinned to this one, the others to
				 * those behind; -1: none is */
	bool busy;              /* they never sleep */
	bool segments;          /* UDP_SEGMENT */
	bool reuse_mids;        /* message IDs come again without regard to their lifetime */
	unsigned loss_permille;
	struct params params;
};

/* What the command line says, and what is usual where it says nothing; addresses and
 * messages are left to be filled.  0, or -EINVAL with err. */
int bench_plan_read(struct bench_plan *p, const struct arguments *a, struct err *err);

/* Whether the numbers fit together.  0, or -EINVAL with err. */
int bench_plan_check(const struct bench_plan *p, struct err *err);

/* Addresses of ours, for more endpoints than one has ports: to a peer on the loopback
 * of IPv4 all of 127.0.0.0/8 will do.  Changes nothing where some are given. */
void bench_plan_spread(struct bench_plan *p);

/* The share of process k: all of them together are p. */
struct bench_plan bench_plan_share(const struct bench_plan *p, unsigned k);

#endif
