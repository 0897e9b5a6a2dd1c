#include "client/ctl_figures.h"
#include "client/ctl_link.h"

#include <inttypes.h>

static bool take(void *arg, json_t *line)
{
	(void)arg;
	printf("%" PRIu64 " observers, %" PRIu64 " messages under way, %" PRIu64 " requests that "
	       "waited and %" PRIu64 " bodies ended\n", ctl_member(line, "observers"),
	       ctl_member(line, "exchanges"), ctl_member(line, "requests"),
	       ctl_member(line, "bodies"));
	return true;
}

int ctl_kick_run(const struct ctl_options *o)
{
	return ctl_link_run(o, json_pack("{s:s,s:s}", "do", "kick", "peer", o->word[0]), take,
			    NULL);
}
