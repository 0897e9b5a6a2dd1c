/* log.h - one line per record, for the person on call: who, what, why, what now.
 *
 * Every process writes to standard error, or to the journal when standard error
 * is connected to it (JOURNAL_STREAM); a record is one write.  What a stranger
 * on the network can cause goes through log_limited().  Secrets and payloads
 * never enter a record.  The level is the only state, set once per process. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

/* Name of a level ("error"...), and back: -1 for a name that is none. */
const char *log_level_name(enum log_level level);
int log_level_parse(const char *name);

/* Sets what is printed at most; who is the name the process bears in each line,
 * copied ("supervisor", "worker 1"). */
void log_setup(enum log_level most, const char *who);
enum log_level log_most(void);

/* Writes one record of at most 1,024 bytes; control characters in it are
 * printed as \xNN, so that foreign text cannot forge a line. */
void log_write(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, at most burst records per second for this limit; what was left out
 * is counted and told with the next record that passes.  now_ms is any
 * monotonic clock in milliseconds. */
struct log_limit {
	uint64_t second;        /* which second the count is of */
	uint32_t count, left_out;
};
void log_limited(struct log_limit *limit, uint64_t now_ms, unsigned burst,
		 enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_notice(...) log_write(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) \
	do { \
		if (log_most() >= LOG_DEBUG) \
			log_write(LOG_DEBUG, __VA_ARGS__); \
	} while (0)

#endif
