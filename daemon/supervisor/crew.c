#include "supervisor/crew.h"

#include <assert.h>
#include <stdlib.h>

static const char *const state_names[CREW_STATES] = {
	[CREW_ABSENT] = "absent",
	[CREW_STARTING] = "starting",
	[CREW_RUNNING] = "running",
	[CREW_YIELDING] = "yielding",
	[CREW_BACKOFF] = "backoff",
	[CREW_DRAINING] = "draining",
	[CREW_QUITTING] = "quitting",
	[CREW_KILLED] = "killed",
	[CREW_GONE] = "gone",
};

static const char *const phase_names[CREW_PHASES] = {
	[CREW_BOOT] = "boot",
	[CREW_SERVE] = "serve",
	[CREW_DRAIN] = "drain",
	[CREW_QUIT] = "quit",
	[CREW_FAIL] = "fail",
};

/* How a worker in each state is met by what may come; what a state does not
 * name leaves it alone. */
enum answer { LEAVE, SPAWN, RETRY, DRAIN, QUIT, KILL, KILL_HUNG, KILL_SILENT, BEGIN, RUN, YIELD,
	      END };

static const struct {
	enum answer due, ready, alive, died, replace, drain, quit, kill;
} rule[CREW_STATES] = {
	[CREW_ABSENT] = { .drain = END, .quit = END, .kill = END },
	[CREW_STARTING] = { .due = KILL_HUNG, .ready = RUN, .alive = BEGIN, .died = RETRY,
			    .replace = KILL, .drain = DRAIN, .quit = KILL, .kill = KILL },
	[CREW_RUNNING] = { .due = KILL_SILENT, .alive = RUN, .died = RETRY,
			   .replace = YIELD, .drain = DRAIN, .quit = QUIT, .kill = KILL },
	[CREW_YIELDING] = { .due = KILL, .died = RETRY, .quit = KILL, .kill = KILL },
	[CREW_BACKOFF] = { .due = SPAWN, .drain = END, .quit = END, .kill = END },
	[CREW_DRAINING] = { .due = KILL, .died = END, .quit = QUIT, .kill = KILL },
	[CREW_QUITTING] = { .due = KILL, .died = END, .quit = KILL, .kill = KILL },
	[CREW_KILLED] = { .died = RETRY },
	[CREW_GONE] = { .due = LEAVE },
};

bool crew_make(struct crew *c, unsigned n, unsigned slots, uint64_t drain_ms)
{
	/* All actions of a step are taken before the next step, except that
	 * CREW_EV_NOT_SPAWNED comes in while several are to be spawned. */
	*c = (struct crew){ .n = n, .slots = slots, .drain_ms = drain_ms, .cap = 4 * slots + 8 };
	c->worker = calloc(slots, sizeof *c->worker);
	c->queue = calloc(c->cap, sizeof *c->queue);
	if (!c->worker || !c->queue) {
		crew_free(c);
		return false;
	}
	for (unsigned i = 0; i < slots; i++)
		c->worker[i].due = CREW_NEVER;
	return true;
}

void crew_free(struct crew *c)
{
	free(c->worker);
	free(c->queue);
	*c = (struct crew){ .n = 0 };
}

static struct crew_action *act(struct crew *c, struct crew_action a)
{
	struct crew_action *at = &c->queue[(c->first + c->queued) % c->cap];

	assert(c->queued < c->cap);
	c->queued++;
	*at = a;
	at->leaves = c->worker[a.worker].leaves;
	return at;
}

bool crew_take(struct crew *c, struct crew_action *out)
{
	if (!c->queued)
		return false;
	*out = c->queue[c->first];
	c->first = (c->first + 1) % c->cap;
	c->queued--;
	return true;
}

static void ask(struct crew *c, unsigned w, enum crew_what what)
{
	act(c, (struct crew_action){ .what = what, .worker = w });
}

static void enter(struct crew *c, unsigned w, enum crew_state state, uint64_t due)
{
	c->worker[w].state = state;
	c->worker[w].due = due;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > CREW_NEVER - b ? CREW_NEVER : a + b;
}

