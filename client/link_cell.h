/* link_cell.h - what a link says of its target, in cells of a table for people.
 *
 * Foreign text is shown as quote.h has it; what is long is cut.  Pure. */
#ifndef CLIENT_LINK_CELL_H
#define CLIENT_LINK_CELL_H

#include "coap/linkformat.h"

enum link_cell {
	CELL_OBS,               /* it can be observed */
	CELL_CT,                /* content formats by name */
	CELL_SZ,
	CELL_RT,
	CELL_IF,
	CELL_TITLE,
	CELL_REST,              /* all others */
	CELLS
};

#define CELL_MAX 1024
#define CELL_VALUE_MAX 80u      /* bytes of a value that are shown */

/* Writes the text of a cell, terminated; empty if there is nothing to say.  What makes
 * a link a relation (anchor, rel) is told elsewhere. */
void link_cell(const struct link *link, enum link_cell cell, bool utf8, char out[CELL_MAX]);

/* How many columns such a text takes. */
size_t link_cell_width(const char *text);

/* Writes a foreign text: as it is if it is plain, else in quotes; cut with "..." if
 * it is long. */
void link_cell_text(struct writer *w, struct span text, bool utf8);

#endif
