/* crew_rig.h - for tests of the crew: its actions as words. */
#ifndef UNIT_CREW_RIG_H
#define UNIT_CREW_RIG_H

#include "supervisor/crew.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define T0 1000000u

struct rig {
	struct crew c;
	char log[2048];         /* actions of the last step, as words */
};

static const char *const verbs[] = {
	[CREW_SPAWN] = "spawn", [CREW_TAKE_OVER] = "take", [CREW_TELL_REPLACED] = "replaced",
	 [CREW_ASK_DRAIN] = "drain", [CREW_ASK_QUIT] = "quit",
	[CREW_KILL] = "kill", [CREW_OBITUARY] = "obituary", [CREW_TELL_READY] = "ready",
	[CREW_TELL_STOPPING] = "stopping", [CREW_EXIT] = "exit",
};

static inline void print(struct rig *r, const struct crew_action *a)
{
	size_t n = strlen(r->log);
	char *at = r->log + n;
	size_t cap = sizeof r->log - n;
	const char *gap = n ? " " : "";

	if (a->what == CREW_EXIT)
		snprintf(at, cap, "%sexit=%d", gap, a->code);
	else if (a->what == CREW_OBITUARY && a->in_ms == CREW_NEVER)
		snprintf(at, cap, "%sobituary%u:never", gap, a->worker);
	else if (a->what == CREW_OBITUARY)
		snprintf(at, cap, "%sobituary%u:%d", gap, a->worker, (int)a->in_ms);
	else if (a->what > CREW_OBITUARY)
		snprintf(at, cap, "%s%s", gap, verbs[a->what]);
	else
		snprintf(at, cap, "%s%s%u", gap, verbs[a->what], a->worker);
}

/* Performs one step and returns what it asked for, as words. */
static inline const char *step(struct rig *r, enum crew_event ev, unsigned w, uint64_t now)
{
	struct crew_action a;

	crew_step(&r->c, ev, w, now);
	r->log[0] = '\0';
	while (crew_take(&r->c, &a))
		print(r, &a);
	return r->log;
}

#define expect(r, ev, w, now, words) \
	cr_assert_str_eq(step(r, ev, w, now), words)

static inline void make(struct rig *r, unsigned n)
{
	cr_assert(crew_make(&r->c, n, 8, 5000));
}

/* n workers that all serve at T0. */
static inline void make_serving(struct rig *r, unsigned n)
{
	make(r, n);
	step(r, CREW_EV_START, 0, T0);
	for (unsigned i = 0; i < n; i++)
		step(r, CREW_EV_READY, i, T0);
	cr_assert_eq(r->c.phase, CREW_SERVE);
}

#endif