/* How long the successor of a worker that died now has to wait. */
static uint64_t backoff(struct crew_worker *w, uint64_t now)
{
	uint64_t lived = now - w->born;

	if (lived >= CREW_FORGET_MS)
		w->backoff_ms = 0;
	if (lived >= CREW_QUICK_DEATH_MS)
		return 0;
	w->backoff_ms = w->backoff_ms ? w->backoff_ms * 2 : CREW_BACKOFF_MIN_MS;
	if (w->backoff_ms > CREW_BACKOFF_MAX_MS)
		w->backoff_ms = CREW_BACKOFF_MAX_MS;
	return w->backoff_ms;
}

static bool stopping(const struct crew *c)
{
	return c->phase >= CREW_DRAIN;
}

static bool all_in(const struct crew *c, enum crew_state state)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->worker[i].state != state)
			return false;
	return true;
}

static void begin(struct crew *c, unsigned w, enum crew_what how, uint64_t now)
{
	c->worker[w].born = now;
	c->worker[w].hung = c->worker[w].silent = c->worker[w].begun = false;
	enter(c, w, CREW_STARTING, now + CREW_START_MS);
	ask(c, w, how);
}

static void spawn(struct crew *c, unsigned w, uint64_t now)
{
	begin(c, w, CREW_SPAWN, now);
}

static void kill_it(struct crew *c, unsigned w, uint64_t now)
{
	c->worker[w].killed = now;
	enter(c, w, CREW_KILLED, CREW_NEVER);
	ask(c, w, CREW_KILL);
}

static void answer(struct crew *c, unsigned w, enum answer a, uint64_t now);

static void everyone(struct crew *c, enum crew_phase phase, uint64_t now)
{
	c->phase = phase;
	for (unsigned i = 0; i < c->n; i++) {
		enum crew_state s = c->worker[i].state;

		answer(c, i, phase == CREW_DRAIN ? rule[s].drain :
			     phase == CREW_QUIT ? rule[s].quit : rule[s].kill, now);
	}
}

/* A worker died that ought to run: is there a successor, and when? */
static void retry(struct crew *c, unsigned w, uint64_t now)
{
	struct crew_worker *me = &c->worker[w];
	uint64_t wait;

	c->deaths++;
	if (c->phase == CREW_BOOT &&
	    (me->hung || me->silent || ++me->boot_deaths >= CREW_BOOT_DEATHS)) {
		enter(c, w, CREW_GONE, CREW_NEVER);
		everyone(c, CREW_FAIL, now);
		return;
	}
	wait = backoff(me, now);
	if (wait)
		enter(c, w, CREW_BACKOFF, now + wait);
	else
		spawn(c, w, now);
}

