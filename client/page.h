/* page.h - the parts of the manual page coap(1) that come from rows, in mdoc(7). */
#ifndef CLIENT_PAGE_H
#define CLIENT_PAGE_H

#include <stdio.h>

/* The verbs, as the items of a list. */
void page_verbs(FILE *out);

/* All options that there are, as the items of a list. */
void page_options(FILE *out);

#endif
