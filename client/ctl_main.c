/* coapctl: reads the command line, and runs the verb. */
#include <config.h>

#include "client/ctl_options.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static int told(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	fprintf(stderr, "coapctl: cannot write to standard output: %s\n", strerror(errno));
	return CTL_FAILED;
}

int main(int argc, char *argv[])
{
	struct ctl_options o;
	struct err err;

	signal(SIGPIPE, SIG_IGN);
	if (ctl_options_read(&o, argc, argv, &err)) {
		fprintf(stderr, "coapctl: %s\n", err.text);
		return CTL_WRONG;
	}
	if (o.version) {
		puts("coapctl (" PACKAGE_STRING ")");
		return told(CTL_OK);
	}
	if (o.help) {
		ctl_options_help(stdout);
		return told(CTL_OK);
	}
	return told(ctl_rows[o.verb].run(&o));
}
