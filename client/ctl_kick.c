#include "client/ctl_figures.h"
#include "client/ctl_link.h"

#include <inttypes.h>

/* "worker 1 has not answered", "workers 1, 3 have not answered" */
static void tell_missing(const json_t *list)
{
	size_t n = json_array_size(list);

	fprintf(stderr, "coapctl: worker%s", n == 1 ? "" : "s");
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s %" JSON_INTEGER_FORMAT, i ? "," : "",
			json_integer_value(json_array_get(list, i)));
	fprintf(stderr, " %s not answered, and may keep something for the peer still; kick it again "
		"once coapctl status shows that all run\n", n == 1 ? "has" : "have");
}

static bool take(void *arg, json_t *line)
{
	const json_t *missing = json_object_get(line, "missing");
	bool *all = arg;

	printf("%" PRIu64 " observers, %" PRIu64 " messages under way, %" PRIu64 " requests that "
	       "waited and %" PRIu64 " bodies ended\n", ctl_member(line, "observers"),
	       ctl_member(line, "exchanges"), ctl_member(line, "requests"),
	       ctl_member(line, "bodies"));
	if (json_array_size(missing)) {
		fflush(stdout);
		tell_missing(missing);
		*all = false;
	}
	return true;
}

int ctl_kick_run(const struct ctl_options *o)
{
	bool all = true;
	int code = ctl_link_run(o, json_pack("{s:s,s:s}", "do", "kick", "peer", o->word[0]), take,
				&all);

	return code == CTL_OK && !all ? CTL_FAILED : code;
}