/* Its time begins. */
static uint64_t watched(struct crew *c, unsigned w, uint64_t now)
{
	c->worker[w].heard = now;
	return c->watch_ms ? add(now, c->watch_ms) : CREW_NEVER;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When we did not run ourselves, as the machine was held or overloaded, the others may not
 * have either: they have their time again. */
static void kill_silent(struct crew *c, unsigned w, uint64_t now)
{
	if (now - c->worker[w].due >= least(CREW_LATE_MS, c->watch_ms / 4 + 1)) {
		c->worker[w].due = watched(c, w, now);
		return;
	}
	c->worker[w].silent = true;
	kill_it(c, w, now);
}

static void answer(struct crew *c, unsigned w, enum answer a, uint64_t now)
{
	switch (a) {
	case LEAVE:
		break;
	case SPAWN:
		spawn(c, w, now);
		break;
	case RETRY:
		if (stopping(c))
			enter(c, w, CREW_GONE, CREW_NEVER);
		else if (c->worker[w].leaves)
			enter(c, w, CREW_ABSENT, CREW_NEVER);
		else
			retry(c, w, now);
		c->worker[w].leaves = false;
		break;
	case YIELD:
		enter(c, w, CREW_YIELDING, now + CREW_MARGIN_MS);
		ask(c, w, CREW_ASK_QUIT);
		break;
	case RUN:
		enter(c, w, CREW_RUNNING, watched(c, w, now));
		break;
	case BEGIN:
		if (!c->watch_ms)
			break;
		c->worker[w].begun = true;
		c->worker[w].due = watched(c, w, now);
		break;
	case DRAIN:
		enter(c, w, CREW_DRAINING, add(now, add(c->drain_ms, CREW_MARGIN_MS)));
		ask(c, w, CREW_ASK_DRAIN);
		break;
	case QUIT:
		enter(c, w, CREW_QUITTING, now + CREW_MARGIN_MS);
		ask(c, w, CREW_ASK_QUIT);
		break;
	case KILL_HUNG:
		c->worker[w].hung = !c->worker[w].begun;
		if (c->worker[w].begun)
			kill_silent(c, w, now);
		else
			kill_it(c, w, now);
		break;
	case KILL_SILENT:
		kill_silent(c, w, now);
		break;
	case KILL:
		kill_it(c, w, now);
		break;
	case END:
		enter(c, w, CREW_GONE, CREW_NEVER);
		break;
	}
}

void crew_resume(struct crew *c, unsigned w, bool there, bool runs, uint64_t born, uint64_t now)
{
	c->phase = CREW_SERVE;
	c->worker[w].born = born;
	if (!there)
		enter(c, w, CREW_BACKOFF, now);
	else if (runs)
		enter(c, w, CREW_RUNNING, watched(c, w, now));
	else
		enter(c, w, CREW_STARTING, now + CREW_START_MS);
}

bool crew_is_silent(const struct crew *c, unsigned w, uint64_t now)
{
	const struct crew_worker *me = &c->worker[w];

	return me->due <= now && (me->state == CREW_RUNNING ||
				  (me->state == CREW_STARTING && me->begun));
}

/* Looked at again soon. */
static void forgive(struct crew *c, unsigned w, uint64_t now)
{
	struct crew_worker *me = &c->worker[w];

	if (crew_is_silent(c, w, now) && now - me->heard < CREW_PATIENCE_MS)
		me->due = add(now, c->watch_ms / 4 + 1);
}

static void died(struct crew *c, unsigned w, uint64_t now, bool speak)
{
	struct crew_worker *me = &c->worker[w];
	enum crew_state was = me->state;
	struct crew_action *obituary = NULL;

	/* It comes before what follows from the death: its words are read from
	 * the memory that the successor takes over. */
	if (speak && was != CREW_GONE)
		obituary = act(c, (struct crew_action){ .what = CREW_OBITUARY, .worker = w });
	answer(c, w, rule[was].died, now);
	if (obituary && me->state == CREW_GONE)
		obituary->in_ms = CREW_NEVER;
	else if (obituary && me->state == CREW_BACKOFF)
		obituary->in_ms = me->due - now;
}

static void stop(struct crew *c, uint64_t now)
{
	if (!stopping(c)) {
		act(c, (struct crew_action){ .what = CREW_TELL_STOPPING });
		everyone(c, CREW_DRAIN, now);
	} else if (c->phase != CREW_FAIL) {
		everyone(c, CREW_QUIT, now);
	}
}

static void tick(struct crew *c, uint64_t now)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->worker[i].due <= now)
			answer(c, i, rule[c->worker[i].state].due, now);
}

/* --- replacing all -------------------------------------------------------------------- */

bool crew_can_replace(const struct crew *c)
{
	return c->phase == CREW_SERVE && !c->after;
}

static void replace(struct crew *c, unsigned n, uint64_t now)
{
	assert(crew_can_replace(c) && n > 0 && n <= c->slots);
	c->before = c->n;
	c->after = n;
	if (c->n < n)
		c->n = n;
	for (unsigned i = 0; i < c->before; i++) {
		struct crew_worker *w = &c->worker[i];

		w->leaves = w->state != CREW_BACKOFF;
		if (w->leaves)
			answer(c, i, rule[w->state].replace, now);
		else
			enter(c, i, CREW_ABSENT, CREW_NEVER);
		w->backoff_ms = 0;
	}
	for (unsigned i = 0; i < n; i++)
		c->worker[i].comes = true;
}

