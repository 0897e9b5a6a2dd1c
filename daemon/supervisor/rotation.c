#include "supervisor/rotation.h"

#include "supervisor/accessfile.h"
#include "supervisor/logfile.h"
#include "worker/order.h"

#include <string.h>
#include <unistd.h>

static void hand_out(const struct generation *g, enum worker_message what, int fd,
		     const char *which)
{
	const struct order o = { .what = what };

	for (unsigned i = 0; i < g->nworkers; i++) {
		const struct process *p = &g->process[i];
		int rc = p->control < 0 || p->held ? 0 : order_send(p->control, &o, fd);

		if (rc < 0)
			log_warn("worker %u keeps the old file of the %s: %s", i, which,
				 strerror(-rc));
	}
}

/* Whether there is another one, which takes the place of *fd. */
static bool turn(struct generation *g, int (*open)(const struct site *, struct err *), int *fd,
		 enum worker_message what, const char *which)
{
	struct err err;
	int new = open(g->site, &err);

	if (new < 0)
		log_error("%s; the %s goes on in the old one", err.text, which);
	if (new <= 0)
		return false;
	hand_out(g, what, new, which);
	close(*fd);
	*fd = new;
	return true;
}

void rotation_turn(struct supervisor *sv)
{
	struct generation *g = sv->now;

	if (turn(g, logfile_open, &g->log_fd, WORKER_LOG_FILE, "log")) {
		logfile_use(g->log_fd);
		log_notice("the file of the log is opened anew");
	}
	if (turn(g, accessfile_open, &g->access_fd, WORKER_TURN, "access log"))
		log_notice("the file of the access log is opened anew");
}
