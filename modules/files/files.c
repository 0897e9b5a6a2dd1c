/* files - serves a directory: files to read and, where the site says so, to write;
 * directories as lists of links.
 *
 * What is put comes part by part into a file of another name at the root, and takes its
 * place whole, by rename().  A part is written at its offset, so that writing it again
 * after a crash does no harm. */
#include "listing.h"
#include "sight.h"
#include "warm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct conf {
	const char *root;
	const char *index;
	bool write;
	uint32_t observed;
	uint64_t poll_ms;
};

static const struct coapd_row rows[] = {
	{ "root", "string", NULL, "1..3000", "bytes",
	  "The directory to serve.", offsetof(struct conf, root) },
	{ "write", "bool", "no", NULL, NULL,
	  "Whether files may be put and deleted.", offsetof(struct conf, write) },
	{ "index", "string", "", "0..255", "bytes",
	  "The name of a file that is served in place of the list of the directory it is in; "
	  "when empty there is none.", offsetof(struct conf, index) },
	{ "observed", "count", "256", "0..4096", "paths",
	  "How many files and directories can be observed in each worker.",
	  offsetof(struct conf, observed) },
	{ "poll", "duration", "1s", "100ms..1h", NULL,
	  "How often what is observed is looked at where the kernel does not tell of changes, "
	  "and how long a writer may go on writing before observers are told.",
	  offsetof(struct conf, poll_ms) },
};

struct files {
	const struct conf *conf;
	int root;
	int fd;                 /* the file that was asked for last; -1 none */
	bool found;             /* the last GET found something */
	struct sight sight;
};

/* What an upload remembers. */
struct upload {
	uint64_t ino;           /* of the file that its parts are written to */
	bool existed;           /* there was one in its place */
};

static const char *
why(int err)
{
	return err == -ENOSYS ? "this kernel cannot keep names within a directory (openat2, Linux "
				"5.6)" : strerror(-err);
}

static int
check(const void *conf, struct coapd_err *err)
{
	const struct conf *c = conf;
	int root;

	if (strchr(c->index, '/') || !strncmp(c->index, TREE_HIDDEN, strlen(TREE_HIDDEN))) {
		err->row = "index";
		snprintf(err->text, sizeof err->text, "index: no name of a file in each directory");
		return -EINVAL;
	}
	root = tree_open(c->root);
	if (root >= 0)
		return close(root);
	err->row = "root";
	snprintf(err->text, sizeof err->text, "%.120s: %s", c->root, why(root));
	return root == -EINVAL ? -EIO : root;
}

static void
on_change(void *self, int fd, int events)
{
	struct files *f = self;

	(void)fd, (void)events;
	sight_read(&f->sight);
}

static int
look(struct files *f, coapd_mount *mount)
{
	int err = sight_open(&f->sight, mount, f->root, f->conf->observed,
			     (uint32_t)f->conf->poll_ms);

	if (!err && f->sight.fd >= 0)
		err = coapd_watch_fd(mount, f->sight.fd, COAPD_READABLE, on_change);
	if (err)
		sight_close(&f->sight);
	return err;
}

/* What an earlier run of coapd was killed in the middle of: of this one there is none older
 * than its directory. */
static void
clean_up(struct files *f, coapd_mount *mount)
{
	const char *directory = coapd_directory(mount);
	struct stat st;

	if (f->conf->write && directory && stat(directory, &st) == 0)
		tree_sweep(f->root, &st.st_mtim);
}

static int
open_mount(coapd_mount *mount, const void *conf, void **self)
{
	struct files *f = calloc(1, sizeof *f);
	int err;

	if (!f)
		return -ENOMEM;
	f->conf = conf;
	f->fd = -1;
	f->root = tree_open(f->conf->root);
	*self = f;
	err = f->root < 0 ? f->root : look(f, mount);
	if (!err) {
		clean_up(f, mount);
		return 0;
	}
	coapd_log(mount, COAPD_LOG_ERROR, "cannot serve %s: %s", f->conf->root, why(err));
	if (f->root >= 0)
		close(f->root);
	free(f);
	return err;
}

static void
close_mount(void *self)
{
	struct files *f = self;

	if (f->fd >= 0)
		close(f->fd);
	sight_close(&f->sight);
	close(f->root);
	free(f);
}

