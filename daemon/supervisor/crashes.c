#include "supervisor/crashes.h"

#include <errno.h>
#include <stdlib.h>

int crashes_make(struct crashes *c, size_t mounts, unsigned limit, uint64_t pause_ms,
		 struct err *err)
{
	int rc;

	*c = (struct crashes){ .n = mounts, .limit = limit, .pause_ms = pause_ms };
	c->mount = calloc(mounts + 1, sizeof *c->mount);
	c->at = calloc(mounts * limit + 1, sizeof *c->at);
	if (c->mount && c->at)
		rc = gates_make(&c->gates, mounts, err);
	else
		rc = err_set(err, -ENOMEM, "no memory for deaths of workers");
	if (rc)
		crashes_free(c);
	return rc;
}

void crashes_free(struct crashes *c)
{
	gates_free(&c->gates);
	free(c->mount);
	free(c->at);
	*c = (struct crashes){ .n = 0 };
}

void crashes_resume(struct crashes *c, size_t mount, uint64_t deaths, uint64_t closings,
		    uint64_t left_ms, uint64_t now)
{
	struct crashes_mount *m = &c->mount[mount];

	m->deaths = deaths;
	m->closings = closings;
	m->opens = left_ms ? now + left_ms : 0;
	gates_set(&c->gates, mount, left_ms != 0);
}

/* The one that this death makes too many of, if it was not long ago. */
static bool are_many(struct crashes *c, size_t mount, uint64_t now)
{
	struct crashes_mount *m = &c->mount[mount];
	uint64_t *at = &c->at[mount * c->limit];

	at[m->next] = now;
	m->next = (m->next + 1) % c->limit;
	return at[m->next] && now - at[m->next] < CRASHES_WITHIN_MS;
}

bool crashes_note(struct crashes *c, size_t mount, uint64_t now)
{
	struct crashes_mount *m;
	bool many;

	if (mount >= c->n)
		return false;
	m = &c->mount[mount];
	now = now ? now : 1;
	many = c->limit && !m->opens && are_many(c, mount, now);
	m->deaths++;
	if (!many)
		return false;
	m->opens = now + c->pause_ms;
	m->closings++;
	gates_set(&c->gates, mount, true);
	return true;
}

uint64_t crashes_due(const struct crashes *c)
{
	uint64_t due = CRASHES_NEVER;

	for (size_t i = 0; i < c->n; i++)
		if (c->mount[i].opens && c->mount[i].opens < due)
			due = c->mount[i].opens;
	return due;
}

size_t crashes_open(struct crashes *c, uint64_t now)
{
	size_t i = 0;

	while (i < c->n && !(c->mount[i].opens && c->mount[i].opens <= now))
		i++;
	if (i == c->n)
		return i;
	c->mount[i].opens = 0;
	for (unsigned k = 0; k < c->limit; k++)
		c->at[i * c->limit + k] = 0;
	gates_set(&c->gates, i, false);
	return i;
}

uint64_t crashes_left(const struct crashes *c, size_t mount, uint64_t now)
{
	uint64_t opens = mount < c->n ? c->mount[mount].opens : 0;

	return opens > now ? opens - now : 0;
}
