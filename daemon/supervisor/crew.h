/* crew.h - the workers as their supervisor sees them: a pure state machine.
 *
 * Events and time go in, actions come out; no process is touched here.  The
 * supervisor owns the crew and performs the actions (supervisor.c), tests read
 * them (test_crew.c).
 *
 * A worker's life:
 *
 *	ABSENT --> STARTING --> RUNNING --> DRAINING --> QUITTING --> GONE
 *	              |  ^         |            |            |
 *	        death |  | time    | death      +- too late -+-> KILLED --> GONE
 *	              v  |         |
 *	             BACKOFF <-----+
 *
 * Until every worker has been ready once the crew boots: a worker that says it
 * cannot start, never gets ready or dies again and again ends the whole start.
 * Afterwards it is tried again for as long as the daemon lives.
 *
 * One that runs says now and then that it lives; if it is silent for watch_ms, it hangs and
 * is killed.  So does one that starts, from when it opens its first module: a module may hang
 * there, and what its predecessor left may be just what that one hung in.  While the crew
 * boots such a silence ends the start.  Of one that could not speak for reasons that are no
 * hook's (patience.h) that is said first (CREW_EV_HELD), and it has CREW_PATIENCE_MS.
 *
 * A reload has all of them replaced (CREW_EV_REPLACE), maybe by more or fewer: each that has
 * a process is asked to leave,
 *
 *	RUNNING --> YIELDING --> ABSENT --> STARTING ...
 *
 * and a new one takes over, by a process that waits for that, as soon as nobody has a slot
 * of its any more.  Slot s is of worker s modulo their number, before and after.
 *
 * Back-off: who lived a second has its successor at once; who did not waits
 * 100 ms, twice as long each further time, at most 10 s; 10 s of life and the
 * past is forgotten. */
#ifndef SUPERVISOR_CREW_H
#define SUPERVISOR_CREW_H

#include <stdbool.h>
#include <stdint.h>

#define CREW_QUICK_DEATH_MS 1000        /* dying younger means back-off */
#define CREW_BACKOFF_MIN_MS 100
#define CREW_BACKOFF_MAX_MS 10000
#define CREW_FORGET_MS 10000            /* living longer resets the back-off */
#define CREW_BOOT_DEATHS 3              /* of one worker, until the start has failed */
#define CREW_START_MS 30000             /* until a worker must have become ready */
#define CREW_MARGIN_MS 1000             /* between asking and killing */
#define CREW_LATE_MS 1000               /* so late we ourselves did not run, or a quarter of
					 * watch_ms if that is less */
#define CREW_PATIENCE_MS 30000          /* the longest silence that is forgiven */
#define CREW_STUCK_MS 10000             /* until a killed one should be dead */

enum crew_state {
	CREW_ABSENT,            /* not yet begun */
	CREW_STARTING,          /* has a process, which is not ready */
	CREW_RUNNING,
	CREW_YIELDING,          /* asked to leave at once, for another is to have its slots */
	CREW_BACKOFF,           /* dead; a successor comes when its time is due */
	CREW_DRAINING,          /* asked to finish what it has */
	CREW_QUITTING,          /* asked to leave at once */
	CREW_KILLED,            /* killed by us, not reaped yet */
	CREW_GONE,              /* dead for good */
	CREW_STATES
};

enum crew_phase {
	CREW_BOOT,
	CREW_SERVE,
	CREW_DRAIN,             /* asked to stop once */
	CREW_QUIT,              /* asked to stop again */
	CREW_FAIL,              /* the start failed, the remaining ones are being ended */
	CREW_PHASES
};

enum crew_event {
	CREW_EV_START,          /* once, first: worker 0 begins, the others when it is ready */
	CREW_EV_NOT_SPAWNED,    /* of a worker: CREW_SPAWN could not be performed */
	CREW_EV_READY,          /* of a worker */
	CREW_EV_ALIVE,          /* of a worker: it says so */
	CREW_EV_HELD,           /* of a worker: it is silent (crew_is_silent()) and need not hang */
	CREW_EV_BOOT_FAILED,    /* of a worker: it ended, saying that it cannot start */
	CREW_EV_DIED,           /* of a worker: it ended in any other way */
	CREW_EV_REPLACE,        /* while all is served (crew_can_replace()): to so many workers as
				 * the number says */
	CREW_EV_TICK,           /* time has passed */
	CREW_EV_STOP            /* we are asked to stop */
};

