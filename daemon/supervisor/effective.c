#include "supervisor/effective.h"

#include "supervisor/child.h"
#include "supervisor/obituary.h"
#include "worker/inventory.h"
#include "worker/sandbox.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit statuses of the child, nothing a module's exit() would use by chance. */
enum { CHILD_TOLD = 17, CHILD_NO_USER, CHILD_NO_ROOM };

static _Noreturn void be_child(const struct site *site, FILE *out, FILE *complaints)
{
	struct err err;

	/* To load something, anybody but root will do. */
	if (sandbox_drop(site->user, &err) && sandbox_drop("nobody", &err)) {
		fprintf(complaints, "%s; ", err.text);
		fflush(complaints);
		_exit(CHILD_NO_USER);
	}
	_exit(inventory_dump(site, out, complaints) ? CHILD_NO_ROOM : CHILD_TOLD);
}

static void blame(bool late, int status, unsigned limit_ms, FILE *complaints)
{
	char name[OBITUARY_SIGNAL];

	if (late)
		fprintf(complaints, "loading the modules took longer than %u ms", limit_ms);
	else if (WIFSIGNALED(status))
		fprintf(complaints, "a module died of %s while it was loaded",
			obituary_signal(WTERMSIG(status), name));
	else
		fputs("the modules cannot be loaded", complaints);
	fputs("; the defaults of their settings are left out\n", complaints);
}

int effective_dump(const struct site *site, unsigned limit_ms, FILE *out, FILE *complaints)
{
	pid_t pid = child_fork();
	int status = 0, ended = pid < 0 ? (int)pid : 1;

	if (pid == 0)
		be_child(site, out, complaints);
	if (pid > 0)
		ended = child_wait(pid, limit_ms, &status);
	if (ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == CHILD_TOLD)
		return 0;
	if (ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == CHILD_NO_ROOM)
		return -EIO;
	blame(ended == 0, ended > 0 ? status : 0, limit_ms, complaints);
	return site_dump(site, out);
}
