#include "base/log.h"

#include "base/log_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL "/run/systemd/journal/socket"
#define SYSLOG "/dev/log"
#define WRITE_TRIES 4

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};
#define LEVELS (sizeof level_names / sizeof level_names[0])

static const char *const part_names[] = {
#define LOG_PART_NAME(id, name, text) name,
	LOG_PARTS(LOG_PART_NAME)
#undef LOG_PART_NAME
};

/* Level for every part before anything is set up. */
#define AT_FIRST(id, name, text) LOG_NOTICE,

static struct {
	struct log_conf conf;
	bool stream;            /* standard error is a stream of the journal's */
	bool is_open, has_file;
	int fd;                 /* a socket of no address, to send to theirs */
	int file;
	char who[32];
} setup = { .conf = { .most = { LOG_PARTS(AT_FIRST) }, .to = LOG_TO_STDERR }, .who = "start" };

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

int log_level_parse(const char *name)
{
	for (size_t i = 0; i < LEVELS; i++)
		if (!strcmp(level_names[i], name))
			return (int)i;
	return -1;
}

const char *log_part_name(enum log_part part)
{
	return part_names[part];
}

/* --- setting up ------------------------------------------------------------------- */

/* JOURNAL_STREAM names the device and inode of the journal's stream; it is
 * inherited, so it must be compared with what standard error is now. */
static bool stderr_is_journal(void)
{
	const char *env = getenv("JOURNAL_STREAM");
	char mine[48];
	struct stat st;

	if (!env || fstat(STDERR_FILENO, &st))
		return false;
	snprintf(mine, sizeof mine, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return !strcmp(env, mine);
}

/* Without an address of theirs, so that they may go and come again. */
static void open_socket(void)
{
	if (!setup.is_open) {
		setup.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		setup.is_open = setup.fd >= 0;
	}
}

static const char *or_else(const char *path, const char *deflt)
{
	return path ? path : deflt;
}

void log_configure(const struct log_conf *conf, const char *who)
{
	setup.conf = *conf;
	setup.stream = stderr_is_journal();
	setup.conf.journal = or_else(conf->journal, JOURNAL);
	setup.conf.syslog = or_else(conf->syslog, SYSLOG);
	snprintf(setup.who, sizeof setup.who, "%s", who);
	if (conf->to == LOG_TO_AUTO)
		setup.conf.to = setup.stream && !access(setup.conf.journal, F_OK) ?
				LOG_TO_JOURNAL : LOG_TO_STDERR;
	if (setup.conf.to != LOG_TO_STDERR)
		open_socket();
}

void log_setup(enum log_level most, const char *who)
{
	struct log_conf conf = { .to = LOG_TO_STDERR };

	for (unsigned p = 0; p < LOG_PARTS_N; p++)
		conf.most[p] = most;
	log_configure(&conf, who);
}

void log_file(int fd)
{
	if (setup.has_file)
		close(setup.file);
	setup.has_file = fd >= 0;
	setup.file = fd;
}

/* Who has a file has no use for a socket. */
int log_fd(void)
{
	return setup.has_file ? setup.file : setup.is_open ? setup.fd : -1;
}

void log_set_level(enum log_part part, enum log_level most)
{
	setup.conf.most[part] = most;
}

enum log_level log_level_of(enum log_part part)
{
	return setup.conf.most[part];
}

/* --- writing ---------------------------------------------------------------------- */

static struct timespec now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t;
}

/* Whoever does not take it at once is not waited for: a log must not hold up a worker. */
static bool send_to(const char *path, const char *data, size_t n)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (!setup.is_open)
		return false;
	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	return sendto(setup.fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&a,
		      sizeof a) == (ssize_t)n;
}

static bool send_entry(const struct log_entry *e, char out[LOG_ENTRY_MAX])
{
	switch (setup.conf.to) {
	case LOG_TO_JOURNAL:
		return send_to(setup.conf.journal, out, log_text_journal(out, e));
	case LOG_TO_SYSLOG:
		return send_to(setup.conf.syslog, out, log_text_syslog(out, e, now()));
	default:
		return false;
	}
}

static bool write_to(int fd, const char *data, size_t n)
{
	for (int i = 0; i < WRITE_TRIES; i++) {
		ssize_t done = write(fd, data, n);

		if (done >= 0 || errno != EINTR)
			return done == (ssize_t)n;
	}
	return false;
}

static void write_stderr(const struct log_entry *e, char out[LOG_ENTRY_MAX])
{
	size_t n = setup.conf.format == LOG_JSON && !setup.stream ? log_text_json(out, e, now()) :
		   log_text_line(out, e, setup.stream);

	(void)write_to(STDERR_FILENO, out, n);
}

static bool write_file(const struct log_entry *e, char out[LOG_ENTRY_MAX])
{
	size_t n = setup.conf.format == LOG_JSON ? log_text_json(out, e, now()) :
						   log_text_dated(out, e, now());

	return write_to(setup.file, out, n);
}

static void emit(enum log_part part, enum log_level level, struct log_fields fields,
		 const char *text)
{
	struct log_entry e = { .part = part, .level = level, .who = setup.who,
			       .pid = (int)getpid(), .fields = fields, .text = text };
	char out[LOG_ENTRY_MAX];
	bool told = setup.has_file ? write_file(&e, out) : send_entry(&e, out);

	if (!told || (setup.has_file && level == LOG_ERROR))
		write_stderr(&e, out);
}

void log_record(enum log_part part, enum log_level level, struct log_fields fields,
		const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	int error = errno;
	va_list ap;

	if (level > setup.conf.most[part])
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	emit(part, level, fields, text);
	errno = error;
}

/* Whether one more record may pass in this second. */
static bool limit_passes(struct log_limit *limit, uint64_t now_ms, unsigned burst)
{
	if (limit->second != now_ms / 1000) {
		limit->second = now_ms / 1000;
		limit->count = 0;
	}
	if (limit->count < burst) {
		limit->count++;
		return true;
	}
	if (limit->left_out < UINT32_MAX)
		limit->left_out++;
	return false;
}

void log_limited_record(enum log_part part, struct log_limit *limit, uint64_t now_ms,
			unsigned burst, enum log_level level, struct log_fields fields,
			const char *fmt, ...)
{
	char text[LOG_LINE_MAX] = "";
	int error = errno;
	size_t n = 0;
	va_list ap;

	if (level > setup.conf.most[part] || !limit_passes(limit, now_ms, burst))
		return;
	if (limit->left_out)
		n = (size_t)snprintf(text, sizeof text, "(%u like it left out) ",
				     limit->left_out);
	limit->left_out = 0;
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof text - n, fmt, ap);
	va_end(ap);
	emit(part, level, fields, text);
	errno = error;
}
