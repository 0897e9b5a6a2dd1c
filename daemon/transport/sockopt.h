/* sockopt.h - settings of sockets as tables, so that a failure names the one that
 * failed.  Run by whoever opens sockets. */
#ifndef TRANSPORT_SOCKOPT_H
#define TRANSPORT_SOCKOPT_H

#include "base/err.h"

struct sockopt {
	int level, name, value;
	const char *text;       /* the name as a person knows it; NULL ends the table */
};

/* Sets all of them.  0, or a negative errno with err. */
int sockopt_set(int fd, const struct sockopt *table, struct err *err);

#endif
