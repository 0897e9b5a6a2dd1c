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
	if (limit.rlim_max < needed)
		return err_set(err, -EMFILE, "%u sockets need %llu open files, but the limit is "
			       "%llu: raise it (ulimit -Hn %llu, as root), or have fewer", n,
			       (unsigned long long)needed, (unsigned long long)limit.rlim_max,
			       (unsigned long long)needed);
	limit.rlim_cur = needed;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return err_set(err, -errno, "cannot raise the limit of open files to %llu: %s",
			       (unsigned long long)needed, strerror(errno));
	return 0;
}
