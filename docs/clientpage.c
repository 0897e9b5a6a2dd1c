/* clientpage - prints what comes from the rows of coap's verbs and options; run while
 * coapd is built.  One argument: "verbs" or "options" (parts of coap(1)), or "bash" (its
 * completion). */
#include "client/completion.h"
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
	else
		return EXIT_FAILURE;
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
