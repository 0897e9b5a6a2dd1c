/* log.h - one line per record, for the person on call: who, what, why, what now.
 *
 * Every process writes for itself; a record is one write.  Where to, in which form and
 * how much is the only state, set once per process (log_configure()).  What a stranger
 * on the network can cause goes through log_limited().  Secrets and payloads never enter
 * a record, and control characters never leave one as they are (log_text.h). */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

/* Name of a level ("error"...), and back: -1 for a name that is none. */
const char *log_level_name(enum log_level level);
int log_level_parse(const char *name);

/* The parts of coapd that say something, each with a level of its own: name as operators
 * see it, what it tells of. */
#define LOG_PARTS(X) \
	X(SUPERVISOR, "supervisor", "The start and the end, the lives of workers, the site file.") \
	X(WORKER, "worker", "Slots, and what happens to a worker itself.") \
	X(TRANSPORT, "transport", "Sockets.") \
	X(EXCHANGE, "exchange", "What peers ask that cannot be done for them.") \
	X(RESOURCE, "resource", "What is wrong with modules: hooks that fail or take long.") \
	X(MODULE, "module", "What modules say themselves.")

enum log_part {
#define LOG_PART_ENUM(id, name, text) LOG_PART_##id,
	LOG_PARTS(LOG_PART_ENUM)
#undef LOG_PART_ENUM
	LOG_PARTS_N
};

const char *log_part_name(enum log_part part);

/* Whose code this is; each folder says so where it is built. */
#ifndef LOG_PART
#define LOG_PART LOG_PART_SUPERVISOR
#endif

enum log_format { LOG_TEXT, LOG_JSON };

enum log_to {
	LOG_TO_AUTO,            /* the journal, if standard error is connected to it
				 * (JOURNAL_STREAM), else standard error */
	LOG_TO_STDERR,
	LOG_TO_JOURNAL,         /* with fields of their own for what a record has */
	LOG_TO_SYSLOG
};

struct log_conf {
	enum log_level most[LOG_PARTS_N];
	enum log_format format;         /* on standard error and in files */
	enum log_to to;
	const char *journal, *syslog;   /* their sockets, which stay; NULL: the system's */
};

/* who is the name the process bears in each line, copied ("supervisor", "worker 1").
 * What cannot be brought to journal or syslog is written to standard error. */
void log_configure(const struct log_conf *conf, const char *who);

/* The same for lines of text to standard error, with one level for all parts; the journal
 * gets their priorities. */
void log_setup(enum log_level most, const char *who);

/* Appends all records to this file from now on, which is taken, whatever is configured later;
 * errors, and what it does not take, go to standard error as well.  A second one takes the
 * place of the first; -1: there is none any more. */
void log_file(int fd);

/* The descriptor to keep for that, -1: none is needed. */
int log_fd(void);

/* Changes and tells the least important level that is written. */
void log_set_level(enum log_part part, enum log_level most);
enum log_level log_level_of(enum log_part part);
#define log_most() log_level_of(LOG_PART)

/* What a record tells beside its sentence, for programs that read it: a name of small
 * letters, at most 20, and a value.  Both are borrowed. */
struct log_field {
	const char *name, *value;
};
#define LOG_FIELDS_MAX 8

struct log_fields {
	const struct log_field *at;
	size_t n;               /* at most LOG_FIELDS_MAX count */
};

/* Writes one record of at most 1,024 bytes, its fields not counted. */
void log_record(enum log_part part, enum log_level level, struct log_fields fields,
		const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#define LOG_NO_FIELDS ((struct log_fields){ NULL, 0 })
#define log_write(level, ...) log_record(LOG_PART, level, LOG_NO_FIELDS, __VA_ARGS__)

/* The same, at most burst records per second for this limit; what was left out
 * is counted and told with the next record that passes.  now_ms is any
 * monotonic clock in milliseconds. */
struct log_limit {
	uint64_t second;        /* which second the count is of */
	uint32_t count, left_out;
};
void log_limited_record(enum log_part part, struct log_limit *limit, uint64_t now_ms,
			unsigned burst, enum log_level level, struct log_fields fields,
			const char *fmt, ...)
	__attribute__((format(printf, 7, 8)));
#define log_limited(limit, now_ms, burst, level, ...) \
	log_limited_record(LOG_PART, limit, now_ms, burst, level, LOG_NO_FIELDS, __VA_ARGS__)

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
