/* door.h - the control socket as a file: made, guarded, and removed again.
 *
 * A lock beside it (PATH.lock) is held for as long as the daemon lives, and ends with it
 * however it ends: who gets the lock may replace a socket that is there, as nobody
 * serves it any more.  Owned and run by the supervisor. */
#ifndef CONTROL_DOOR_H
#define CONTROL_DOOR_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct door {
	int fd;                 /* listening, not blocking; -1: there is none */
	int lock;
	uid_t user;             /* of the daemon: it and root may come in */
	char *path;             /* owned */
};

/* Whose a daemon is that has this user: the one that workers become if we are root, else
 * our own.  0, or -ENOENT with err: there is no such user. */
int door_user(const char *name, uid_t *user, struct err *err);

/* From now on it is open for that user, and root.  What of the file cannot be given to him, he
 * finds shut. */
void door_give(struct door *d, uid_t user);

/* Opens it, for user and root alone.  0, or a negative errno with err and a door that is
 * shut; -EADDRINUSE: another daemon has it. */
int door_open(struct door *d, const char *path, uid_t user, struct err *err);

/* The same with what another program opened there for the same daemon: the descriptors of socket
 * and lock are ours from now on, whatever comes of it. */
int door_take_over(struct door *d, const char *path, uid_t user, int fd, int lock, struct err *err);

/* Shuts it and removes its files; a shut one is fine. */
void door_shut(struct door *d);

/* Whether whoever is connected by fd may come in. */
bool door_admits(const struct door *d, int fd);

#endif
