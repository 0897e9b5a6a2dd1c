/* bench_tally.h - what is counted while a server is under load.
 *
 * A plain value without pointers: each process of a benchmark has one in memory that
 * it shares with the one that reports, which adds them up.
 *
 * Every request of a load is in one place: carried + started = answered + drained + lost +
 * reset + refused + rejected + unanswered. */
#ifndef CLIENT_BENCH_TALLY_H
#define CLIENT_BENCH_TALLY_H

#include "client/histogram.h"

#include <stdbool.h>

/* Field, what it is called in a report, and meaning. */
#define BENCH_TALLIES(X) \
	X(carried, "under way when measuring began") \
	X(started, "requests that were begun while measuring") \
	X(answered, "responses that came while measuring") \
	X(drained, "responses that came after its end") \
	X(lost, "requests that nobody acknowledged or answered in time") \
	X(reset, "requests that the server rejected by a Reset") \
	X(refused, "requests that ended by an ICMP error") \
	X(rejected, "responses that we could not accept, with a critical option") \
	X(unanswered, "requests without an answer when it was over") \
	X(wrong, "responses with another code than expected") \
	X(bytes, "bytes of payload in responses") \
	X(registered, "observers that the server took") \
	X(declined, "observers that it did not take, or dropped") \
	X(notifications, "states that came to observers while measuring") \
	X(stale, "states other than the one triggered") \
	X(rounds, "states that were triggered") \
	X(incomplete, "rounds that did not reach every observer in time") \
	X(retransmitted, "confirmable messages sent again") \
	X(unmatched, "messages that belonged to no request: duplicates, wrong tokens") \
	X(malformed, "datagrams that are no CoAP") \
	X(failed, "datagrams that the kernel would not send") \
	X(late, "times that no endpoint was free when a request was due") \
	X(moved, "endpoints that moved to another port, their message IDs used up") \
	X(stalled, "times that an endpoint had to wait for a port that was not used lately")

struct bench_tally {
#define X(field, text) uint64_t field;
	BENCH_TALLIES(X)
#undef X
	uint64_t code[256];
	uint64_t wall_ns;               /* how long was measured */
	uint64_t cpu_ns;                /* of the generator, meanwhile */
	struct histogram latency;       /* of requests; of observers, since the trigger */
	struct histogram round;         /* from a trigger to the last observer */
};

/* Adds what other counted at the same time. */
void bench_tally_merge(struct bench_tally *t, const struct bench_tally *other);

/* Whether nothing went wrong: all answered, as expected. */
bool bench_tally_clean(const struct bench_tally *t);

/* The counts by number, in order, for reports; false at the end. */
struct bench_count {
	const char *name, *text;
	uint64_t n;
};
bool bench_tally_count(const struct bench_tally *t, unsigned i, struct bench_count *out);

#endif
