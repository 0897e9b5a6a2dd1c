#include "client/ctl_link.h"
#include "client/ctl_table.h"

static bool take(void *arg, json_t *line)
{
	const char *part = json_string_value(json_object_get(line, "part"));
	const char *level = json_string_value(json_object_get(line, "level"));

	ctl_table_text(arg, part ? part : "?");
	ctl_table_text(arg, level ? level : "?");
	return true;
}

int ctl_log_run(const struct ctl_options *o)
{
	json_t *request = json_pack("{s:s}", "do", "log");
	struct ctl_table t;
	int code;

	if (o->nwords == 1) {
		fputs("coapctl: it is: coapctl log PART LEVEL\n", stderr);
		json_decref(request);
		return CTL_WRONG;
	}
	if (o->nwords) {
		json_object_set_new(request, "part", json_string(o->word[0]));
		json_object_set_new(request, "level", json_string(o->word[1]));
	}
	ctl_table_begin(&t, 2);
	t.left = 3;
	code = ctl_link_run(o, request, take, &t);
	ctl_table_end(&t, stdout);
	return code;
}
