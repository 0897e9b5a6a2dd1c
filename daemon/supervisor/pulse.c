#include "supervisor/pulse.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static size_t write_workers(char *out, size_t cap, const struct pulse_figures *f)
{
	char some[16] = "";
	int n;

	if (f->running < f->workers)
		snprintf(some, sizeof some, "%u of ", f->running);
	n = snprintf(out, cap, "%s%u workers, %u slots, %zu resources", some, f->workers, f->slots,
		     f->resources);
	return (size_t)n;
}

bool pulse_look(struct pulse *p, const struct pulse_figures *f, uint64_t now)
{
	uint64_t ms = p->at ? now - p->at : 0, more = f->requests - p->requests;
	char text[PULSE_TEXT];
	size_t n = write_workers(text, sizeof text, f);
	bool changed;

	/* A slot that was wiped counts anew. */
	if (f->requests < p->requests)
		more = 0;
	if (f->requests)
		n += (size_t)snprintf(text + n, sizeof text - n, "; %" PRIu64 " requests, %" PRIu64
				      "/s", f->requests, ms ? (more * 1000 + ms / 2) / ms : 0);
	if (f->peers)
		n += (size_t)snprintf(text + n, sizeof text - n, "; %" PRIu64 " peers, %" PRIu64
				      " observers", f->peers, f->observers);
	if (f->deaths)
		snprintf(text + n, sizeof text - n, "; %u worker%s replaced", f->deaths,
			 f->deaths == 1 ? "" : "s");
	p->requests = f->requests;
	p->at = now;
	changed = strcmp(text, p->text) != 0;
	memcpy(p->text, text, sizeof text);
	return changed;
}
