#include "supervisor/append.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE 0640
#define ABOVE_STANDARD 3

int append_open(const char *path)
{
	/* A fifo that nobody reads is no place for a log: it is not waited for. */
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		      MODE), high;

	if (fd < 0 || fd >= ABOVE_STANDARD)
		return fd < 0 ? -errno : fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, ABOVE_STANDARD);
	close(fd);
	return high < 0 ? -EMFILE : high;
}

static const char *advice(int why)
{
	if (why == ENOENT)
		return "make its directory first, or name another place";
	if (why == EROFS)
		return "name a place that can be written (in a unit, ReadWritePaths= or "
		       "LogsDirectory= make one)";
	return "let coapd write there, or name another place";
}

bool append_check_directory(const char *path, const char *key, struct config_place at,
			    struct config_errors *errors)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	snprintf(dir, sizeof dir, "%.*s", !slash ? 1 : (int)(slash == path ? 1 : slash - path),
		 slash ? path : ".");
	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0)
		return true;
	return errors_add(errors, at, "%s: cannot make %.200s: %s; %s", key, path, strerror(errno),
			  advice(errno));
}

bool append_check(const char *path, const char *key, struct config_place at,
		  struct config_errors *errors)
{
	struct stat st;

	if (stat(path, &st) < 0 && errno == ENOENT)
		return append_check_directory(path, key, at, errors);
	if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0)
		return errors_add(errors, at, "%s: cannot write to %.200s: %s; %s", key, path,
				  strerror(errno), advice(errno));
	if (S_ISDIR(st.st_mode))
		return errors_add(errors, at, "%s: %.200s is a directory; name a file in it", key,
				  path);
	return true;
}
