/* log_text.h - a record of the log in the forms that it can have.
 *
 * All that comes from elsewhere is escaped first: control characters, and bytes that are
 * no UTF-8, are \xNN, so that foreign text can forge no line, field or terminal command.
 * Pure, but for the time of day. */
#ifndef BASE_LOG_TEXT_H
#define BASE_LOG_TEXT_H

#include "base/log.h"

#include <time.h>

struct log_entry {
	enum log_part part;
	enum log_level level;
	const char *who;
	int pid;
	struct log_fields fields;
	const char *text;       /* as it came */
};

/* Bytes that the longest record can take in any of the forms below. */
#define LOG_ENTRY_MAX 8192
#define LOG_LINE_MAX 1024

/* Copies text to out, at most n bytes, escaping what is not printable.  What
 * does not fit is replaced by three dots.  Returns the bytes written. */
size_t log_escape(char *out, size_t n, const char *text);

/* A line, its end included, at most LOG_LINE_MAX bytes:
 * "coapd[12] worker 1: warn: ...", and with journal set "<4>worker 1: ...", the form that
 * the journal reads from a stream (sd-daemon(3)). */
size_t log_text_line(char out[LOG_ENTRY_MAX], const struct log_entry *e, bool journal);

/* The same line with the time, which is now, before it. */
size_t log_text_dated(char out[LOG_ENTRY_MAX], const struct log_entry *e, struct timespec now);

/* An object of JSON on a line of its own; its time is now. */
size_t log_text_json(char out[LOG_ENTRY_MAX], const struct log_entry *e, struct timespec now);

/* What the journal's own socket takes: a NAME=VALUE per line. */
size_t log_text_journal(char out[LOG_ENTRY_MAX], const struct log_entry *e);

/* What syslogd's socket takes, of facility daemon (RFC 3164); without a line end. */
size_t log_text_syslog(char out[LOG_ENTRY_MAX], const struct log_entry *e, struct timespec now);

/* For others that write lines of JSON: value, escaped and in quotes, at most cap bytes of
 * out, which are enough for 2 * strlen(value) + 2 if it has nothing to escape beyond
 * quotes.  Returns the bytes written. */
size_t log_json_string(char *out, size_t cap, const char *value);

/* "2026-11-28T18:30:00.123Z" */
#define LOG_TIME_TEXT 32
const char *log_time(struct timespec now, char out[LOG_TIME_TEXT]);

#endif
