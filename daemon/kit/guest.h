/* guest.h - a worker without sockets: the real dispatch, engine and modules over
 * memory that its host holds.
 *
 * Runs in a process of its own, forked by the host for each life of a worker.  The
 * memory they share outlives it, as that of a slot does; what modules keep elsewhere
 * does not.  Wrapped around each hook, it notes where it is, so that the host can tell
 * of whoever dies, and dies itself where a test wants it to. */
#ifndef KIT_GUEST_H
#define KIT_GUEST_H

#include "base/batch.h"
#include "base/changes.h"
#include "base/counts.h"
#include "config/site.h"

/* Where a worker can be made to die. */
enum death_place {
	DEATH_NOWHERE,
	DEATH_IN_HOOK,          /* the hook has been entered and has done nothing */
	DEATH_BEFORE_COMMIT,    /* all of the event has been done */
	DEATH_AFTER_COMMIT,     /* nothing that it says has been sent */
	DEATH_PLACES
};

struct death {
	uint32_t place;         /* enum death_place */
	uint32_t nth;           /* hook or event, counted from 1 over all lives */
};

/* What a worker does. */
enum guest_stage {
	GUEST_LOADING,          /* modules and their settings */
	GUEST_OPENING,          /* a mount: point.mount */
	GUEST_SERVING,
	GUEST_IN_HOOK,          /* point has all */
	GUEST_IN_JOB            /* of the hook at job */
};

#define GUEST_NOBODY UINT32_MAX
#define GUEST_WATCHED 64u       /* in place of an event: a descriptor is ready */

struct guest_point {
	uint32_t mount;         /* index, GUEST_NOBODY none */
	uint32_t what, tag, attempt;    /* of the event */
	uint32_t unsafe;        /* a request that may not run twice */
};

struct guest_dgram {
	struct addr peer;
	struct local local;     /* the end of the slot */
	uint32_t len;
	uint8_t data[DGRAM_RX_MAX];
};

/* Shared by host and guest; one of them works at a time. */
struct guest_shared {
	/* From the host: */
	uint64_t now;           /* ms */
	struct death death;
	struct changes changes; /* of the whole daemon, which is one worker */
	uint64_t job_ms;        /* how long jobs take that begin from now on */
	uint32_t has_rx;        /* a datagram is to be received */
	struct guest_dgram rx;
	/* From the guest: */
	uint32_t stage;         /* enum guest_stage */
	struct guest_point point;       /* the last hook that was entered */
	struct guest_point job; /* the last hook that began a job */
	uint32_t hooks, events; /* so far, over all lives */
	uint32_t in_event;      /* hooks of the event under way */
	uint32_t killed;        /* the death has happened, */
	struct guest_point victim;      /* in this event; no mount: in one without a hook */
	struct guest_point slow;        /* the hook that took longest, if over GUEST_SLOW_MS */
	uint32_t slow_ms;
	uint64_t next;          /* when something is due */
	uint32_t more;          /* there is more to be done now */
	uint32_t tx_n;
	struct guest_dgram tx[BATCH_TX];
	struct config_errors errors;    /* why it could not start */
};

#define GUEST_SLOW_MS 100u      /* of real time, in a hook */

enum guest_exit { GUEST_EXIT_OK, GUEST_EXIT_START = 3 };

/* Memory that a guest of this site needs. */
size_t guest_size(const struct site *site);

/* What the host has for all lives; borrowed. */
struct guest_boot {
	const struct site *site;
	struct guest_shared *shared;
	void *mem;
	const struct counts *counts;
	int mail_in, mail_out;  /* of the slot's mailbox: where it is written, and read */
};

/* Serves: adopts what is in mem, then for each byte that comes over fd works on
 * shared->rx and all that is due, and sends a byte back.  Ends when fd does.  Returns
 * an enum guest_exit for _exit(). */
int guest_run(const struct guest_boot *boot, int fd);

#endif
