/* tree.h - the directory that is served: from the path of a request to what is there,
 * and no way out of it.
 *
 * Every name is resolved by openat2(2) from the root's descriptor, beneath it: no "..",
 * no absolute link, no link of /proc leads out, whatever changes meanwhile. */
#ifndef FILES_TREE_H
#define FILES_TREE_H

#include <coapd/module.h>
#include <sys/stat.h>

#define TREE_PATH 4096
#define TREE_HIDDEN ".coapd-"   /* names that begin so are ours, and not served */

struct place {
	char path[TREE_PATH];   /* relative; "." is the root */
	const char *name;       /* its last part */
	bool directory;         /* the request's path ends in a slash, or is the mount's */
};

/* The place that the task's request names.  0, or the code to answer with. */
uint8_t tree_place(const coapd_task *task, struct place *place);

/* The root's descriptor; -errno: ENOSYS where the kernel has no openat2(). */
int tree_open(const char *path);

/* Opens the place for reading: a regular file, or a directory.  -1: errno. */
int tree_read(int root, const char *path, struct stat *st);

/* The same, if no disk has to be waited for: errno is EAGAIN then.  Where the kernel cannot tell
 * (before Linux 5.12) it may be waited for. */
int tree_read_cached(int root, const char *path, struct stat *st);

/* What there is, without opening it.  False: nothing that is served. */
bool tree_look(int root, const char *path, struct stat *st);

/* A directory, for openat() and the like. */
int tree_directory(int root, const char *path);

/* A symbolic link is on the way, or at its end. */
bool tree_links(int root, const char *path);

/* The directory that a place is in. */
int tree_parent(int root, const struct place *place);

/* Removes files that begin with TREE_HIDDEN from the root, if nobody has written to them
 * since then. */
void tree_sweep(int root, const struct timespec *then);

/* Stands for what the file is now. */
uint64_t tree_etag(const struct stat *st);

#endif
