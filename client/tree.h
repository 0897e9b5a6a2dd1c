/* tree.h - the links of a server as a tree by path, in columns, for people.
 *
 *	coap://[::1]/
 *	├─ /.well-known/core  application/link-format
 *	└─ /sensors           application/link-format                "Sensor Index"
 *	   ├─ /light      obs text/plain               rt=light-lux
 *	   └─ /temp       obs text/plain               rt=temperature
 *	elsewhere:
 *	   coap://other.example/x  rt=y
 *	relations:
 *	   /sensors/temp --describedby--> http://www.example.com/t123
 *
 * What a server sent is shown as quote.h has it; long values are cut. */
#ifndef CLIENT_TREE_H
#define CLIENT_TREE_H

#include "client/catalog.h"

#include <stdio.h>

struct tree_look {
	bool color;
	bool utf8;              /* whoever reads it takes UTF-8 */
};

/* Prints them under a title, which is the server's.  0, or -ENOMEM. */
int tree_print(FILE *out, const char *title, const struct catalog *c,
	       const struct tree_look *look);

#endif
