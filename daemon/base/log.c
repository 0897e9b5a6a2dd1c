#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_MAX 1024
#define WRITE_TRIES 4

/* The priority is what syslog(3) numbers it; the journal reads it as "<N>" in
 * front of a line (sd-daemon(3)). */
static const struct {
	const char *name;
	char priority;
} level_row[] = {
	[LOG_ERROR] = { "error", '3' },
	[LOG_WARN] = { "warn", '4' },
	[LOG_NOTICE] = { "notice", '5' },
	[LOG_INFO] = { "info", '6' },
	[LOG_DEBUG] = { "debug", '7' },
};
#define LEVELS (sizeof level_row / sizeof level_row[0])

static struct {
	enum log_level most;
	bool journal;
	char who[32];
} setup = { .most = LOG_NOTICE, .who = "start" };

const char *log_level_name(enum log_level level)
{
	return level_row[level].name;
}

int log_level_parse(const char *name)
{
	for (size_t i = 0; i < LEVELS; i++)
		if (!strcmp(level_row[i].name, name))
			return (int)i;
	return -1;
}

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

void log_setup(enum log_level most, const char *who)
{
	setup.most = most;
	setup.journal = stderr_is_journal();
	snprintf(setup.who, sizeof setup.who, "%s", who);
}

enum log_level log_most(void)
{
	return setup.most;
}

/* Bytes of the printable character at s: 1 for ASCII, 2 to 4 for UTF-8, 0 for
 * a control character (C0, DEL, C1) or a byte that starts none. */
static unsigned printable(const uint8_t *s)
{
	unsigned n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if (s[0] < 0xc2 || s[0] > 0xf4 || (s[0] == 0xc2 && s[1] < 0xa0))
		return 0;
	for (unsigned i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Copies text to out, at most n bytes, escaping what is not printable.  What
 * does not fit is replaced by three dots.  Returns the bytes written. */
static size_t escape(char *out, size_t n, const char *text)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t used = 0, cut = 0;

	while (*s) {
		char one[8];
		unsigned bytes = printable(s);
		size_t len = bytes;

		if (bytes)
			memcpy(one, s, bytes);
		else
			len = (size_t)snprintf(one, sizeof one, "\\x%02x", *s);
		if (used + len > n) {
			memcpy(out + cut, "...", 3);
			return cut + 3;
		}
		memcpy(out + used, one, len);
		used += len;
		if (used + 3 <= n)
			cut = used;
		s += bytes ? bytes : 1;
	}
	return used;
}

static size_t prefix(char *out, size_t cap, enum log_level level)
{
	int n;

	if (setup.journal)
		n = snprintf(out, cap, "<%c>%s: ", level_row[level].priority, setup.who);
	else
		n = snprintf(out, cap, "coapd[%d] %s: %s: ", (int)getpid(), setup.who,
			     level_row[level].name);
	return (size_t)n;
}

static void emit(enum log_level level, const char *text)
{
	char record[RECORD_MAX];
	size_t n = prefix(record, sizeof record, level);
	ssize_t done = -1;

	n += escape(record + n, sizeof record - n - 1, text);
	record[n++] = '\n';
	for (int i = 0; i < WRITE_TRIES; i++) {
		done = write(STDERR_FILENO, record, n);
		if (done >= 0 || errno != EINTR)
			return;
	}
}

void log_write(enum log_level level, const char *fmt, ...)
{
	char text[RECORD_MAX];
	int error = errno;
	va_list ap;

	if (level > setup.most)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	emit(level, text);
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

void log_limited(struct log_limit *limit, uint64_t now_ms, unsigned burst,
		 enum log_level level, const char *fmt, ...)
{
	char text[RECORD_MAX] = "";
	int error = errno;
	size_t n = 0;
	va_list ap;

	if (level > setup.most || !limit_passes(limit, now_ms, burst))
		return;
	if (limit->left_out)
		n = (size_t)snprintf(text, sizeof text, "(%u like it left out) ",
				     limit->left_out);
	limit->left_out = 0;
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof text - n, fmt, ap);
	va_end(ap);
	emit(level, text);
	errno = error;
}