enum crew_what {
	CREW_SPAWN,             /* of a worker, as all up to CREW_OBITUARY */
	CREW_TAKE_OVER,         /* its process is there, and waits for that */
	CREW_ASK_DRAIN,
	CREW_ASK_QUIT,
	CREW_KILL,
	CREW_OBITUARY,          /* it is dead; in_ms: when its successor starts */
	CREW_TELL_READY,        /* every worker has been ready */
	CREW_TELL_REPLACED,     /* every new worker has been ready */
	CREW_TELL_STOPPING,
	CREW_EXIT               /* nobody is left: end with code */
};

#define CREW_NEVER UINT64_MAX

struct crew_action {
	enum crew_what what;
	unsigned worker;
	bool leaves;            /* it is about a worker that is being replaced */
	uint64_t in_ms;         /* CREW_OBITUARY: 0 at once, CREW_NEVER no successor */
	int code;               /* CREW_EXIT: 0 stopped as asked, 1 the start failed */
};

struct crew_worker {
	enum crew_state state;
	bool hung;              /* killed because it did not become ready */
	bool begun;             /* it starts, and has said that it lives */
	bool silent;            /* killed because it did not say that it lives */
	bool leaves;            /* it is being replaced, and not dead yet */
	bool comes;             /* the new one of that number waits for its slots */
	uint64_t killed;        /* when */
	uint64_t heard;         /* when its time began last, if it is watched */
	unsigned boot_deaths;
	uint64_t born, due;     /* due: what CREW_EV_TICK waits for, or CREW_NEVER */
	uint64_t backoff_ms;
};

struct crew {
	enum crew_phase phase;
	unsigned n;
	unsigned slots;
	unsigned before, after; /* while some are replaced: how many there were and will be */
	uint64_t drain_ms;
	uint64_t watch_ms;      /* set after crew_make(), before the start; 0: nobody is watched */
	unsigned deaths;        /* of workers that ought to have run */
	struct crew_worker *worker;
	struct crew_action *queue;      /* ring of actions not yet taken */
	unsigned cap, first, queued;
};

/* Makes a crew of n workers, at most as many as there are slots, all absent; draining may
 * take drain_ms.  False when there is no memory.  crew_free() takes it back. */
bool crew_make(struct crew *c, unsigned n, unsigned slots, uint64_t drain_ms);
void crew_free(struct crew *c);

/* After crew_make(), for each worker: it goes on, all is served.  there: it has a process, which
 * runs or still starts and was born then; else it has a successor at once. */
void crew_resume(struct crew *c, unsigned worker, bool there, bool runs, uint64_t born,
		 uint64_t now);

/* Whether all is served, and nobody is being replaced. */
bool crew_can_replace(const struct crew *c);

/* The one transition function.  worker counts where the event is of a worker;
 * now is any monotonic clock in milliseconds. */
void crew_step(struct crew *c, enum crew_event event, unsigned worker, uint64_t now);

/* Takes the oldest action out.  False: there is none. */
bool crew_take(struct crew *c, struct crew_action *out);

/* When the next CREW_EV_TICK has something to do; CREW_NEVER: only after
 * another event. */
uint64_t crew_due(const struct crew *c);

/* True if it would be killed now for its silence. */
bool crew_is_silent(const struct crew *c, unsigned worker, uint64_t now);

/* How many serve. */
unsigned crew_running(const struct crew *c);

/* False if a worker that was killed does not die: its slots are served by nobody, and no
 * more can be done about it from here. */
bool crew_is_well(const struct crew *c, uint64_t now);

const char *crew_state_name(enum crew_state s);
const char *crew_phase_name(enum crew_phase p);

#endif