static enum coapd_verdict
answer(coapd_task *task, uint8_t code)
{
	coapd_reply(task, code);
	return COAPD_DONE;
}

static uint8_t
code_of(int err)
{
	switch (err) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
	case EXDEV:             /* it would lead out */
		return COAPD_404_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return COAPD_403_FORBIDDEN;
	case ENOSPC:
	case EDQUOT:
		return COAPD_413_TOO_LARGE;
	default:
		return COAPD_500_INTERNAL_ERROR;
	}
}

/* --- reading ------------------------------------------------------------------------ */

/* Replies with the file that is open. */
static enum coapd_verdict
get_file(coapd_task *task, const struct stat *st, const char *name)
{
	uint64_t sum = tree_etag(st);
	coapd_span etag = { (const uint8_t *)&sum, sizeof sum };
	uint16_t format = listing_format(name);

	if (!coapd_offer(task, format) || !coapd_current(task, true, etag))
		return COAPD_DONE;
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, format);
	coapd_reply_body(task, (uint64_t)st->st_size, etag);
	return COAPD_DONE;
}

static bool
index_path(const struct files *f, const struct place *at, char path[TREE_PATH])
{
	return at->directory && f->conf->index[0] &&
	       snprintf(path, TREE_PATH, "%s/%s", at->path, f->conf->index) < TREE_PATH;
}

static bool
open_index(struct files *f, const struct place *at, struct stat *st)
{
	char path[TREE_PATH];

	if (!index_path(f, at, path))
		return false;
	f->fd = tree_read(f->root, path, st);
	if (f->fd < 0 || S_ISREG(st->st_mode))
		return f->fd >= 0;
	close(f->fd);
	f->fd = -1;
	return false;
}

static enum coapd_verdict
get_directory(struct files *f, coapd_task *task, int fd)
{
	if (!coapd_offer(task, COAPD_LINK_FORMAT) ||
	    !coapd_current(task, true, (coapd_span){ NULL, 0 }) || listing_reply(task, fd))
		return COAPD_DONE;
	coapd_log(coapd_task_mount(task), COAPD_LOG_WARN,
		  "a directory below %s has too many files to be listed", f->conf->root);
	return answer(task, COAPD_500_INTERNAL_ERROR);
}

static enum coapd_verdict
get_now(struct files *f, coapd_task *task, const struct place *at)
{
	struct stat st;
	int fd;
	enum coapd_verdict v;

	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	f->found = false;
	if (open_index(f, at, &st)) {
		f->found = true;
		return get_file(task, &st, f->conf->index);
	}
	fd = tree_read(f->root, at->path, &st);
	if (fd < 0)
		return answer(task, code_of(errno));
	if (!at->directory && S_ISREG(st.st_mode)) {
		f->fd = fd;
		f->found = true;
		return get_file(task, &st, at->name);
	}
	f->found = at->directory && S_ISDIR(st.st_mode);
	v = f->found ? get_directory(f, task, fd) : answer(task, COAPD_404_NOT_FOUND);
	close(fd);
	return v;
}

/* Where the part begins that is asked for: the core reads this option (RFC 7959 2.2), and
 * here it tells what is going to be wanted. */
static uint64_t
wanted_offset(const coapd_task *task)
{
	uint64_t block;

	if (!coapd_opt_uint(coapd_request(task), 23, &block) || block > 0xffffff)
		return 0;
	return (block >> 4) << ((block & 7) + 4);
}

/* What would have to be waited for is brought by a job, if there can be one; true: it has
 * begun. */
static bool
fetch(struct files *f, coapd_task *task, const struct place *at)
{
	char index[TREE_PATH];
	const char *path = at->path;
	uint64_t offset = wanted_offset(task);
	struct stat st;

	if (index_path(f, at, index) && tree_look(f->root, index, &st) && S_ISREG(st.st_mode))
		path = index;
	return !warm_is(f->root, path, offset) &&
	       warm_begin(task, 0, f->root, path, offset) == 0;
}

