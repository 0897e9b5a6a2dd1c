#include "transport/sockopt.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

int sockopt_set(int fd, const struct sockopt *table, struct err *err)
{
	for (const struct sockopt *o = table; o->text; o++)
		if (setsockopt(fd, o->level, o->name, &o->value, sizeof o->value))
			return err_set(err, -errno, "cannot set %s on a UDP socket: %s",
				       o->text, strerror(errno));
	return 0;
}
