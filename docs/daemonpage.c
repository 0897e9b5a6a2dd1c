/* daemonpage - prints the options of coapd, a part of coapd(8); run while coapd is built. */
#include "supervisor/options.h"

#include <stdlib.h>

int main(void)
{
	options_page(stdout);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
