#include "kit/trials.h"

#include <stdarg.h>
#include <stdlib.h>

static const char *const place_names[] = {
	[DEATH_NOWHERE] = "nowhere",
	[DEATH_IN_HOOK] = "in",
	[DEATH_BEFORE_COMMIT] = "before the commit of",
	[DEATH_AFTER_COMMIT] = "after the commit of",
};

/* --- TAP ----------------------------------------------------------------------------- */

static void point(struct trials *t, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void point(struct trials *t, bool ok, const char *fmt, ...)
{
	va_list ap;

	t->points++;
	t->failed += !ok;
	fprintf(t->out, "%sok %u - ", ok ? "" : "not ", t->points);
	va_start(ap, fmt);
	vfprintf(t->out, fmt, ap);
	va_end(ap);
	fputc('\n', t->out);
}

/* The last lines of a text. */
static const char *tail(const char *text, unsigned lines)
{
	const char *p = text + strlen(text);

	while (p > text && (p[-1] != '\n' || lines--))
		p--;
	return p;
}

static void remarks(struct trials *t, const char *text)
{
	if (text && tail(text, TRIALS_TRACE + 1) > text) {
		fputs("#   ...\n", t->out);
		text = tail(text, TRIALS_TRACE + 1);
	}
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		fprintf(t->out, "#   %.*s\n", (int)n, text);
		text += n + (text[n] != 0);
	}
}

static void tell_failure(struct trials *t, const struct play *p)
{
	const struct command *c = p->failed;

	if (p->where[0])
		fprintf(t->out, "# the worker was killed %s %s (%s %u)\n",
			place_names[p->death.place], p->where,
			p->death.place == DEATH_IN_HOOK ? "hook" : "event", p->death.nth);
	if (c)
		fprintf(t->out, "# %s:%u: %.*s\n", p->script->file, c->line, (int)c->text.n,
			(const char *)c->text.p);
	fprintf(t->out, "# %s%s%s\n", c ? "" : p->script->file, c ? "" : ": ", p->why);
	remarks(t, p->trace);
}

static void tell_errors(struct trials *t, const struct config_errors *errors)
{
	for (unsigned i = 0; i < errors->count; i++)
		fprintf(t->out, "# %s\n", errors->text[i]);
}

static void tell_slow(struct trials *t, const struct play *p)
{
	if (p->slow[0])
		fprintf(t->out, "# %s: %s took %u ms: while a hook runs, the worker does "
			"nothing else\n", p->script->file, p->slow, p->slow_ms);
}

/* --- runs ----------------------------------------------------------------------------- */

/* One run; what it takes to tell of it when it failed. */
static enum play_verdict run(struct trials *t, const struct script *s, struct death death,
			     struct play *p)
{
	struct config_errors *errors = calloc(1, sizeof *errors);
	enum play_verdict v = PLAY_FAILED;

	*p = (struct play){ .script = s, .modules_dir = t->modules_dir, .death = death };
	if (errors)
		v = play_run(p, errors);
	if (v == PLAY_WRONG)
		tell_errors(t, errors);
	free(errors);
	return v;
}

struct sum {
	unsigned runs, failed;
};

static void run_deaths(struct trials *t, const struct script *s, enum death_place place,
		       unsigned n, struct sum *sum)
{
	unsigned most = t->most ? t->most : TRIALS_MOST, stride = (n + most - 1) / most;
	struct play p;

	if (stride > 1)
		fprintf(t->out, "# %s: of %u deaths %s %s, one in %u is tried\n", s->file, n,
			place_names[place], place == DEATH_IN_HOOK ? "hooks" : "events", stride);
	for (unsigned nth = 1; nth <= n; nth += stride) {
		enum play_verdict v = run(t, s, (struct death){ place, nth }, &p);

		sum->runs++;
		if (v != PLAY_OK && sum->failed++ < TRIALS_SHOWN && v == PLAY_FAILED)
			tell_failure(t, &p);
		play_free(&p);
	}
}

static void run_all_deaths(struct trials *t, const struct script *s, const struct play *plain)
{
	struct sum sum = { 0 };

	run_deaths(t, s, DEATH_IN_HOOK, plain->hooks, &sum);
	run_deaths(t, s, DEATH_BEFORE_COMMIT, plain->events, &sum);
	run_deaths(t, s, DEATH_AFTER_COMMIT, plain->events, &sum);
	point(t, !sum.failed, "%s: the same in %u runs with a killed worker", s->file,
	      sum.runs);
	if (sum.failed)
		fprintf(t->out, "# %u of %u runs with a killed worker went wrong\n", sum.failed,
			sum.runs);
}

void trials_run(struct trials *t, const struct script *s)
{
	struct play plain;
	enum play_verdict v = run(t, s, (struct death){ DEATH_NOWHERE, 0 }, &plain);

	if (v == PLAY_FAILED)
		tell_failure(t, &plain);
	tell_slow(t, &plain);
	point(t, v == PLAY_OK, "%s: %u events, %u hooks", s->file, plain.events, plain.hooks);
	if (t->crash && v == PLAY_OK)
		run_all_deaths(t, s, &plain);
	else if (t->crash)
		point(t, false, "%s: not run with killed workers", s->file);
	play_free(&plain);
}
