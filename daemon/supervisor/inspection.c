#include "supervisor/inspection.h"

#include "config/refusal.h"
#include "supervisor/child.h"
#include "supervisor/process.h"
#include "supervisor/stages.h"
#include "supervisor/upgrade.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

void inspection_read(struct reload *r)
{
	ssize_t n = 0;

	/* That it took too long is said already. */
	if (!r->text[0] && r->report >= 0)
		n = pread(r->report, r->text, RELOAD_TEXT - 1, 0);
	if (n > 0)
		r->text[n] = '\0';
	if (r->report >= 0)
		close(r->report);
	r->report = -1;
}

void inspection_refuse(const struct site *served, const struct site *wanted, unsigned nslots,
		       struct config_errors *errors)
{
	struct err err;

	refusal_find(served, wanted, errors);
	if (stages_files(wanted, nslots, &err))
		errors_add(errors, site_place(wanted, "listen"), "%s", err.text);
}

static _Noreturn void be_checker(struct supervisor *sv, struct config_errors *errors)
{
	struct reload *r = &sv->reload;
	FILE *out;
	bool fine;

	process_leave_loop(sv);
	if (r->upgrades)
		upgrade_rehearse(sv, r->source->argv, r->report);
	out = fdopen(r->report, "w");
	if (r->site)
		inspection_refuse(sv->now->site, r->site, sv->nslots, errors);
	fine = r->site && r->source->look(r->source->arg, r->site, errors);
	if (out) {
		errors_print(errors, out);
		fflush(out);
	}
	_exit(fine ? 0 : 1);
}

int inspection_start(struct supervisor *sv, struct config_errors *errors)
{
	struct reload *r = &sv->reload;

	r->report = memfd_create("coapd-report", MFD_CLOEXEC);
	if (r->report < 0)
		return -errno;
	r->checker = child_fork();
	if (r->checker == 0) {
		setpgid(0, 0);
		be_checker(sv, errors);
	}
	if (r->checker > 0) {
		setpgid(r->checker, r->checker);
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		return 0;
	}
	close(r->report);
	r->report = -1;
	return (int)r->checker;
}
