#include "supervisor/accessfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MODE 0640

static int look_at_paths(const struct site *site, struct err *err)
{
	const char *word = site->access_paths + strspn(site->access_paths, " ");

	while (*word) {
		size_t n = strcspn(word, " ");

		if (*word != '/')
			return err_set(err, -EINVAL, "%s: access-log.paths: \"%.*s\" is no path, which "
				       "begins with /", site->file, (int)n, word);
		word += n + strspn(word + n, " ");
	}
	return 0;
}

int accessfile_open(const struct site *site, struct err *err)
{
	const char *path = site->access_file;
	int fd;

	if (!path || !*path)
		return 0;
	fd = look_at_paths(site, err);
	if (fd < 0)
		return fd;
	if (strcmp(path, "-") == 0)
		fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	else if (*path != '/')
		return err_set(err, -EINVAL, "%s: access-log.file: %s is no absolute path, and not -",
			       site->file, path);
	else    /* a fifo that nobody reads is no place for a log: it is not waited for */
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
			  MODE);
	return fd >= 0 ? fd : err_set(err, -errno, "%s: access-log.file: cannot open %s: %s",
				      site->file, path, strerror(errno));
}
