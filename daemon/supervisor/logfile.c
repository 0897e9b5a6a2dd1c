#include "supervisor/logfile.h"

#include "supervisor/append.h"

#include <fcntl.h>
#include <string.h>

int logfile_open(const struct site *site, struct err *err)
{
	int fd;

	if (!site->log_file || !*site->log_file)
		return 0;
	fd = append_open(site->log_file);
	if (fd >= 0)
		return fd;
	err_set(err, fd, "log.file: cannot open %s: %s", site->log_file, strerror(-fd));
	return site_blame(site, "log.file", fd, err);
}

void logfile_use(int fd)
{
	log_file(fd > 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1);
}
