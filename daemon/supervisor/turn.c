#include "supervisor/turn.h"

#include "supervisor/accessfile.h"
#include "supervisor/logfile.h"
#include "worker/order.h"

#include <string.h>
#include <unistd.h>

static void hand_out(const struct supervisor *sv, enum worker_message what, int fd,
		     const char *which)
{
	const struct order o = { .what = what };

	for (unsigned i = 0; i < sv->nworkers; i++) {
		int control = sv->process[i].control;
		int rc = control < 0 ? 0 : order_send(control, &o, fd);

		if (rc < 0)
			log_warn("worker %u keeps the old file of the %s: %s", i, which,
				 strerror(-rc));
	}
}

static void turn_log(const struct supervisor *sv)
{
	struct err err;
	int rc = logfile_begin(sv->site, &err);

	if (rc < 0)
		log_error("%s; the log goes on in the old one", err.text);
	if (rc <= 0)
		return;
	hand_out(sv, WORKER_LOG_FILE, log_fd(), "log");
	log_notice("the file of the log is opened anew");
}

static void turn_access(struct supervisor *sv)
{
	struct err err;
	int fd = accessfile_open(sv->site, &err);

	if (fd < 0)
		log_error("%s; the access log goes on in the old one", err.text);
	if (fd <= 0)
		return;
	hand_out(sv, WORKER_TURN, fd, "access log");
	close(sv->access_fd);
	sv->access_fd = fd;
	log_notice("the file of the access log is opened anew");
}

void turn_files(struct supervisor *sv)
{
	turn_log(sv);
	turn_access(sv);
}
