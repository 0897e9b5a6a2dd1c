#include "sight.h"

#include "listing.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#define NAMES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY | \
	       IN_ATTRIB)
#define ITSELF (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED | IN_ATTRIB)

#define IGNORED_MAX 64u         /* events of a path that nobody reads again */
#define SWEEP_MS 60000u
#define TICK_NS 50000000        /* well over the resolution of the times of files */

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int sight_open(struct sight *s, coapd_mount *mount, int root, unsigned n, uint32_t poll_ms)
{
	*s = (struct sight){ .mount = mount, .root = root, .fd = -1, .n = n, .poll_ms = poll_ms };
	s->seen = calloc(n + 1, sizeof *s->seen);
	s->watched = calloc(n + 1, sizeof *s->watched);
	if (!s->seen || !s->watched) {
		sight_close(s);
		return -ENOMEM;
	}
	if (n)
		s->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return 0;
}

void sight_close(struct sight *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->seen);
	free(s->watched);
	*s = (struct sight){ .fd = -1 };
}

/* --- paths ------------------------------------------------------------------------ */

/* The path is that of the directory, or one below it. */
static bool is_within(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return n == 0 || (strncmp(path, directory, n) == 0 && (path[n] == 0 || path[n] == '/'));
}

/* The parts of a path that are directories to be watched, the root first: the number of
 * bytes of the nth one, -1 at the end. */
static int part(const struct seen *o, unsigned nth)
{
	const char *p = o->path;

	if (nth == 0)
		return 0;
	if (!*p)
		return -1;
	for (unsigned i = 1; i < nth; i++) {
		p = strchr(p, '/');
		if (!p)
			return -1;
		p++;
	}
	p = strchr(p, '/');
	if (p)
		return (int)(p - o->path);
	return o->directory ? (int)strlen(o->path) : -1;
}

static bool name_it(struct seen *o, const struct place *at)
{
	const char *path = strcmp(at->path, ".") ? at->path : "";

	*o = (struct seen){ .directory = at->directory };
	if (strlen(path) >= sizeof o->path)
		return false;
	strcpy(o->path, path);
	return true;
}

static bool is_same(const struct seen *a, const struct seen *b)
{
	return a->directory == b->directory && strcmp(a->path, b->path) == 0;
}

/* --- directories that are watched ------------------------------------------------------ */

static void forget_watch(struct sight *s, struct watched *w)
{
	int wd = w->wd;

	w->wd = 0;
	/* Two names may lead to one directory. */
	for (unsigned i = 0; i < s->n; i++)
		if (s->watched[i].wd == wd)
			return;
	inotify_rm_watch(s->fd, wd);
}

static bool is_needed(const struct sight *s, const char *directory)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->seen[i].state != SIGHT_FREE && is_within(s->seen[i].path, directory))
			return true;
	return false;
}

static struct watched *place_for(struct sight *s, const char *path, size_t n)
{
	struct watched *room = NULL;

	for (unsigned i = 0; i < s->n; i++) {
		struct watched *w = &s->watched[i];

		if (w->wd && strncmp(w->path, path, n) == 0 && w->path[n] == 0)
			return w;
		if (!w->wd && !room)
			room = w;
	}
	for (unsigned i = 0; i < s->n && !room; i++)
		if (!is_needed(s, s->watched[i].path)) {
			room = &s->watched[i];
			forget_watch(s, room);
		}
	return room;
}

/* Whatever stands at the path now: another one than a moment ago, it may be. */
static int watch(struct sight *s, const char *path, size_t n)
{
	struct watched *w = place_for(s, path, n);
	char name[SIGHT_PATH], link[40];
	int fd, wd;

	if (!w)
		return -ENOSPC;
	memcpy(name, path, n);
	strcpy(name + n, n ? "" : ".");
	fd = tree_directory(s->root, name);
	if (fd < 0)
		return -errno;
	/* The very directory, and nothing that another link leads to. */
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	wd = inotify_add_watch(s->fd, link, NAMES | ITSELF | IN_ONLYDIR);
	if (wd < 0)
		wd = -errno;
	close(fd);
	if (wd < 0)
		return wd;
	if (w->wd && w->wd != wd)
		forget_watch(s, w);
	w->wd = wd;
	memcpy(w->path, path, n);
	w->path[n] = 0;
	return 0;
}