/* Nobody has a slot that is to be worker w's, nor its place here. */
static bool has_way(const struct crew *c, unsigned w)
{
	if (c->worker[w].leaves)
		return false;
	for (unsigned s = w; s < c->slots; s += c->after)
		if (c->worker[s % c->before].leaves)
			return false;
	return true;
}

/* As the old ones die, the new ones come. */
static void settle_replaced(struct crew *c, uint64_t now)
{
	bool all = true;

	for (unsigned i = 0; i < c->n; i++) {
		struct crew_worker *w = &c->worker[i];

		if (w->comes && has_way(c, i)) {
			w->comes = false;
			begin(c, i, CREW_TAKE_OVER, now);
		}
		all = all && !w->leaves && !w->comes;
	}
	if (!all)
		return;
	c->n = c->after;
	if (!all_in(c, CREW_RUNNING))
		return;
	c->before = c->after = 0;
	act(c, (struct crew_action){ .what = CREW_TELL_REPLACED });
}

/* What follows for the crew from what its workers have become.  At boot the first
 * worker goes alone: what stops it would stop all, and is to be said once. */
static void settle(struct crew *c, uint64_t now)
{
	if (c->phase == CREW_BOOT && c->worker[0].state == CREW_RUNNING)
		for (unsigned i = 1; i < c->n; i++)
			if (c->worker[i].state == CREW_ABSENT)
				spawn(c, i, now);
	if (c->phase == CREW_BOOT && all_in(c, CREW_RUNNING)) {
		c->phase = CREW_SERVE;
		act(c, (struct crew_action){ .what = CREW_TELL_READY });
	}
	if (c->after && !stopping(c))
		settle_replaced(c, now);
	if (stopping(c) && all_in(c, CREW_GONE))
		act(c, (struct crew_action){ .what = CREW_EXIT,
					     .code = c->phase == CREW_FAIL });
}

void crew_step(struct crew *c, enum crew_event event, unsigned w, uint64_t now)
{
	assert(w < c->n || event == CREW_EV_REPLACE);
	switch (event) {
	case CREW_EV_START:
		spawn(c, 0, now);
		break;
	case CREW_EV_READY:
		answer(c, w, rule[c->worker[w].state].ready, now);
		break;
	case CREW_EV_ALIVE:
		answer(c, w, rule[c->worker[w].state].alive, now);
		break;
	case CREW_EV_HELD:
		forgive(c, w, now);
		break;
	case CREW_EV_BOOT_FAILED:
		if (c->phase == CREW_BOOT)
			c->worker[w].boot_deaths = CREW_BOOT_DEATHS;
		died(c, w, now, true);
		break;
	case CREW_EV_DIED:
	case CREW_EV_NOT_SPAWNED:
		died(c, w, now, event == CREW_EV_DIED);
		break;
	case CREW_EV_REPLACE:
		replace(c, w, now);
		break;
	case CREW_EV_TICK:
		tick(c, now);
		break;
	case CREW_EV_STOP:
		stop(c, now);
		break;
	}
	settle(c, now);
}

uint64_t crew_due(const struct crew *c)
{
	uint64_t due = CREW_NEVER;

	for (unsigned i = 0; i < c->n; i++)
		if (c->worker[i].due < due)
			due = c->worker[i].due;
	return due;
}

unsigned crew_running(const struct crew *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n; i++)
		n += c->worker[i].state == CREW_RUNNING;
	return n;
}

bool crew_is_well(const struct crew *c, uint64_t now)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->worker[i].state == CREW_KILLED &&
		    now - c->worker[i].killed >= CREW_STUCK_MS)
			return false;
	return true;
}

const char *crew_state_name(enum crew_state s)
{
	return state_names[s];
}

const char *crew_phase_name(enum crew_phase p)
{
	return phase_names[p];
}
