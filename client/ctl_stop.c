#include "client/ctl_link.h"

#include <errno.h>

/* The connection lives as long as coapd does; how long that is, its site says. */
static int wait_for_end(struct ctl_link *l)
{
	struct err err;
	json_t *line;

	while ((line = ctl_link_line(l, -1, &err)))
		json_decref(line);
	return 0;
}

int ctl_stop_run(const struct ctl_options *o)
{
	struct ctl_link l;
	struct err err;
	json_t *line = NULL;
	int rc = ctl_link_open(&l, o, &err);

	if (rc == 0)
		rc = ctl_link_send(&l, json_pack("{s:s}", "do", "stop"), &err);
	if (rc == 0) {
		line = ctl_link_line(&l, CTL_LINK_WAIT_MS, &err);
		rc = line ? wait_for_end(&l) : -EPROTO;
	}
	if (rc)
		fprintf(stderr, "coapctl: %s\n", err.text);
	json_decref(line);
	ctl_link_close(&l);
	return rc ? CTL_FAILED : CTL_OK;
}
