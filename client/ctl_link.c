#include "client/ctl_link.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define READ 65536u
#define LONGEST (4u << 20)      /* line that is taken */

/* --- finding it ---------------------------------------------------------------------- */

/* A descriptor, or a negative errno. */
static int connect_to(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, rc;

	if (strlen(path) >= sizeof sa.sun_path)
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* Where those are that have no directory of a service manager's. */
#define PRIVATE "/tmp/coapd-*/control"

/* Whoever may make files in a place that all can write to could pretend to be coapd. */
static bool is_trusted(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

struct found {
	char *path;
	int fd;                 /* -1: none */
	bool several;
	int denied;             /* -EACCES: there is one that is not for us */
};

/* anybodys: everybody can make files where it is. */
static void offer(struct found *f, const char *path, bool anybodys)
{
	int fd = connect_to(path);

	if (fd == -EACCES)
		f->denied = fd;
	if (fd < 0)
		return;
	if (anybodys && !is_trusted(fd)) {
		close(fd);
		return;
	}
	if (f->fd >= 0) {
		f->several = true;
		close(fd);
		return;
	}
	f->fd = fd;
	free(f->path);
	f->path = strdup(path);
}

static void offer_all(struct found *f, const char *pattern)
{
	glob_t g;

	if (glob(pattern, GLOB_NOSORT, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++)
			offer(f, g.gl_pathv[i], true);
	globfree(&g);
}

static struct found look_around(void)
{
	struct found f = { .fd = -1 };
	const char *dir = getenv("RUNTIME_DIRECTORY");
	char path[PATH_MAX];

	if (dir && dir[0] == '/') {
		snprintf(path, sizeof path, "%.*s/control", (int)strcspn(dir, ":"), dir);
		offer(&f, path, false);
	}
	if (f.fd < 0)
		offer(&f, "/run/coapd/control", false);
	if (f.fd < 0)
		offer_all(&f, PRIVATE);
	return f;
}

static int use_found(struct ctl_link *l, struct err *err)
{
	struct found f = look_around();

	l->fd = f.fd;
	l->path = f.path;
	if (f.several)
		return err_set(err, -EINVAL, "several coapds are running here (" PRIVATE "): "
			       "say which one with --socket");
	if (f.fd < 0 && f.denied)
		return err_set(err, f.denied, "only root and the user of coapd may ask it");
	if (f.fd < 0)
		return err_set(err, -ENOENT, "no coapd is running here, or its control socket is "
			       "elsewhere: name it with --socket");
	return 0;
}

static int use_given(struct ctl_link *l, const char *path, struct err *err)
{
	l->fd = connect_to(path);
	l->path = strdup(path);
	switch (l->fd) {
	case -EACCES:
		return err_set(err, l->fd, "%s: only root and the user of coapd may ask it", path);
	case -ECONNREFUSED:
		return err_set(err, l->fd, "%s: the coapd that made it is not running", path);
	default:
		return l->fd < 0 ? err_set(err, l->fd, "%s: %s", path, strerror(-l->fd)) : 0;
	}
}

int ctl_link_open(struct ctl_link *l, const struct ctl_options *o, struct err *err)
{
	*l = (struct ctl_link){ .fd = -1 };
	return o->socket ? use_given(l, o->socket, err) : use_found(l, err);
}

void ctl_link_close(struct ctl_link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free((char *)l->path);
	free(l->buffer);
	*l = (struct ctl_link){ .fd = -1 };
}

/* --- talking --------------------------------------------------------------------------- */

int ctl_link_send(struct ctl_link *l, json_t *request, struct err *err)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t n, done = 0;

	json_decref(request);
	if (!text)
		return err_set(err, -ENOMEM, "out of memory");
	n = strlen(text);
	text[n++] = '\n';       /* in place of its end */
	while (done < n) {
		ssize_t r = send(l->fd, text + done, n - done, MSG_NOSIGNAL);

		if (r < 0 && errno != EINTR)
			break;
		done += r > 0 ? (size_t)r : 0;
	}
	free(text);
	return done == n ? 0 : err_set(err, -errno, "coapd does not listen: %s", strerror(errno));
}

/* More into the buffer.  0, or a negative errno with err. */
static int receive(struct ctl_link *l, int wait_ms, struct err *err)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	ssize_t n;

	if (l->at) {
		memmove(l->buffer, l->buffer + l->at, l->n - l->at);
		l->n -= l->at;
		l->at = 0;
	}
	if (l->cap - l->n < READ) {
		char *more = l->n < LONGEST ? realloc(l->buffer, l->n + 2 * READ) : NULL;

		if (!more)
			return err_set(err, -ENOMEM, "coapd says more than can be kept");
		l->buffer = more;
		l->cap = l->n + 2 * READ;
	}
	switch (poll(&p, 1, wait_ms)) {
	case 0:
		return err_set(err, -ETIMEDOUT, "coapd does not answer");
	case -1:
		return err_set(err, -errno, "%s", strerror(errno));
	}
	n = recv(l->fd, l->buffer + l->n, l->cap - l->n, 0);
	if (n <= 0)
		return err_set(err, n ? -errno : -ECONNRESET, "coapd has ended the connection");
	l->n += (size_t)n;
	return 0;
}

static json_t *read_line(const char *text, size_t n, struct err *err)
{
	json_t *line = json_loadb(text, n, 0, NULL);
	const char *error = json_string_value(json_object_get(line, "error"));

	if (line && !error)
		return line;
	err_set(err, -EPROTO, "%s", error ? error : "coapd says something that is no answer");
	json_decref(line);
	return NULL;
}

json_t *ctl_link_line(struct ctl_link *l, int wait_ms, struct err *err)
{
	for (;;) {
		char *from = l->n ? l->buffer + l->at : NULL;
		char *end = from ? memchr(from, '\n', l->n - l->at) : NULL;

		if (end) {
			l->at = (size_t)(end + 1 - l->buffer);
			return read_line(from, (size_t)(end - from), err);
		}
		if (receive(l, wait_ms, err))
			return NULL;
	}
}

bool ctl_link_is_end(const json_t *line)
{
	return json_object_get(line, "end") != NULL;
}

int ctl_link_ask(struct ctl_link *l, json_t *request, bool (*use)(void *arg, json_t *line),
		 void *arg, struct err *err)
{
	int rc = ctl_link_send(l, request, err);

	while (rc == 0) {
		json_t *line = ctl_link_line(l, CTL_LINK_WAIT_MS, err);
		bool more = line && !ctl_link_is_end(line) && use(arg, line);

		json_decref(line);
		if (!line)
			return -EPROTO;
		if (!more)
			break;
	}
	return rc;
}

static bool print_line(void *arg, json_t *line)
{
	(void)arg;
	return json_dumpf(line, stdout, JSON_COMPACT) == 0 && putchar('\n') == '\n';
}

int ctl_link_run(const struct ctl_options *o, json_t *request,
		 bool (*use)(void *arg, json_t *line), void *arg)
{
	struct ctl_link l;
	struct err err;
	int rc = ctl_link_open(&l, o, &err);

	if (rc == 0)
		rc = ctl_link_ask(&l, request, o->json ? print_line : use, arg, &err);
	else
		json_decref(request);
	if (rc)
		fprintf(stderr, "coapctl: %s\n", err.text);
	ctl_link_close(&l);
	return rc ? CTL_FAILED : CTL_OK;
}
