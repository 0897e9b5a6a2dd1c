/* fetch_module.h - for tests: a module that makes requests of other servers, and notes
 * what it is told. */
#ifndef UNIT_FETCH_MODULE_H
#define UNIT_FETCH_MODULE_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "stage.h"

#define TAG 2
#define UPSTREAM "coap://[::9]:1009/x"

static struct stage *s;
static struct coapd_out out;    /* what is asked for */
static unsigned wanted;         /* events to wait for; 0: until the tag is free */
static int started;             /* what coapd_fetch() said */
static char told[600];          /* "code offset data|" or "-errno|", "!" when it is over,
				 * " from address:port" of a group's */
static void (*in_request)(coapd_task *task);    /* further things the hook does first */

static void note(const struct coapd_event *event)
{
	size_t n = strlen(told);

	if (event->status)
		snprintf(told + n, sizeof told - n, "%d%s|", event->status,
			 event->over ? "!" : "");
	else
		snprintf(told + n, sizeof told - n, "%02x %u %.*s%s%s|", coapd_code(event->msg),
			 (unsigned)event->offset, event->data.n > 8 ? 8 : (int)event->data.n,
			 (const char *)event->data.p, event->last ? "." : "",
			 event->over ? "!" : "");
	if (event->from)
		snprintf(told + strlen(told) - 1, sizeof told - strlen(told), " from %s:%u|",
			 event->from->address, event->from->port);
}

static enum coapd_verdict fetch_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	uint32_t *seen = coapd_scratch(task, sizeof *seen);

	(void)self;
	stage_note(event);
	if (event->what == COAPD_EV_REQUEST) {
		if (in_request)
			in_request(task);
		if (!out.payload.p)
			out.payload = coapd_payload(coapd_request(task));
		started = coapd_fetch(task, TAG, &out);
		out.payload = (coapd_span){ NULL, 0 };
		return started ? stage_say(task, "not started") : COAPD_WAIT;
	}
	cr_assert_eq(event->what, COAPD_EV_RESPONSE);
	cr_assert_eq(event->tag, TAG);
	note(event);
	return event->over || ++*seen == wanted ? stage_say(task, "done") : COAPD_WAIT;
}

STAGE_MODULE(fetch, fetch_hook, .flags = COAPD_F_RETRY);

static inline void begin(const char *uri)
{
	out = (struct coapd_out){ .uri = uri, .code = COAPD_GET };
	s = stage_one("/a", &fetch);
}

/* Peer 1 asks; what goes out then is told by stage_next(). */
static inline void ask(uint8_t method)
{
	static uint16_t mid = 1;

	told[0] = 0;
	stage_ask(s, method, mid++, "11=a");
	if (!started)
		stage_wait(s, 0);
}

static inline uint32_t fetches(void)
{
	return s->rig->e.space.ctl->live[FETCH_SLAB];
}

static inline uint32_t live(unsigned slab)
{
	return s->rig->e.space.ctl->live[slab];
}

static inline void finish(void)
{
	if (s)
		stage_free(s);
	s = NULL;
}

#define expect(text) cr_assert_str_eq(stage_next(s), text)
#define expect_told(text) cr_assert_str_eq(told, text)

#endif
