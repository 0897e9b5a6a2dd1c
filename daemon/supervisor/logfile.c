#include "supervisor/logfile.h"

#include "supervisor/append.h"

#include <string.h>

int logfile_begin(const struct site *site, struct err *err)
{
	int fd;

	if (!site->log_file || !*site->log_file) {
		log_file(-1);
		return 0;
	}
	fd = append_open(site->log_file);
	if (fd >= 0) {
		log_file(fd);
		return 1;
	}
	err_set(err, fd, "log.file: cannot open %s: %s", site->log_file, strerror(-fd));
	return site_blame(site, "log.file", fd, err);
}
