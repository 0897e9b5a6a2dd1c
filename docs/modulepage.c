/* modulepage DIR NAME - prints coapd-NAME(5), of the rows of a module that was built; run while
 * coapd is built. */
#include "worker/inventory.h"

#include <stdlib.h>

int main(int argc, char *argv[])
{
	struct err err = { "modulepage DIR NAME" };

	if (argc == 3 && inventory_page(argv[1], argv[2], stdout, &err) == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "%s\n", err.text);
	return EXIT_FAILURE;
}
