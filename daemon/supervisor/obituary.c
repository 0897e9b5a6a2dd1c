#include "supervisor/obituary.h"

#include "supervisor/crew.h"
#include "worker/worker.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

const char *obituary_signal(int sig, char out[OBITUARY_SIGNAL])
{
	const char *name = sigabbrev_np(sig);

	if (name)
		snprintf(out, OBITUARY_SIGNAL, "SIG%s", name);
	else
		snprintf(out, OBITUARY_SIGNAL, "signal %d", sig);
	return out;
}

static void write_cause(const struct obituary *o, char *out, size_t cap)
{
	char sig[OBITUARY_SIGNAL];
	int code = WEXITSTATUS(o->status);

	if (WIFSIGNALED(o->status))
		snprintf(out, cap, "died of %s%s", obituary_signal(WTERMSIG(o->status), sig),
			 WCOREDUMP(o->status) ? " (core dumped)" : "");
	else if (code == WORKER_EXIT_BOOT)
		snprintf(out, cap, "could not start");
	else if (code == WORKER_EXIT_OK)
		snprintf(out, cap, o->asked ? "stopped" : "ended without being asked");
	else
		snprintf(out, cap, "exited with code %d", code);
}

static void write_next(const struct obituary *o, char *out, size_t cap)
{
	if (o->in_ms == CREW_NEVER)
		out[0] = '\0';
	else if (o->in_ms == 0)
		snprintf(out, cap, ", restarting");
	else
		snprintf(out, cap, ", restarting in %" PRIu64 " ms", o->in_ms);
}

static enum log_level level(const struct obituary *o)
{
	if (o->asked && WIFEXITED(o->status) && WEXITSTATUS(o->status) == WORKER_EXIT_OK)
		return LOG_NOTICE;
	if (o->asked && WIFSIGNALED(o->status) && WTERMSIG(o->status) == SIGKILL)
		return LOG_INFO;        /* we said so when we killed it */
	if (WIFSIGNALED(o->status) && (WTERMSIG(o->status) == SIGKILL ||
				       WTERMSIG(o->status) == SIGTERM ||
				       WTERMSIG(o->status) == SIGINT))
		return LOG_WARN;
	return LOG_ERROR;
}

static void add(struct obituary_facts *f, const char *name, const char *value)
{
	f->at[f->n++] = (struct log_field){ name, value };
}

struct log_fields obituary_fields(const struct obituary *o, struct obituary_facts *f)
{
	f->n = 0;
	snprintf(f->worker, sizeof f->worker, "%u", o->worker);
	add(f, "worker", f->worker);
	if (o->path) {
		add(f, "path", o->path);
		add(f, "module", o->module);
	}
	if (WIFSIGNALED(o->status))
		add(f, "signal", obituary_signal(WTERMSIG(o->status), f->signal));
	return (struct log_fields){ f->at, f->n };
}

enum log_level obituary_write(const struct obituary *o, char out[OBITUARY_TEXT])
{
	char cause[64], where[400] = "", next[48];

	write_cause(o, cause, sizeof cause);
	if (o->path)
		snprintf(where, sizeof where, " in %s%.255s (module %.100s)",
			 o->opens ? "open() or close() of " : "", o->path, o->module);
	write_next(o, next, sizeof next);
	snprintf(out, OBITUARY_TEXT, "%sworker %u (pid %d) %s%s%s",
		 o->opens && o->place ? o->place : "", o->worker, (int)o->pid, cause, where, next);
	return level(o);
}
