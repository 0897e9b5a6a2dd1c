/* crew_rig.h - for tests of the crew: one crew, which end() frees, and its
 * actions as words. */
#ifndef UNIT_CREW_RIG_H
#define UNIT_CREW_RIG_H

#include "supervisor/crew.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define T0 1000000u

static struct crew crew;
static char asked[2048];        /* actions of the last step, as words */

static const char *const verbs[] = {
	[CREW_SPAWN] = "spawn", [CREW_TAKE_OVER] = "take", [CREW_TELL_REPLACED] = "replaced",
	 [CREW_ASK_DRAIN] = "drain", [CREW_ASK_QUIT] = "quit",
	[CREW_KILL] = "kill", [CREW_OBITUARY] = "obituary", [CREW_TELL_READY] = "ready",
	[CREW_TELL_STOPPING] = "stopping", [CREW_EXIT] = "exit",
};

static inline void print(const struct crew_action *a)
{
	size_t n = strlen(asked);
	char *at = asked + n;
	size_t cap = sizeof asked - n;
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
static inline const char *step(enum crew_event ev, unsigned w, uint64_t now)
{
	struct crew_action a;

	crew_step(&crew, ev, w, now);
	asked[0] = '\0';
	while (crew_take(&crew, &a))
		print(&a);
	return asked;
}

#define expect(ev, w, now, words) \
	cr_assert_str_eq(step(ev, w, now), words)

static inline void make(unsigned n)
{
	cr_assert(crew_make(&crew, n, 8, 5000));
}

static inline void end(void)
{
	crew_free(&crew);
}

/* n workers that all serve at T0. */
static inline void make_serving(unsigned n)
{
	make(n);
	step(CREW_EV_START, 0, T0);
	for (unsigned i = 0; i < n; i++)
		step(CREW_EV_READY, i, T0);
	cr_assert_eq(crew.phase, CREW_SERVE);
}

#endif
