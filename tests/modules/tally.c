/* tally.c - counts POSTs, in a file or in the memory of its process, and has the faults
 * that a module's author may make; for tests of coapd-module-test alone.
 *
 * The effect is opaque: no COAPD_F_RETRY. */
#include <coapd/module.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FINE, CRASH, REFUSE };

struct conf {
	const char *file;
	unsigned opens;
	uint64_t takes;
	bool shy;
};

static const struct coapd_row rows[] = {
	{ "file", "string", "", NULL, NULL, "Where to count; nowhere but in memory if empty.",
	  offsetof(struct conf, file) },
	{ "opens", "enum fine|crash|refuse", "fine", NULL, NULL, "How it opens.",
	  offsetof(struct conf, opens) },
	{ "takes", "duration", "0s", NULL, NULL, "How long each hook blocks.",
	  offsetof(struct conf, takes) },
	{ "shy", "bool", "false", NULL, NULL, "Whether what is delivered again is refused.",
	  offsetof(struct conf, shy) },
};

static unsigned in_memory;

static int tally_open(coapd_mount *mount, const void *conf, void **self)
{
	const struct conf *c = conf;

	(void)mount;
	*self = (void *)conf;
	if (c->opens == CRASH)
		abort();
	return c->opens == REFUSE ? -EACCES : 0;
}

static unsigned read_count(const struct conf *c)
{
	char text[16] = "";
	int fd = *c->file ? open(c->file, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return in_memory;
	if (read(fd, text, sizeof text - 1) < 0)
		text[0] = 0;
	close(fd);
	return (unsigned)atoi(text);
}

static void write_count(const struct conf *c, unsigned n)
{
	int fd = *c->file ? open(c->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

	in_memory = n;
	if (fd < 0)
		return;
	dprintf(fd, "%u", n);
	close(fd);
}

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	const struct conf *c = self;
	char text[16];

	if (c->shy && event->attempt) {
		coapd_reply(task, COAPD_500_INTERNAL_ERROR);
		return COAPD_DONE;
	}
	if (!coapd_allow(task, COAPD_ALLOW_GET | COAPD_ALLOW_POST | COAPD_ALLOW_DELETE))
		return COAPD_DONE;
	if (c->takes)
		poll(NULL, 0, (int)c->takes);
	if (coapd_code(coapd_request(task)) == COAPD_DELETE)
		raise(SIGSEGV);
	coapd_reply(task, COAPD_205_CONTENT);
	if (coapd_code(coapd_request(task)) == COAPD_POST) {
		write_count(c, read_count(c) + 1);
		coapd_reply(task, COAPD_204_CHANGED);
		coapd_log(coapd_task_mount(task), COAPD_LOG_NOTICE, "counted");
	}
	snprintf(text, sizeof text, "%u", read_count(c));
	coapd_reply_data(task, coapd_text(text));
	return COAPD_DONE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof coapd_module,
	.name = "tally",
	.version = "1",
	.summary = "counts POSTs",
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.open = tally_open,
	.handle = handle,
};
