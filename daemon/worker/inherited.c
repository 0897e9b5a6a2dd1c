#include "worker/inherited.h"

#include "base/log.h"
#include "worker/sandbox.h"

#include <errno.h>
#include <stdlib.h>

int inherited_keep(const struct worker_boot *b, struct err *err)
{
	size_t each = b->site->nlisteners + 4, n = 0;
	int *fds = calloc(b->nslots * each + b->nmemfds + b->wakes.n + 3, sizeof *fds);

	if (!fds)
		return err_set(err, -ENOMEM, "no memory for a list of descriptors");
	for (unsigned i = 0; i < b->nslots; i++) {
		for (size_t k = 0; k < b->site->nlisteners; k++)
			fds[n++] = b->slots[i].socks[k];
		fds[n++] = b->slots[i].client_sock;
		fds[n++] = b->slots[i].memfd;
		fds[n++] = b->slots[i].old_memfd;
		fds[n++] = b->slots[i].mail;
	}
	for (unsigned i = 0; i < b->wakes.n; i++)
		fds[n++] = b->wakes.fd[i];
	for (unsigned i = 0; b->mail && i < b->nmemfds; i++)
		fds[n++] = b->mail[i];
	fds[n++] = b->control_fd;
	log_file(b->log_fd > 0 ? b->log_fd : -1);
	fds[n++] = log_fd();
	fds[n++] = b->access_fd;
	sandbox_keep(fds, (unsigned)n);
	free(fds);
	return 0;
}
