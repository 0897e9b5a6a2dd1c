#include "control/door.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define WAITING 64      /* connections that wait to be taken */

int door_user(const char *name, uid_t *user, struct err *err)
{
	const struct passwd *pw;

	*user = geteuid();
	if (*user != 0)
		return 0;
	pw = getpwnam(name);
	if (!pw)
		return err_set(err, -ENOENT, "user: there is no user %s", name);
	*user = pw->pw_uid;
	return 0;
}

/* The file may have been removed by who had the lock until now: then it locks nothing. */
static bool is_there(int fd, const char *name)
{
	struct stat mine, there;

	return fstat(fd, &mine) == 0 && stat(name, &there) == 0 &&
	       mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

/* A descriptor; -EWOULDBLOCK: another has it; or another negative errno.  again: this is
 * to be tried once more. */
static int lock_file(const char *name, bool *again)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), rc;

	*again = false;
	if (fd < 0)
		return -errno;
	rc = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
	if (rc == 0 && is_there(fd, name))
		return fd;
	*again = rc == 0;
	close(fd);
	return rc;
}

static int take_lock(struct door *d, struct err *err)
{
	char name[sizeof(struct sockaddr_un)];
	bool again;

	snprintf(name, sizeof name, "%s.lock", d->path);
	do
		d->lock = lock_file(name, &again);
	while (again);
	if (d->lock >= 0)
		return 0;
	if (d->lock != -EWOULDBLOCK)
		return err_set(err, d->lock, "control.socket: cannot make %s: %s", name,
			       strerror(-d->lock));
	return err_set(err, -EADDRINUSE, "control.socket: %s is that of another coapd that is "
		       "running: stop it, or name another path", d->path);
}

/* Of one that is dead; no other file is taken for that. */
static int clear(const struct door *d, struct err *err)
{
	struct stat st;

	if (lstat(d->path, &st) < 0)
		return errno == ENOENT ? 0 : err_set(err, -errno, "control.socket: %s: %s",
						     d->path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, -EEXIST, "control.socket: %s is there and no socket: "
			       "remove it, or name another path", d->path);
	if (unlink(d->path) < 0)
		return err_set(err, -errno, "control.socket: cannot replace %s: %s", d->path,
			       strerror(errno));
	return 0;
}

/* Nobody may come in before the mode is right, so it is so from the beginning. */
static int make(struct door *d, struct err *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	mode_t old;
	int rc;

	memcpy(sa.sun_path, d->path, strlen(d->path) + 1);
	d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->fd < 0)
		return err_set(err, -errno, "control.socket: %s", strerror(errno));
	old = umask(0177);
	rc = bind(d->fd, (struct sockaddr *)&sa, sizeof sa) ? -errno : 0;
	umask(old);
	if (rc)
		return err_set(err, rc, "control.socket: cannot make %s: %s", d->path,
			       strerror(-rc));
	if ((geteuid() == 0 && lchown(d->path, d->user, (gid_t)-1) < 0) ||
	    listen(d->fd, WAITING) < 0)
		return err_set(err, -errno, "control.socket: %s: %s", d->path, strerror(errno));
	return 0;
}

void door_give(struct door *d, uid_t user)
{
	d->user = user;
	if (geteuid() == 0)
		(void)!lchown(d->path, user, (gid_t)-1);
}

int door_open(struct door *d, const char *path, uid_t user, struct err *err)
{
	int rc;

	*d = (struct door){ .fd = -1, .lock = -1, .user = user };
	if (strlen(path) + sizeof ".lock" > sizeof ((struct sockaddr_un *)0)->sun_path)
		return err_set(err, -ENAMETOOLONG, "control.socket: %s is too long for the "
			       "path of a socket", path);
	d->path = strdup(path);
	if (!d->path)
		return err_set(err, -ENOMEM, "control.socket: out of memory");
	rc = take_lock(d, err);
	if (rc == 0)
		rc = clear(d, err);
	if (rc == 0)
		rc = make(d, err);
	if (rc)
		door_shut(d);
	return rc;
}

int door_take_over(struct door *d, const char *path, uid_t user, int fd, int lock, struct err *err)
{
	*d = (struct door){ .fd = fd, .lock = lock, .user = user, .path = strdup(path) };
	if (d->path)
		return 0;
	close(fd);
	close(lock);
	return err_set(err, -ENOMEM, "control.socket: out of memory");
}

void door_shut(struct door *d)
{
	char name[sizeof(struct sockaddr_un)];

	/* The lock last: whoever gets it finds nothing of ours that is alive. */
	if (d->fd >= 0) {
		unlink(d->path);
		close(d->fd);
	}
	if (d->lock >= 0) {
		snprintf(name, sizeof name, "%s.lock", d->path);
		unlink(name);
		close(d->lock);
	}
	free(d->path);
	*d = (struct door){ .fd = -1, .lock = -1 };
}

bool door_admits(const struct door *d, int fd)
{
	struct ucred peer;
	socklen_t n = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
	       (peer.uid == 0 || peer.uid == d->user);
}
