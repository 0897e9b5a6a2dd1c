#include "client/descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#define DESCRIPTORS_ELSE 64u    /* standard streams, the loop, files, name servers */

int descriptors_raise(unsigned n, struct err *err)
{
	rlim_t needed = (rlim_t)n + DESCRIPTORS_ELSE;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return err_set(err, -errno, "cannot read the limit of open files: %s",
			       strerror(errno));
	if (limit.rlim_cur >= needed)
		return 0;
	limit.rlim_cur = needed;
	if (limit.rlim_max < needed)
		limit.rlim_max = needed;        /* root may */
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return 0;
	return err_set(err, -EMFILE, "%u sockets need %llu open files, and the limit cannot be "
		       "raised to that: have fewer, or raise the hard limit first (ulimit -Hn "
		       "%llu, as root; fs.nr_open is the most)", n, (unsigned long long)needed,
		       (unsigned long long)needed);
}
