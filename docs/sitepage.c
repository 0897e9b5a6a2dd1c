/* sitepage - prints coapd-site(5); run while coapd is built. */
#include "config/manual.h"

#include <stdlib.h>

int main(void)
{
	return manual_site(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
