#include "plugtest.h"

#include <stdio.h>
#include <time.h>

static void
append(struct item *item, const char *text)
{
	size_t n = strlen(text);

	if (n > ITEM_MAX - item->n)
		n = ITEM_MAX - item->n;
	memcpy(item->data + item->n, text, n);
	item->n += n;
}

void
has_text(struct call *c)
{
	c->p->now.exists = true;
	c->p->now.format = COAPD_TEXT_PLAIN;
	append(&c->p->now, c->resource->text);
}

/* Lines of 64 bytes, so that it is seen where a block begins. */
static void
has_lines(struct call *c, unsigned n)
{
	char line[65];

	for (unsigned i = 0; i < n; i++) {
		snprintf(line, sizeof line, "|%4u| %-56s\n", i * 64, c->resource->text);
		append(&c->p->now, line);
	}
	c->p->now.exists = true;
	c->p->now.format = COAPD_TEXT_PLAIN;
}

void
is_large(struct call *c)
{
	has_lines(c, 32);
}

/* How often the observable resources have changed: by the clock, so all workers
 * count alike. */
static int64_t
tick_of(const struct call *c, int64_t ms)
{
	return ms / (int64_t)c->p->conf->interval;
}

static int64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint32_t
until_tick(const struct plugtest *p)
{
	int64_t interval = (int64_t)p->conf->interval;

	return (uint32_t)(interval - clock_ms() % interval + 1);
}

void
ticks(struct call *c)
{
	char text[32];

	snprintf(text, sizeof text, "%lld", (long long)tick_of(c, clock_ms()));
	append(&c->p->now, text);
	c->p->now.exists = true;
	c->p->now.format = COAPD_TEXT_PLAIN;
}

/* Of varying size too (OBS_14). */
void
ticks_at_large(struct call *c)
{
	ticks(c);
	append(&c->p->now, "\n");
	has_lines(c, 24 + (unsigned)(tick_of(c, clock_ms()) % 16));
}

bool
is_observable(const struct resource *r)
{
	return r->content == ticks || r->content == ticks_at_large;
}

/* OBS_02 wants what others have confirmable told by non-confirmable messages. */
enum coapd_notify
notified_as(const struct resource *r)
{
	size_t n = strlen(r->path);

	return n > 4 && strcmp(r->path + n - 4, "-non") == 0 ? COAPD_NOTIFY_NON :
							       COAPD_NOTIFY_CON;
}

/* Finds what the resource is just now.  What was written to an observable one holds
 * until its next change. */
int
look(struct call *c)
{
	struct item *now = &c->p->now;
	int status = store_read(&c->p->store, c->name, now);

	if (status)
		return status;
	if (now->exists && is_observable(c->resource) &&
	    tick_of(c, now->written) != tick_of(c, clock_ms()))
		now->exists = false;
	if (!now->exists && c->resource->content) {
		now->n = 0;
		c->resource->content(c);
	}
	return 0;
}

/* The same for the same bytes and format in all workers (FNV-1a); in letters, for there
 * are clients that take an ETag for text. */
coapd_span
etag_of(const struct item *item, uint8_t etag[8])
{
	static const char letters[65] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint64_t h = 0xcbf29ce484222325u ^ item->format;

	for (size_t i = 0; i < item->n; i++)
		h = (h ^ item->data[i]) * 0x100000001b3u;
	for (unsigned i = 0; i < 8; i++)
		etag[i] = (uint8_t)letters[h >> 6 * i & 63];
	return (coapd_span){ etag, item->exists ? 8 : 0 };
}
