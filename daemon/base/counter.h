/* counter.h - what is counted, one row each: name as operators see it, meaning.
 *
 * A counter is a 64-bit word per slot in slot memory (struct space_ctl); it only
 * rises, except across a wiped slot it is never lost.  Every process reads them. */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include "base/kind.h"

#define COUNTERS(X) \
	X(RX, "rx", "datagrams received") \
	X(RX_DROPPED, "rx-dropped", "datagrams the kernel dropped, the receive buffer being full") \
	X(RX_TRUNCATED, "rx-truncated", "datagrams longer than the receive buffer, 4.13") \
	X(RX_IGNORED, "rx-ignored", "too short or of another version, silently ignored") \
	X(RX_MALFORMED, "rx-malformed", "message format errors") \
	X(LONG_TOKEN, "long-token", "requests with a token longer than is kept, reset") \
	X(RX_POISON, "rx-poison", "datagrams skipped because they killed workers") \
	X(RX_REPLAYED, "rx-replayed", "datagrams worked on again after a death") \
	X(TX, "tx", "datagrams sent") \
	X(TX_FAILED, "tx-failed", "datagrams the kernel refused") \
	X(TX_AGAIN, "tx-retried", "sends repeated after a pending error of another peer") \
	X(ICMP, "icmp", "ICMP errors read") \
	X(REQUESTS, "requests", "requests handed to a resource") \
	X(DUPLICATES, "duplicates", "duplicate requests answered from memory or ignored") \
	X(DUPLICATE_LOST, "duplicate-lost", "duplicates whose answer was gone, 5.03") \
	X(AMBIGUOUS, "ambiguous", "requests with a message ID far behind, 4.01 with Echo") \
	X(ECHO_ASKED, "echo-asked", "requests of unproved addresses whose answers were too long for them, 4.01 with Echo") \
	X(VERIFIED, "verified", "addresses that proved to be their senders' own") \
	X(BAD_OPTION, "bad-option", "requests with options we must refuse, 4.02") \
	X(RESETS_SENT, "resets-sent", "Reset messages sent") \
	X(RESETS, "resets", "Reset messages that matched") \
	X(PINGS, "pings", "empty confirmable messages") \
	X(UNMATCHED, "unmatched", "acknowledgements, resets and responses that matched nothing") \
	X(RETRANSMITS, "retransmits", "retransmissions of our confirmable messages") \
	X(TIMEOUTS, "timeouts", "confirmable messages nobody acknowledged") \
	X(SEPARATE, "separate", "separate responses") \
	X(WITHDRAWN, "withdrawn", "waiting requests ended because their peer wants no answer any more") \
	X(SUPPRESSED, "suppressed", "responses not sent because of No-Response") \
	X(MID_REUSED, "mid-reused", "non-confirmable responses with a message ID used lately") \
	X(FULL_ENDPOINTS, "full-endpoints", "refused because the endpoint limit was reached") \
	X(FULL_DEDUP, "full-dedup", "refused because the deduplication limit was reached") \
	X(FULL_EXCHANGES, "full-exchanges", "refused because the exchange limit was reached") \
	X(FULL_WAITING, "full-waiting", "refused because the waiting limit was reached") \
	X(FULL_TASKS, "full-tasks", "background tasks refused because their limit was reached") \
	X(FULL_JOBS, "full-jobs", "jobs refused because their queue was full") \
	X(FULL_WAKES, "full-wakes", "wake-ups refused because the mailbox of their slot was full") \
	X(FULL_MESSAGES, "full-messages", "refused because the stored message limit was reached") \
	X(FULL_XFERS, "full-xfers", "refused because the limit of block-wise requests of ours was reached") \
	X(FULL_OBSERVATIONS, "full-observations", "refused because the limit of observations of ours was reached") \
	X(FULL_FETCHES, "full-fetches", "refused because the limit of requests by modules was reached") \
	X(FULL_BODIES, "full-bodies", "refused because no more bodies, or bytes of them, may be kept") \
	X(FULL_ASSEMBLIES, "full-assemblies", "refused because the limit of bodies that come in blocks was reached") \
	X(TOO_LARGE, "too-large", "bodies refused as too large, 4.13") \
	X(ASSEMBLY_LOST, "assembly-lost", "bodies of which no further block came in time") \
	X(EVICTED_EARLY, "evicted-early", "answers forgotten before their lifetime ended") \
	X(CLIENT_SENT, "client-sent", "requests sent as a client") \
	X(CLIENT_DONE, "client-done", "responses taken as a client") \
	X(OBSERVERS, "observers", "clients entered as observers") \
	X(OBSERVERS_AGAIN, "observers-again", "entries of observers replaced by another registration") \
	X(OBSERVERS_LEFT, "observers-left", "observers that said they leave") \
	X(OBSERVERS_RESET, "observers-reset", "observers that rejected a notification") \
	X(OBSERVERS_TIMEOUT, "observers-timeout", "observers that did not acknowledge a notification") \
	X(OBSERVERS_UNREACHABLE, "observers-unreachable", "observers whose network said they are gone") \
	X(OBSERVERS_ENDED, "observers-ended", "observers told an error, which ends it") \
	X(OBSERVERS_KICKED, "observers-kicked", "observers ended by an operator") \
	X(NOTIFICATIONS, "notifications", "notifications made") \
	X(NOTIFICATIONS_HELD, "notifications-held", "times that an observer was put off for what its client was told before") \
	X(NOTIFICATIONS_REPLACED, "notifications-replaced", "notifications whose place a newer one took") \
	X(NOTIFICATIONS_PACED, "notifications-paced", "times that notifications waited for others to be acknowledged") \
	X(RENDERS, "renders", "representations made for observers") \
	X(FULL_OBSERVERS, "full-observers", "refused because the limit of observers was reached") \
	X(OBSERVERS_LONG, "observers-long", "requests to observe too long to be kept, answered and no more") \
	X(FULL_REPRESENTATIONS, "full-representations", "refused because the limit of observed representations was reached") \
	X(ADOPTED, "adopted", "adoptions of the slot by another worker: after a death, a reload or an upgrade") \
	X(ADOPT_UNDONE, "adopt-undone", "words rolled back by adoptions") \
	X(ADOPT_DROPPED, "adopt-dropped", "objects dropped by adoptions: implausible, or of a listener that is gone") \
	X(ADOPT_WIPED, "adopt-wiped", "slots wiped because adopting them kept failing") \
	X(IMPORTED, "imported", "memories of slots that were taken over into another layout") \
	X(IMPORT_DROPPED, "import-dropped", "objects that other layout has no room for") \
	X(IMPORT_REFUSED, "import-refused", "slots begun anew because what was to be taken over was damaged") \
	X(EXEC_LOST, "exec-lost", "requests answered 5.00 because their worker died in them") \
	X(CLOSED, "closed", "requests answered 5.00 because their resource is closed for crashes") \
	X(OPEN_LOST, "open-lost", "workers that died while a module opened or closed") \
	X(SHED, "shed", "requests refused while draining") \
	X(JOB_LOST, "job-lost", "jobs that died with their worker") \
	X(WAKE_STALE, "wake-stale", "wake-ups for tasks that were gone or awaited none") \
	X(SLOW_HOOKS, "slow-hooks", "hooks that took longer than the site's slow-hook") \
	X(TASK_FAILED, "task-failed", "background tasks ended for what their hooks did") \
	X(TASK_LEFT, "task-left", "background tasks ended because their mount is gone") \
	X(MODULE_FAILED, "module-failed", "hooks whose reply could not be built, 5.00")

enum counter {
#define COUNTER_ENUM(id, name, text) COUNT_##id,
	COUNTERS(COUNTER_ENUM)
#undef COUNTER_ENUM
	COUNTERS_N
};

/* Name and meaning of a counter below COUNTERS_N. */
const char *counter_name(enum counter c);
const char *counter_text(enum counter c);

/* All of them in slot memory, by name. */
extern const struct mem_kind counters_kind;

#endif
