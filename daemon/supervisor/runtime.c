#include "supervisor/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS 16

/* A service manager may name several, with colons in between (systemd.exec(5)). */
static int within(const char *wanted, const char **dir)
{
	const char *given = getenv("RUNTIME_DIRECTORY");

	if (wanted[0])
		*dir = wanted;
	else if (given && given[0] == '/')
		*dir = given;
	else
		*dir = "/tmp";
	return *dir == given ? (int)strcspn(given, ":") : (int)strlen(*dir);
}

static int give(const char *path, const char *user)
{
	const struct passwd *pw;

	if (geteuid() != 0)
		return 0;
	pw = getpwnam(user);
	return pw && chown(path, pw->pw_uid, pw->pw_gid) == 0 ? 0 : -1;
}

char *runtime_make(const char *wanted, const char *user, struct err *err)
{
	const char *dir;
	int n = within(wanted, &dir);
	char *path;

	if (asprintf(&path, "%.*s/coapd-XXXXXX", n, dir) < 0) {
		err_set(err, -ENOMEM, "runtime-directory: out of memory");
		return NULL;
	}
	if (!mkdtemp(path)) {
		err_set(err, -errno, "runtime-directory: cannot make one in %.*s: %s", n, dir,
			strerror(errno));
		free(path);
		return NULL;
	}
	if (give(path, user)) {
		err_set(err, -EPERM, "runtime-directory: cannot give %s to user %s", path, user);
		runtime_remove(path);
		return NULL;
	}
	return path;
}

static void give_entry(const FTSENT *e, const struct passwd *pw)
{
	bool mine = e->fts_info == FTS_DP || (e->fts_info == FTS_F && e->fts_statp->st_nlink == 1);

	if (mine)
		(void)!fchownat(AT_FDCWD, e->fts_accpath, pw->pw_uid, pw->pw_gid,
				AT_SYMLINK_NOFOLLOW);
}

int runtime_give(const char *path, const char *user, struct err *err)
{
	char *roots[] = { (char *)path, NULL };
	const struct passwd *pw;
	FTS *walk;
	FTSENT *e;

	if (geteuid() != 0)
		return 0;
	pw = getpwnam(user);
	walk = pw ? fts_open(roots, FTS_PHYSICAL, NULL) : NULL;
	if (!walk)
		return err_set(err, -EPERM, "runtime-directory: cannot give %s to user %s", path,
			       user);
	while ((e = fts_read(walk)))
		give_entry(e, pw);
	fts_close(walk);
	return 0;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	(void)remove(path);
	return 0;
}

void runtime_remove(char *path)
{
	/* Links are removed, not followed: what is in it was made by modules. */
	if (path)
		nftw(path, drop, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
	free(path);
}