/* What is observed is watched before it is read. */
static enum coapd_verdict
get(struct files *f, coapd_task *task, const struct place *at, const struct coapd_event *event)
{
	bool again = event->what == COAPD_EV_RENDER, fresh = false, watched;
	enum coapd_verdict v;

	if (event->what == COAPD_EV_REQUEST && fetch(f, task, at))
		return COAPD_WAIT;
	if (!again && !coapd_wants_observe(task))
		return get_now(f, task, at);
	watched = sight_on(&f->sight, at, &fresh);
	v = get_now(f, task, at);
	if (watched && f->found)
		coapd_observe(task);
	else if (fresh)
		sight_off(&f->sight, at);
	else if (again && f->found)     /* whoever is still interested asks anew */
		return answer(task, COAPD_503_UNAVAILABLE);
	return v;
}

static enum coapd_verdict
read_part(struct files *f, coapd_task *task, const struct coapd_event *event)
{
	uint8_t bytes[2048];
	size_t n = event->want < sizeof bytes ? event->want : sizeof bytes;
	ssize_t got = pread(f->fd, bytes, n, (off_t)event->offset);

	/* A file that became shorter is an error that the core finds. */
	if (got > 0)
		coapd_reply_data(task, (coapd_span){ bytes, (size_t)got });
	return COAPD_DONE;
}

/* --- writing ------------------------------------------------------------------------- */

static void
name_of(coapd_id task, char name[40])
{
	snprintf(name, 40, TREE_HIDDEN "%016" PRIx64, task);
}

/* Whether what is in the place may be replaced, and the request's conditions hold for
 * it; else there is a reply. */
static bool
is_fit(coapd_task *task, int parent, const struct place *at, struct stat *st, bool *exists)
{
	uint64_t etag;

	*exists = fstatat(parent, at->name, st, AT_SYMLINK_NOFOLLOW) == 0;
	if (*exists && !S_ISREG(st->st_mode) && !S_ISLNK(st->st_mode)) {
		coapd_reply(task, COAPD_403_FORBIDDEN);
		return false;
	}
	etag = *exists ? tree_etag(st) : 0;
	return coapd_current(task, *exists, *exists ?
			     (coapd_span){ (const uint8_t *)&etag, sizeof etag } :
			     (coapd_span){ NULL, 0 });
}

/* Writes the part that is there; 0, errno. */
static int
store(const struct files *f, coapd_task *task, const char *name, uint64_t offset)
{
	struct upload *up = coapd_scratch(task, sizeof *up);
	coapd_span part = coapd_payload(coapd_request(task));
	int fd = openat(f->root, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW |
			(offset ? 0 : O_CREAT | O_TRUNC), 0644), err = 0;
	struct stat st;

	if (fd < 0)
		return errno;
	errno = ENOSPC;
	if (part.n && pwrite(fd, part.p, part.n, (off_t)offset) != (ssize_t)part.n)
		err = errno;
	else if (fstat(fd, &st))
		err = errno;
	else
		up->ino = st.st_ino;
	close(fd);
	return err;
}

static enum coapd_verdict
replace(struct files *f, coapd_task *task, int parent, const struct place *at,
	const char *name)
{
	const struct upload *up = coapd_scratch(task, sizeof *up);

	if (renameat(f->root, name, parent, at->name))
		return answer(task, errno == EXDEV ? COAPD_403_FORBIDDEN : code_of(errno));
	return answer(task, up->existed ? COAPD_204_CHANGED : COAPD_201_CREATED);
}

/* A worker died in this very request, which came in one message: did it get as far as to put
 * the file in its place?  What is there is what is to be there, then. */
