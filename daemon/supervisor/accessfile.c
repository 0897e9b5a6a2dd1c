#include "supervisor/accessfile.h"

#include "supervisor/append.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int accessfile_open(const struct site *site, struct err *err)
{
	const char *path = site->access_file;
	int fd;

	if (!path || !*path)
		return 0;
	if (strcmp(path, "-") == 0) {
		fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		fd = fd < 0 ? -errno : fd;
	} else
		fd = append_open(path);
	if (fd >= 0)
		return fd;
	err_set(err, fd, "access-log.file: cannot open %s: %s", path, strerror(-fd));
	return site_blame(site, "access-log.file", fd, err);
}
