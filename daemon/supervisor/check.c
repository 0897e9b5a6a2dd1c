#include "supervisor/check.h"

#include "supervisor/child.h"
#include "supervisor/obituary.h"
#include "worker/worker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum outcome {
	FINE,
	WRONG,          /* and errors says what */
	CRASHED,        /* and sig says of what; 0 when it called exit() */
	LATE,
	IMPOSSIBLE      /* no child; errors says why */
};

#define CHILD_FINE 0
#define CHILD_WRONG 17  /* nothing a module's exit() would use by chance */

static const struct config_place nowhere;

static enum outcome no_child(struct config_errors *errors, int error)
{
	errors_add(errors, nowhere, "cannot fork to check modules: %s", strerror(-error));
	return IMPOSSIBLE;
}

/* A child that went wrong may have written anything. */
static void mend(struct config_errors *e)
{
	if (e->count > CONFIG_ERRORS_MAX)
		e->count = CONFIG_ERRORS_MAX;
	if (e->passing > e->count)
		e->passing = e->count;
	for (unsigned i = 0; i < CONFIG_ERRORS_MAX; i++) {
		e->text[i][sizeof e->text[i] - 1] = '\0';
		e->excerpt[i][sizeof e->excerpt[i] - 1] = '\0';
	}
	e->file[sizeof e->file - 1] = '\0';
}

static enum outcome judge(int status, int *sig)
{
	*sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_FINE)
		return FINE;
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_WRONG)
		return WRONG;
	return CRASHED;
}

static enum outcome run_child(const struct site *site, unsigned limit_ms,
			      struct config_errors *shared, int *sig)
{
	pid_t pid = child_fork();
	int status, ended;

	if (pid == 0)
		_exit(worker_check(site, shared) ? CHILD_FINE : CHILD_WRONG);
	if (pid < 0)
		return no_child(shared, (int)pid);
	ended = child_wait(pid, limit_ms, &status);
	mend(shared);
	if (ended < 0)
		return no_child(shared, ended);
	return ended ? judge(status, sig) : LATE;
}

static void blame(struct config_errors *errors, struct config_place at, const char *who,
		  enum outcome o, int sig, unsigned limit_ms)
{
	char name[OBITUARY_SIGNAL];

	if (o == LATE)
		errors_add(errors, at, "%s took longer than %u ms to load and check its "
			   "settings", who, limit_ms);
	else if (sig == 0)
		errors_add(errors, at, "%s ended the process while it was loaded and checked",
			   who);
	else
		errors_add(errors, at, "%s died of %s while it was loaded and checked", who,
			   obituary_signal(sig, name));
}

/* All together crashed or hung: one by one tells whose fault it is. */
static void find_culprits(const struct site *site, unsigned limit_ms, enum outcome together,
			  int sig, struct config_errors *shared)
{
	unsigned known = shared->count;
	enum outcome o = FINE;

	for (size_t i = 0; i < site->nmounts && o != LATE; i++) {
		const struct site_mount *m = &site->mounts[i];
		struct site alone = *site;
		char who[128];
		int alone_sig = 0;

		alone.mounts = m;
		alone.nmounts = 1;
		o = run_child(&alone, limit_ms, shared, &alone_sig);
		snprintf(who, sizeof who, "module %.100s", m->module);
		if (o == CRASHED || o == LATE)
			blame(shared, m->module_at, who, o, alone_sig, limit_ms);
	}
	if (shared->count == known)
		blame(shared, nowhere, "loading all modules into one process", together, sig,
		      limit_ms);
}

enum check check_modules(const struct site *site, unsigned limit_ms,
			 struct config_errors *errors)
{
	struct config_errors *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
					    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	enum outcome o;
	int sig = 0;

	errors_begin(errors, site->file);
	if (shared == MAP_FAILED) {
		errors_add(errors, nowhere, "no memory to check modules");
		return CHECK_IMPOSSIBLE;
	}
	errors_begin(shared, site->file);
	o = run_child(site, limit_ms, shared, &sig);
	if (o == CRASHED || o == LATE) {
		errors_begin(shared, site->file);
		find_culprits(site, limit_ms, o, sig, shared);
	}
	memcpy(errors, shared, sizeof *errors);
	munmap(shared, sizeof *shared);
	return o == FINE ? CHECK_FINE : o == IMPOSSIBLE ? CHECK_IMPOSSIBLE : CHECK_WRONG;
}
