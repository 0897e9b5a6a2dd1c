/* coap: reads the command line, and runs the verb. */
#include <config.h>

#include "client/outcome.h"
#include "client/tool.h"
#include "client/usage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int wrong(const struct arguments *args, const struct err *err)
{
	struct show show;

	show_open(&show, args, stderr);
	show_error(&show, "%s", err->text);
	show_close(&show);
	return OUTCOME_USAGE;
}

/* What was asked of the program itself is on standard output, or it is an error. */
static int told(void)
{
	if (fflush(stdout) == 0)
		return OUTCOME_OK;
	fprintf(stderr, "coap: cannot write to standard output: %s\n", strerror(errno));
	return OUTCOME_FAILED;
}

static int run(const struct arguments *args)
{
	const struct verb *verb = &verbs[args->verb];
	struct err err;
	struct tool t;
	int code;

	if (!verb->run) {
		fprintf(stderr, "coap: %s is not built yet\n", verb->name);
		return OUTCOME_FAILED;
	}
	if (tool_open(&t, args, &err)) {
		fprintf(stderr, "coap: %s\n", err.text);
		code = OUTCOME_FAILED;
	} else {
		code = verb->run(&t);
	}
	tool_close(&t);
	return code;
}

int main(int argc, char *argv[])
{
	struct arguments args;
	struct err err;
	int code;

	if (arguments_read(&args, argc, argv, &err)) {
		code = wrong(&args, &err);
	} else if (args.version) {
		puts("coap (" PACKAGE_STRING ")");
		code = told();
	} else if (args.help) {
		usage_print(&args, stdout);
		code = told();
	} else {
		code = run(&args);
	}
	arguments_free(&args);
	return code;
}
