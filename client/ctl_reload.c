#include "client/ctl_link.h"

/* However long the new site takes: coapd has limits for that itself. */
static json_t *wait_for(struct ctl_link *l, const struct ctl_options *o, struct err *err)
{
	if (ctl_link_open(l, o, err) ||
	    ctl_link_send(l, json_pack("{s:s}", "do", "reload"), err))
		return NULL;
	return ctl_link_line(l, -1, err);
}

/* What is wrong with a site may be many lines. */
static int say(const struct ctl_options *o, const json_t *line)
{
	const char *fine = json_string_value(json_object_get(line, "reloaded"));
	const char *wrong = json_string_value(json_object_get(line, "refused"));

	if (o->json) {
		json_dumpf(line, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (fine) {
		puts(fine);
	} else {
		fprintf(stderr, "%s\ncoapctl: the site that was served goes on\n",
			wrong ? wrong : "nothing is known of the new site");
	}
	return fine ? CTL_OK : CTL_FAILED;
}

int ctl_reload_run(const struct ctl_options *o)
{
	struct ctl_link l;
	struct err err = { "" };
	json_t *line = wait_for(&l, o, &err);
	int code = line ? say(o, line) : CTL_FAILED;

	if (!line)
		fprintf(stderr, "coapctl: %s\n", err.text);
	json_decref(line);
	ctl_link_close(&l);
	return code;
}
