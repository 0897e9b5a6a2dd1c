/* clientpage - prints what comes from the rows of coap's verbs and options; run while
 * coapd is built, and likewise of coapctl's.  One argument: "verbs" or "options" (parts of
 * coap(1)), "bash" (its completion), or "ctl-options" or "ctl-bash" (the same of coapctl). */
#include "client/completion.h"
#include "client/ctl_completion.h"
#include "client/ctl_options.h"
#include "client/page.h"

#include <stdlib.h>
#include <string.h>

int main(int argc, char *argv[])
{
	const char *what = argc == 2 ? argv[1] : "";

	if (strcmp(what, "verbs") == 0)
		page_verbs(stdout);
	else if (strcmp(what, "options") == 0)
		page_options(stdout);
	else if (strcmp(what, "bash") == 0)
		completion_bash(stdout);
	else if (strcmp(what, "ctl-options") == 0)
		ctl_options_page(stdout);
	else if (strcmp(what, "ctl-bash") == 0)
		ctl_completion_bash(stdout);
	else
		return EXIT_FAILURE;
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
