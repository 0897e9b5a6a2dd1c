/* time.c - tells the time, to observers with each tick of one clock.
 *
 * The clock is a task that is there once in the whole daemon, whichever worker has it:
 * with one in each, observers would be told as many times as there are workers. */
#include <coapd/module.h>

#include <stdio.h>
#include <time.h>

struct conf {
	uint64_t interval_ms;
	unsigned format;
};

enum format { FORMAT_ISO, FORMAT_UNIX, FORMAT_CLOCK };

static const struct coapd_row rows[] = {
	{ "interval", "duration", "1s", "100ms..1h", NULL,
	  "How often observers are told; the ticks are at multiples of it.",
	  offsetof(struct conf, interval_ms) },
	{ "format", "enum iso|unix|clock", "iso", NULL, NULL,
	  "How the time is written where the request does not say (?format=): as "
	  "2026-11-28T12:00:00Z, in seconds since 1970, or as Nov 28 12:00:00.",
	  offsetof(struct conf, format) },
};

enum { TICK };

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- the clock ------------------------------------------------------------------------ */

/* Just behind the next multiple of the interval, so that who reads the time then reads
 * the new one. */
static uint32_t until_next(const struct conf *conf)
{
	return (uint32_t)(conf->interval_ms - now_ms() % conf->interval_ms + 1);
}

/* A timer counts from the beginning of its event: one that was set late in it is up before
 * the clock has come to the multiple, and there is nothing to tell yet. */
static enum coapd_verdict tick(const struct conf *conf, coapd_task *task,
			       const struct coapd_event *event)
{
	uint64_t *told = coapd_scratch(task, sizeof *told);
	uint64_t now = now_ms() / conf->interval_ms;

	if (event->what == COAPD_EV_TIMER && now != *told)
		coapd_changed(coapd_task_mount(task), coapd_text(""), COAPD_CHANGED);
	*told = now;
	coapd_after(task, TICK, until_next(conf));
	return COAPD_WAIT;
}

static int open_mount(coapd_mount *mount, const void *conf, void **self)
{
	*self = (void *)conf;
	return coapd_task_start(mount, coapd_text("clock"), COAPD_ONCE, coapd_text(""), NULL);
}

/* --- requests --------------------------------------------------------------------------- */

/* False: the reply says that the query is wrong. */
static bool choose(const struct conf *conf, coapd_task *task, enum format *format)
{
	static const char *const names[] = { "iso", "unix", "clock" };
	coapd_span asked;

	*format = (enum format)conf->format;
	if (!coapd_query(task, "format", &asked))
		return true;
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (asked.n == strlen(names[i]) && memcmp(asked.p, names[i], asked.n) == 0) {
			*format = (enum format)i;
			return true;
		}
	coapd_reply(task, COAPD_400_BAD_REQUEST);
	coapd_reply_data(task, coapd_text("format is iso, unix or clock"));
	return false;
}

static void tell_text(coapd_task *task, time_t now, enum format format)
{
	char text[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	switch (format) {
	case FORMAT_UNIX:
		snprintf(text, sizeof text, "%lld", (long long)now);
		break;
	case FORMAT_CLOCK:
		strftime(text, sizeof text, "%b %d %H:%M:%S", &tm);
		break;
	case FORMAT_ISO:
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
		break;
	}
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, COAPD_TEXT_PLAIN);
	coapd_reply_data(task, coapd_text(text));
}

/* Epoch-based date and time (RFC 8949, 3.4.2):
 *
 *	C1                      tag 1
 *	   1B 00 00 00 00 ..    unsigned, 8 bytes
 */
static void tell_cbor(coapd_task *task, time_t now)
{
	uint8_t bytes[10] = { 0xc1, 0x1b };

	for (unsigned i = 0; i < 8; i++)
		bytes[2 + i] = (uint8_t)((uint64_t)now >> (56 - 8 * i));
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, COAPD_CBOR);
	coapd_reply_data(task, (coapd_span){ bytes, sizeof bytes });
}

static void tell(const struct conf *conf, coapd_task *task)
{
	time_t now = (time_t)(now_ms() / 1000);
	enum format format;
	uint64_t accept;
	bool cbor = coapd_opt_uint(coapd_request(task), COAPD_OPT_ACCEPT, &accept) &&
		    accept == COAPD_CBOR;

	if (!coapd_allow(task, COAPD_ALLOW_GET) || !choose(conf, task, &format) ||
	    (!cbor && !coapd_offer(task, COAPD_TEXT_PLAIN)))
		return;
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_add_uint(task, COAPD_OPT_MAX_AGE, (conf->interval_ms + 999) / 1000);
	if (cbor)
		tell_cbor(task, now);
	else
		tell_text(task, now, format);
	coapd_observe(task);
}

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	if (event->what == COAPD_EV_RUN || event->what == COAPD_EV_TIMER)
		return tick(self, task, event);
	tell(self, task);
	return COAPD_DONE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "time",
	.version = "1",
	.summary = "tells the time, and observers each tick",
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.open = open_mount,
	.handle = handle,
};