static bool
is_done(coapd_task *task, const struct coapd_event *event, int parent, const struct place *at)
{
	coapd_span body = coapd_payload(coapd_request(task));
	uint8_t there[2048];
	int fd;
	ssize_t n;

	if (!event->attempt || !event->last || event->offset || body.n >= sizeof there)
		return false;
	fd = openat(parent, at->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	n = fd < 0 ? -1 : pread(fd, there, sizeof there, 0);
	if (fd >= 0)
		close(fd);
	return n == (ssize_t)body.n && (!n || memcmp(there, body.p, body.n) == 0);
}

static enum coapd_verdict
put_in(struct files *f, coapd_task *task, const struct coapd_event *event, int parent,
       const struct place *at)
{
	struct upload *up = coapd_scratch(task, sizeof *up);
	struct stat st;
	char name[40];
	bool exists;
	int err;

	name_of(coapd_task_id(task), name);
	if (event->attempt && event->last && event->offset &&
	    fstatat(parent, at->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == up->ino)
		/* A worker died between the last part and its answer. */
		return answer(task, up->existed ? COAPD_204_CHANGED : COAPD_201_CREATED);
	if (is_done(task, event, parent, at))
		return answer(task, coapd_opt(coapd_request(task), COAPD_OPT_IF_NONE_MATCH, 0,
					      NULL) ? COAPD_201_CREATED : COAPD_204_CHANGED);
	if (event->offset == 0 || event->last) {
		if (!is_fit(task, parent, at, &st, &exists))
			return COAPD_DONE;
		if (event->offset == 0)
			up->existed = exists;
	}
	err = store(f, task, name, event->offset);
	if (err)
		return answer(task, code_of(err));
	return event->last ? replace(f, task, parent, at, name) : COAPD_MORE;
}

static enum coapd_verdict
put(struct files *f, coapd_task *task, const struct coapd_event *event, const struct place *at)
{
	coapd_id id = coapd_task_id(task);
	enum coapd_verdict v;
	char name[40];
	int parent;

	if (at->directory)
		return answer(task, COAPD_405_METHOD_NOT_ALLOWED);
	if (!id)
		return answer(task, COAPD_503_UNAVAILABLE);
	parent = tree_parent(f->root, at);
	v = parent < 0 ? answer(task, code_of(errno)) : put_in(f, task, event, parent, at);
	if (parent >= 0)
		close(parent);
	name_of(id, name);
	if (v == COAPD_DONE)    /* in its place, or a failure */
		unlinkat(f->root, name, 0);
	return v;
}

static enum coapd_verdict
delete(struct files *f, coapd_task *task, const struct place *at)
{
	int parent = at->directory ? -1 : tree_parent(f->root, at), err = 0;
	struct stat st;
	bool exists;

	if (at->directory)
		return answer(task, COAPD_405_METHOD_NOT_ALLOWED);
	if (parent < 0)
		return answer(task, code_of(errno));
	if (is_fit(task, parent, at, &st, &exists)) {
		if (exists && unlinkat(parent, at->name, 0))
			err = errno;
		coapd_reply(task, err ? code_of(err) : COAPD_202_DELETED);
	}
	close(parent);
	return COAPD_DONE;
}

/* --- the hook -------------------------------------------------------------------------- */

static enum coapd_verdict
request(struct files *f, coapd_task *task, const struct coapd_event *event)
{
	struct place at;
	uint8_t code;

	if (!coapd_allow(task, COAPD_ALLOW_GET |
			 (f->conf->write ? COAPD_ALLOW_PUT | COAPD_ALLOW_DELETE : 0)))
		return COAPD_DONE;
	code = tree_place(task, &at);
	if (code)
		return answer(task, code);
	switch (coapd_code(coapd_request(task))) {
	case COAPD_GET:
		return get(f, task, &at, event);
	case COAPD_DELETE:
		return delete(f, task, &at);
	default:
		return put(f, task, event, &at);
	}
}

/* The task of sight.c. */
static enum coapd_verdict
tick(struct files *f, coapd_task *task, const struct coapd_event *event)
{
	if (!sight_tick(&f->sight, coapd_task_id(task), event->what == COAPD_EV_RUN))
		return COAPD_DONE;
	coapd_after(task, 0, f->sight.poll_ms);
	return COAPD_WAIT;
}

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	struct files *f = self;
	char name[40];

	if (event->what == COAPD_EV_READ)
		return read_part(f, task, event);
	if (event->what == COAPD_EV_RUN || event->what == COAPD_EV_TIMER)
		return tick(f, task, event);
	if (event->what != COAPD_EV_CANCEL)
		return request(f, task, event);
	name_of(coapd_task_id(task), name);
	unlinkat(f->root, name, 0);
	return COAPD_DONE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof coapd_module,
	.name = "files",
	.version = "1",
	.summary = "serves a directory",
	.flags = COAPD_F_STREAM | COAPD_F_RETRY | COAPD_F_TREE | COAPD_F_CONDITIONS |
		 COAPD_F_WATCHES,
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.check = check,
	.open = open_mount,
	.close = close_mount,
	.handle = handle,
};
