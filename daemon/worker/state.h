/* state.h - what a worker is made of.  Made, used and ended by its one thread; the files of this
 * folder that include it see all of it, nobody else does. */
#ifndef WORKER_STATE_H
#define WORKER_STATE_H

#include "resource/jobs.h"
#include "resource/resources.h"
#include "worker/budget.h"
#include "worker/mailbox.h"
#include "worker/service.h"
#include "worker/watcher.h"

struct worker {
	const struct worker_boot *boot;
	struct service_env env;
	struct trace trace;
	struct budget budget;
	struct jobs jobs;
	struct mailbox mailbox;
	struct hosts hosts;
	ev_async done;                  /* jobs are */
	struct watcher watcher;         /* of modules' descriptors */
	struct names names;
	struct service *services;       /* boot->nslots of them */
	unsigned nservices;             /* open ones */
	ev_io control;
	ev_io woken;                    /* something changed */
	ev_timer beat;                  /* the supervisor is told that we live */
	ev_timer drain;                 /* draining must end */
	ev_prepare idle;                /* draining: looks whether it is over */
	enum worker_exit exit;
	ev_signal end[2];               /* in place of control, if there is no supervisor */
};

static inline bool worker_is_alone(const struct worker *w)
{
	return w->boot->control_fd < 0;
}

#endif
