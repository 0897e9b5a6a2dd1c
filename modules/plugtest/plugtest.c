/* plugtest - the resources that the test descriptions of the CoAP plugtests (CORE,
 * BLOCK, OBS and LINK) ask of a server; plugtest.md says which is for which test.
 *
 * What requests change is kept in files (store.h).  A resource is a row of a table:
 * what it is without any change, and what each method does to it. */
#include "plugtest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const struct coapd_row rows[] = {
	{ "directory", "string", "", "0..4000", "bytes",
	  "Where what requests change is kept; workers write there.  It is made if it is "
	  "not there.  Without it what they change is gone when coapd ends.",
	  offsetof(struct conf, directory) },
	{ "delay", "duration", "2s", "0s..1h", NULL,
	  "How long /separate takes to answer.", offsetof(struct conf, delay) },
	{ "interval", "duration", "5s", "10ms..1d", NULL,
	  "How often the observable resources change by themselves.",
	  offsetof(struct conf, interval) },
	{ "created", "count", "16", "1..100", "resources",
	  "How many resources below /large-create there are at most; a further one takes "
	  "the place of the oldest.", offsetof(struct conf, created) },
};

/* --- the hook -------------------------------------------------------------------------- */

/* Writes the path as the table has it; false if it is none of ours. */
static bool
read_path(const coapd_task *task, char *path, size_t cap)
{
	coapd_span s;
	size_t n = 0;

	for (unsigned i = 0; coapd_path(task, i, &s); i++) {
		if (!s.n || s.n + 2 > cap - n || memchr(s.p, '/', s.n) || memchr(s.p, 0, s.n))
			return false;
		if (i)
			path[n++] = '/';
		memcpy(path + n, s.p, s.n);
		n += s.n;
	}
	path[n] = 0;
	return true;
}

/* "large-create/12", its number written in the one way it is. */
static bool
is_created(const struct plugtest *p, const char *path, char name[48])
{
	size_t n = strlen(created.path);
	unsigned long number;
	char again[24];

	if (strncmp(path, created.path, n) != 0)
		return false;
	number = strtoul(path + n, NULL, 10);
	snprintf(again, sizeof again, "%lu", number);
	name_created(name, number);
	return number >= 1 && number <= p->conf->created && strcmp(again, path + n) == 0;
}

static const struct resource *
find(const struct plugtest *p, const coapd_task *task, char name[48])
{
	char path[40];

	if (!read_path(task, path, sizeof path))
		return NULL;
	if (is_created(p, path, name))
		return &created;
	for (size_t i = 0; i < nresources; i++)
		if (strcmp(resources[i].path, path) == 0) {
			snprintf(name, 48, "%s", *path ? path : "root");
			for (char *c = name; *c; c++)
				*c = *c == '/' ? '.' : *c;
			return &resources[i];
		}
	return NULL;
}

static enum coapd_verdict
act(struct call *c)
{
	switch (coapd_code(c->request)) {
	case COAPD_GET:
		return c->resource->get(c);
	case COAPD_POST:
		return c->resource->post(c);
	case COAPD_PUT:
		return put(c);
	default:
		return delete(c);
	}
}

/* Sees what is there, whether the client's conditions hold, and acts. */
static enum coapd_verdict
judge(struct call *c)
{
	int status = look(c);
	uint8_t etag[8];

	if (status)
		return fail(c, status);
	if (!coapd_current(c->task, c->p->now.exists, etag_of(&c->p->now, etag)))
		return COAPD_DONE;
	return act(c);
}

/* What changes something is judged and done as one. */
static enum coapd_verdict
begin(struct call *c)
{
	enum coapd_verdict v;

	if (!coapd_allow(c->task, c->resource->allow))
		return COAPD_DONE;
	if (coapd_code(c->request) == COAPD_GET)
		return judge(c);
	if (coapd_payload(c->request).n > ITEM_MAX)
		return say(c, COAPD_413_TOO_LARGE);
	store_lock(&c->p->store);
	v = judge(c);
	store_unlock(&c->p->store);
	return v;
}

/* The clock that there is once for all workers. */
static enum coapd_verdict
tick(struct plugtest *p, coapd_task *task, const struct coapd_event *event)
{
	if (event->what == COAPD_EV_TIMER)
		for (size_t i = 0; i < nresources; i++)
			tell_observers(p, &resources[i]);
	coapd_after(task, TIMER, until_tick(p));
	return COAPD_WAIT;
}

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	struct call c = { .p = self, .task = task, .request = coapd_request(task) };
	int status;

	if (!c.request)
		return tick(self, task, event);
	c.resource = find(self, task, c.name);
	if (!c.resource)
		return COAPD_DECLINE;
	if (event->what == COAPD_EV_REQUEST)
		return begin(&c);
	status = look(&c);
	return status ? fail(&c, status) : give(&c);
}

/* --- the mount ------------------------------------------------------------------------- */

static void
close_mount(void *self)
{
	struct plugtest *p = self;

	store_close(&p->store);
	free(p);
}

static int
open_mount(coapd_mount *mount, const void *conf, void **self)
{
	struct plugtest *p = calloc(1, sizeof *p);
	int status;

	if (!p)
		return -ENOMEM;
	p->conf = conf;
	p->mount = mount;
	p->directory = *p->conf->directory ? p->conf->directory : coapd_directory(mount);
	status = p->directory ? store_open(&p->store, p->directory) : -errno;
	if (status) {
		coapd_log(mount, COAPD_LOG_ERROR, "directory %s: %s",
			  p->directory ? p->directory : "of the mount", strerror(-status));
		free(p);
		return status;
	}
	for (size_t i = 0; i < nresources; i++)
		if (resources[i].link)
			coapd_link(mount, coapd_text(resources[i].path), resources[i].link);
	*self = p;
	status = coapd_task_start(mount, coapd_text("clock"), COAPD_ONCE, coapd_text(""), NULL);
	if (status)
		close_mount(p);
	return status;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof coapd_module,
	.name = "plugtest",
	.version = "1",
	.summary = "the resources of the CoAP plugtests",
	.flags = COAPD_F_TREE | COAPD_F_CONDITIONS,
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.open = open_mount,
	.close = close_mount,
	.handle = handle,
};