/* All on the way to it.  0, -errno of what is missing. */
static int watch_all(struct sight *s, const struct seen *o)
{
	int n, status = s->fd < 0 ? -EMFILE : 0;

	for (unsigned i = 0; status == 0 && (n = part(o, i)) >= 0; i++)
		status = watch(s, o->path, (size_t)n);
	return status;
}

/* --- what is told -------------------------------------------------------------------------- */

static void tell(struct sight *s, struct seen *o)
{
	char path[SIGHT_PATH + 1];

	if (o->state == SIGHT_TOLD && ++o->since > IGNORED_MAX)
		o->state = SIGHT_FREE;
	if (o->state != SIGHT_ARMED)
		return;
	o->state = SIGHT_TOLD;
	o->open = false;
	o->since = 0;
	o->order = s->order++;
	snprintf(path, sizeof path, "%s%s", o->path, o->directory && o->path[0] ? "/" : "");
	coapd_changed_here(s->mount, coapd_text(path));
}

static void tell_all(struct sight *s)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->seen[i].state == SIGHT_ARMED)
			tell(s, &s->seen[i]);
}

static bool tick_soon(struct sight *s)
{
	return s->ticker || coapd_task_start(s->mount, coapd_text(""), 0, coapd_text(""),
					     &s->ticker) == 0;
}

/* Who writes goes on to do so, mostly: the end of it is waited for, but not for ever. */
static void written(struct sight *s, struct seen *o)
{
	if (o->state != SIGHT_ARMED || o->open)
		return;
	o->open = tick_soon(s);
	if (!o->open)
		tell(s, o);
}

static void note(struct sight *s, struct seen *o, const struct inotify_event *e)
{
	if (e->mask & IN_MODIFY)
		written(s, o);
	else
		tell(s, o);
}

/* Something happened to a name in a directory. */
static void named(struct sight *s, const char *directory, const struct inotify_event *e)
{
	char path[SIGHT_PATH + NAME_MAX + 2];

	snprintf(path, sizeof path, "%s%s%s", directory, directory[0] ? "/" : "", e->name);
	for (unsigned i = 0; i < s->n; i++) {
		struct seen *o = &s->seen[i];

		if (o->state != SIGHT_FREE &&
		    (is_within(o->path, path) ||
		     (o->directory && strcmp(o->path, directory) == 0)))
			note(s, o, e);
	}
}

static void itself(struct sight *s, struct watched *w, uint32_t mask)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->seen[i].state != SIGHT_FREE && is_within(s->seen[i].path, w->path))
			tell(s, &s->seen[i]);
	if (mask & IN_IGNORED)
		w->wd = 0;
	else if (mask & IN_MOVE_SELF)
		forget_watch(s, w);
}

static void take(struct sight *s, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW) {
		coapd_log(s->mount, COAPD_LOG_WARN, "more changes than inotify could tell: all "
			  "that is observed counts as changed");
		tell_all(s);
		return;
	}
	if (e->len && strncmp(e->name, TREE_HIDDEN, strlen(TREE_HIDDEN)) == 0)
		return;
	for (unsigned i = 0; i < s->n; i++) {
		struct watched *w = &s->watched[i];

		if (!w->wd || w->wd != e->wd)
			continue;
		if (e->len)
			named(s, w->path, e);
		else
			itself(s, w, e->mask);
	}
}

void sight_read(struct sight *s)
{
	static _Alignas(struct inotify_event) char bytes[16384];
	ssize_t n = read(s->fd, bytes, sizeof bytes);

	/* What is left makes the descriptor ready again. */
	for (ssize_t at = 0; at < n; ) {
		const struct inotify_event *e = (const void *)(bytes + at);

		take(s, e);
		at += (ssize_t)(sizeof *e + e->len);
	}
	for (unsigned i = 0; i < s->n; i++)
		if (s->watched[i].wd && !is_needed(s, s->watched[i].path))
			forget_watch(s, &s->watched[i]);
}

/* --- what is looked at --------------------------------------------------------------------- */

