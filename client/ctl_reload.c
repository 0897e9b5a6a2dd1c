#include "client/ctl_link.h"

/* However long the new site takes: coapd has limits for that itself. */
static json_t *wait_for(struct ctl_link *l, const struct ctl_options *o, const char *what,
			struct err *err)
{
	if (ctl_link_open(l, o, err) ||
	    ctl_link_send(l, json_pack("{s:s}", "do", what), err))
		return NULL;
	return ctl_link_line(l, -1, err);
}

/* What is wrong may be many lines. */
static int say(const struct ctl_options *o, const json_t *line, const char *done,
	       const char *goes_on)
{
	const char *fine = json_string_value(json_object_get(line, done));
	const char *wrong = json_string_value(json_object_get(line, "refused"));

	if (o->json) {
		json_dumpf(line, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (fine) {
		puts(fine);
	} else {
		fprintf(stderr, "%s\ncoapctl: %s\n",
			wrong ? wrong : "nothing is known of how it ended", goes_on);
	}
	return fine ? CTL_OK : CTL_FAILED;
}

static int run(const struct ctl_options *o, const char *what, const char *done, const char *goes_on)
{
	struct ctl_link l;
	struct err err = { "" };
	json_t *line = wait_for(&l, o, what, &err);
	int code = line ? say(o, line, done, goes_on) : CTL_FAILED;

	if (!line)
		fprintf(stderr, "coapctl: %s\n", err.text);
	json_decref(line);
	ctl_link_close(&l);
	return code;
}

int ctl_reload_run(const struct ctl_options *o)
{
	return run(o, "reload", "reloaded", "the site that was served goes on");
}

int ctl_upgrade_run(const struct ctl_options *o)
{
	return run(o, "upgrade", "upgraded", "the program that was there goes on");
}
