#include "config/include.h"
#include "config/merge.h"
#include "config/value.h"
#include "config/variable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One file that was read, or is. */
struct opened {
	struct opened *next;            /* the one opened before */
	const struct opened *includer;  /* NULL: nobody, it is the site file */
	struct config_place at;         /* where it is included */
	struct config_file file;
	dev_t dev;
	ino_t ino;                      /* 0: it is no file */
	unsigned depth;
	bool stream;                    /* it has bytes, but no place among files */
};

struct includes {
	struct pool *pool;
	struct config_errors *errors;
	struct opened *last;
	unsigned count;
};

static struct node *read_tree(struct includes *in, struct opened *o);

/* --- one file ------------------------------------------------------------- */

/* Nobody is waited for: there may never be a writer of a pipe. */
static int open_now(const char *name)
{
	return open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* One byte more than a site may have, so that the excess is seen.  -errno. */
static ssize_t read_all(int fd, char *buf, size_t cap)
{
	size_t n = 0;

	while (n < cap) {
		ssize_t got = read(fd, buf + n, cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

static void keep_text(struct includes *in, struct opened *o, const char *text, size_t n)
{
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;      /* a byte order mark says nothing in UTF-8 */
		n -= 3;
	}
	o->file.text = pool_copy(in->pool, text, n);
	o->file.n = n;
}

static bool read_text(struct includes *in, struct opened *o, int fd)
{
	struct config_place nowhere = { .file = &o->file };
	struct pool *scratch = pool_new();
	char *text = pool_get(scratch, YAML_BYTES + 1);
	ssize_t n = read_all(fd, text, YAML_BYTES + 1);

	if (n < 0)
		errors_add(in->errors, nowhere, "cannot be read: %s", strerror((int)-n));
	else
		keep_text(in, o, text, (size_t)n);
	pool_free(scratch);
	return n >= 0;
}

static struct opened *add_opened(struct includes *in, const char *name)
{
	struct opened *o = pool_get(in->pool, sizeof *o);

	o->file.name = pool_copy(in->pool, name, strlen(name));
	o->file.number = in->count++;
	o->next = in->last;
	in->last = o;
	return o;
}

/* --- included files --------------------------------------------------------- */

static bool is_same(const struct opened *a, const struct opened *b)
{
	return a->ino && a->ino == b->ino && a->dev == b->dev;
}

/* A file within itself would never end, and one that is there twice says
 * everything twice. */
static bool is_new(struct includes *in, const struct opened *o)
{
	char other[PLACE_TEXT];

	for (const struct opened *up = o->includer; up; up = up->includer)
		if (is_same(up, o))
			return errors_add(in->errors, o->at, "include: %s includes itself",
					  o->file.name);
	for (const struct opened *x = o->next; x; x = x->next)
		if (is_same(x, o))
			return errors_add(in->errors, o->at, "include: %s is included twice, "
					  "before that in %s", o->file.name,
					  place_other(x->at, o->at.file, other));
	return true;
}

static const char *kind_of(mode_t mode)
{
	return S_ISDIR(mode) ? "directory" : S_ISFIFO(mode) ? "pipe" : "device";
}

static bool identify(struct includes *in, struct opened *o, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return errors_add(in->errors, o->at, "include: %s: %s", o->file.name,
				  strerror(errno));
	if (!S_ISREG(st.st_mode))
		return errors_add(in->errors, o->at, "include: %s is no regular file but a %s",
				  o->file.name, kind_of(st.st_mode));
	o->dev = st.st_dev;
	o->ino = st.st_ino;
	return is_new(in, o);
}

static void include_one(struct includes *in, const struct opened *by, struct config_place at,
			struct node *into, const char *name)
{
	struct opened *o = add_opened(in, name);
	struct node *tree = NULL;
	int fd = open_now(name);

	o->includer = by;
	o->at = at;
	o->depth = by->depth + 1;
	if (fd < 0)
		errors_add(in->errors, at, "include: cannot open %s: %s", name, strerror(errno));
	else if (o->depth > INCLUDE_DEPTH)
		errors_add(in->errors, at, "include: more than %d files within each other",
			   INCLUDE_DEPTH);
	else if (in->count > INCLUDE_FILES)
		errors_add(in->errors, at, "include: more than %d files", INCLUDE_FILES);
	else if (identify(in, o, fd) && read_text(in, o, fd))
		tree = read_tree(in, o);
	if (fd >= 0)
		close(fd);
	if (tree && tree->kind == NODE_MAP)
		merge_site(in->pool, into, tree, in->errors);
	else if (tree && tree->kind != NODE_NONE)
		errors_add(in->errors, tree->at, "a site is a mapping (key: value), not %s",
			   node_kind_name(tree->kind));
}

/* --- what an entry names ---------------------------------------------------- */

static int is_yaml(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && n > 5 && strcmp(d->d_name + n - 5, ".yaml") == 0;
}

/* Whatever is in it and ends in .yaml, in the order of the names. */
static void include_directory(struct includes *in, const struct opened *by,
			      const struct node *entry, struct node *into, const char *dir)
{
	size_t n = strlen(dir);
	struct dirent **list;
	int count = scandir(dir, &list, is_yaml, alphasort);

	if (count < 0) {
		errors_add(in->errors, entry->at, "include: cannot read directory %s: %s", dir,
			   strerror(errno));
		return;
	}
	for (int i = 0; i < count; i++) {
		char *name = pool_get(in->pool, n + strlen(list[i]->d_name) + 2);

		sprintf(name, "%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", list[i]->d_name);
		include_one(in, by, entry->at, into, name);
		free(list[i]);
	}
	free(list);
}

static void include_pattern(struct includes *in, const struct opened *by,
			    const struct node *entry, struct node *into, const char *pattern)
{
	glob_t found = { 0 };
	int status = glob(pattern, GLOB_ERR, NULL, &found);

	if (status && status != GLOB_NOMATCH)
		errors_add(in->errors, entry->at, "include: cannot look for %s: %s", pattern,
			   strerror(errno));
	for (size_t i = 0; status == 0 && i < found.gl_pathc; i++)
		include_one(in, by, entry->at, into, found.gl_pathv[i]);
	globfree(&found);
}

/* Relative names are so to the directory of the file that they stand in; what comes out of a
 * pipe stands nowhere. */
static const char *resolve(struct includes *in, const struct opened *by, const char *name)
{
	const char *slash = by->stream ? NULL : strrchr(by->file.name, '/');
	size_t n = slash && *name != '/' ? (size_t)(slash - by->file.name) + 1 : 0;
	char *path = pool_get(in->pool, n + strlen(name) + 1);

	memcpy(path, by->file.name, n);
	strcpy(path + n, name);
	return path;
}

static void include_entry(struct includes *in, const struct opened *by,
			  const struct node *entry, struct node *into)
{
	const char *path;
	struct stat st;

	if (entry->kind == NODE_WRONG)
		return;
	if (entry->kind != NODE_TEXT || !*entry->text) {
		errors_add(in->errors, entry->at, "include: must be the name of a file or "
			   "directory, or a pattern, not %s",
			   entry->kind == NODE_TEXT ? "nothing" : node_kind_name(entry->kind));
		return;
	}
	path = resolve(in, by, entry->text);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		include_directory(in, by, entry, into, path);
	else if (path[strcspn(path, "*?[")] && access(path, F_OK) != 0)
		include_pattern(in, by, entry, into, path);
	else
		include_one(in, by, entry->at, into, path);
}

/* --- the tree ------------------------------------------------------------- */

static struct node *take_member(struct node *map, const char *key)
{
	for (struct node **p = &map->first; *p; p = &(*p)->next)
		if (strcmp((*p)->key, key) == 0) {
			struct node *found = *p;

			*p = found->next;
			map->count--;
			return found;
		}
	return NULL;
}

static struct node *read_tree(struct includes *in, struct opened *o)
{
	struct node *root = yaml_read(in->pool, &o->file, in->errors);
	struct node *include;

	if (!root || root->kind != NODE_MAP)
		return root;
	variables_expand(in->pool, root, in->errors);
	include = take_member(root, "include");
	if (include && include->kind == NODE_LIST)
		for (const struct node *m = include->first; m; m = m->next)
			include_entry(in, o, m, root);
	else if (include)
		include_entry(in, o, include, root);
	return root;
}

/* Only comments in a file of many are fine, a site of nothing is not. */
static struct node *read_site(struct includes *in, struct opened *o)
{
	struct config_place nowhere = { .file = &o->file };
	struct node *root = read_tree(in, o);

	if (!root || root->kind != NODE_NONE)
		return root;
	errors_add(in->errors, nowhere, "there is nothing in this file");
	return NULL;
}

struct node *include_text(struct pool *pool, const char *name, const char *text, size_t n,
			  struct config_errors *errors)
{
	struct includes in = { .pool = pool, .errors = errors };
	struct opened *o = add_opened(&in, name);

	keep_text(&in, o, text, n);
	return read_site(&in, o);
}

struct node *include_own(struct pool *pool, const char *name, const char *text, size_t n,
			 struct config_errors *errors)
{
	struct includes in = { .pool = pool, .errors = errors };
	struct opened *o = add_opened(&in, name);

	o->file.own = true;
	keep_text(&in, o, text, n);
	return read_site(&in, o);
}

/* --- the site file ---------------------------------------------------------- */

/* What is written to a pipe, or typed, is waited for. */
static bool await_all(struct includes *in, struct opened *o, int fd)
{
	struct config_place nowhere = { .file = &o->file };

	o->stream = true;
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) < 0)
		return errors_add(in->errors, nowhere, "cannot be read: %s", strerror(errno));
	if (!read_text(in, o, fd))
		return false;
	if (o->file.n || isatty(fd))
		return true;
	return errors_add(in->errors, nowhere, "is a pipe, and nobody writes to it");
}

static bool read_file(struct includes *in, struct opened *o, int fd, enum include_from from)
{
	struct config_place nowhere = { .file = &o->file };
	bool tty = isatty(fd);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return errors_add(in->errors, nowhere, "cannot be read: %s", strerror(errno));
	o->dev = st.st_dev;
	o->ino = st.st_ino;
	if (S_ISREG(st.st_mode))
		return read_text(in, o, fd);
	if (from == INCLUDE_FROM_ANY && (S_ISFIFO(st.st_mode) || tty))
		return await_all(in, o, fd);
	return errors_add(in->errors, nowhere, "is no regular file but a %s%s",
			  tty ? "terminal" : kind_of(st.st_mode), S_ISFIFO(st.st_mode) || tty ?
			  ", out of which nothing can be read again" : "");
}

struct node *include_file(struct pool *pool, const char *name, enum include_from from,
			  struct config_errors *errors)
{
	struct includes in = { .pool = pool, .errors = errors };
	struct opened *o = add_opened(&in, name);
	struct config_place nowhere = { .file = &o->file };
	int fd = open_now(name);
	struct node *root = NULL;

	if (fd < 0) {
		errors_add(errors, nowhere, "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	if (read_file(&in, o, fd, from))
		root = read_site(&in, o);
	close(fd);
	return root;
}