static uint64_t sum_of(struct sight *s, const struct seen *o, bool *unsure)
{
	const char *path = o->path[0] ? o->path : ".";
	struct stat st;
	uint64_t now, then, sum;
	int fd;

	*unsure = false;
	if (!tree_look(s->root, path, &st))
		return 0;
	if (o->directory && S_ISDIR(st.st_mode)) {
		fd = tree_read(s->root, path, &st);
		sum = fd < 0 ? 0 : listing_sum(fd);
		if (fd >= 0)
			close(fd);
		return sum;
	}
	now = now_ns(CLOCK_REALTIME);
	then = (uint64_t)st.st_ctim.tv_sec * 1000000000u + (uint64_t)st.st_ctim.tv_nsec;
	*unsure = now - then < TICK_NS || then - now < TICK_NS;
	return tree_etag(&st);
}

static void poll_one(struct sight *s, struct seen *o)
{
	bool was_unsure = o->unsure;
	uint64_t sum = sum_of(s, o, &o->unsure);

	if (was_unsure || sum != o->sum)
		tell(s, o);
	o->sum = sum;
}

bool sight_tick(struct sight *s, coapd_id task, bool first)
{
	bool more = false;

	/* One that a dead worker began may be there besides; one is enough. */
	if (s->ticker && s->ticker != task)
		return false;
	s->ticker = task;
	for (unsigned i = 0; i < s->n && !first; i++) {
		struct seen *o = &s->seen[i];

		if (o->state != SIGHT_ARMED)
			continue;
		if (o->open)
			tell(s, o);
		else if (o->polled)
			poll_one(s, o);
	}
	for (unsigned i = 0; i < s->n; i++)
		more |= s->seen[i].state != SIGHT_FREE && (s->seen[i].polled || s->seen[i].open);
	if (!more)
		s->ticker = 0;
	return more;
}

/* --- who observes ---------------------------------------------------------------------------- */

static struct seen *find(struct sight *s, const struct seen *like)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->seen[i].state != SIGHT_FREE && is_same(&s->seen[i], like))
			return &s->seen[i];
	return NULL;
}

/* One that is free, or was told of and not read for longest. */
static struct seen *room(struct sight *s)
{
	struct seen *found = NULL;

	for (unsigned i = 0; i < s->n; i++) {
		struct seen *o = &s->seen[i];

		if (o->state == SIGHT_FREE)
			return o;
		if (o->state == SIGHT_TOLD && (!found || o->order < found->order))
			found = o;
	}
	return found;
}

/* Some may have been left by their observers: those that were not, are read again. */
static struct seen *make_room(struct sight *s)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC) / 1000000;
	struct seen *o = room(s);

	if (o || !s->n || (s->swept && now - s->swept < SWEEP_MS))
		return o;
	s->swept = now;
	coapd_log(s->mount, COAPD_LOG_WARN, "%u paths are observed, which is all that there may "
		  "be (observed): who still observes one will be told", s->n);
	tell_all(s);
	return room(s);
}

/* A link may lead to what has its name elsewhere, and so does a second name. */
static bool is_seen_entirely(struct sight *s, const struct seen *o)
{
	const char *path = o->path[0] ? o->path : ".";
	struct stat st;

	return !tree_links(s->root, path) && tree_look(s->root, path, &st) &&
	       (o->directory || st.st_nlink == 1);
}

static bool arm(struct sight *s, struct seen *o)
{
	int status;

	o->state = SIGHT_ARMED;         /* or its directories would make room */
	status = watch_all(s, o);
	o->polled = status || !is_seen_entirely(s, o);
	o->open = false;
	if (!o->polled)
		return true;
	if (status && status != -ENOENT && status != -ENOTDIR && !s->warned)
		coapd_log(s->mount, COAPD_LOG_WARN, "cannot be watched with inotify (%s): what "
			  "changes is looked for every %u ms", strerror(-status), s->poll_ms);
	s->warned |= status && status != -ENOENT && status != -ENOTDIR;
	o->sum = sum_of(s, o, &o->unsure);
	return tick_soon(s);
}

bool sight_on(struct sight *s, const struct place *at, bool *fresh)
{
	struct seen like, *o;

	*fresh = false;
	if (!name_it(&like, at))
		return false;
	o = find(s, &like);
	*fresh = !o;
	if (!o) {
		o = make_room(s);
		if (!o)
			return false;
		*o = like;
	}
	if (arm(s, o))
		return true;
	o->state = SIGHT_FREE;
	return false;
}

void sight_off(struct sight *s, const struct place *at)
{
	struct seen like, *o = name_it(&like, at) ? find(s, &like) : NULL;

	if (o)
		o->state = SIGHT_FREE;
}
