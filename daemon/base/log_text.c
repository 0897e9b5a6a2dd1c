#include "base/log_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE 1000            /* of a record's sentence, once escaped */
#define VALUE 300               /* of a field's value, likewise */
#define FACILITY_DAEMON (3 << 3)

/* What syslog(3) numbers a level; 0 and 1 are for whole systems. */
static int priority(enum log_level level)
{
	return (int)level + 3;
}

/* --- escaping ------------------------------------------------------------------- */

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

size_t log_escape(char *out, size_t n, const char *text)
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

/* The same as a string. */
static const char *escaped(char *out, size_t cap, const char *text)
{
	out[log_escape(out, cap - 1, text)] = '\0';
	return out;
}

/* --- lines ------------------------------------------------------------------------ */

size_t log_text_line(char out[LOG_ENTRY_MAX], const struct log_entry *e, bool journal)
{
	size_t n;

	if (journal)
		n = (size_t)snprintf(out, LOG_LINE_MAX, "<%d>%s: ", priority(e->level), e->who);
	else
		n = (size_t)snprintf(out, LOG_LINE_MAX, "coapd[%d] %s: %s: ", e->pid, e->who,
				     log_level_name(e->level));
	n += log_escape(out + n, LOG_LINE_MAX - n - 1, e->text);
	out[n++] = '\n';
	return n;
}

size_t log_text_dated(char out[LOG_ENTRY_MAX], const struct log_entry *e, struct timespec now)
{
	char time[LOG_TIME_TEXT], line[LOG_ENTRY_MAX];
	size_t n = log_text_line(line, e, false);

	return (size_t)snprintf(out, LOG_ENTRY_MAX, "%s %.*s", log_time(now, time), (int)n, line);
}

size_t log_text_syslog(char out[LOG_ENTRY_MAX], const struct log_entry *e, struct timespec now)
{
	static const char month[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char text[MESSAGE];
	struct tm t;

	localtime_r(&now.tv_sec, &t);
	return (size_t)snprintf(out, LOG_ENTRY_MAX, "<%d>%.3s %2d %02d:%02d:%02d coapd[%d]: %s: %s",
				FACILITY_DAEMON | priority(e->level), month + 3 * t.tm_mon,
				t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, e->pid, e->who,
				escaped(text, sizeof text, e->text));
}

/* --- with fields -------------------------------------------------------------------- */

size_t log_text_journal(char out[LOG_ENTRY_MAX], const struct log_entry *e)
{
	char text[MESSAGE];
	size_t n;

	n = (size_t)snprintf(out, LOG_ENTRY_MAX, "PRIORITY=%d\nSYSLOG_IDENTIFIER=coapd\n"
			     "COAPD_PROCESS=%s\nCOAPD_PART=%s\nMESSAGE=%s: %s\n",
			     priority(e->level), e->who, log_part_name(e->part), e->who,
			     escaped(text, sizeof text, e->text));
	for (size_t i = 0; i < e->fields.n && i < LOG_FIELDS_MAX; i++) {
		n += (size_t)snprintf(out + n, LOG_ENTRY_MAX - n, "COAPD_");
		for (const char *p = e->fields.at[i].name; *p; p++)
			out[n++] = (char)toupper((unsigned char)*p);
		n += (size_t)snprintf(out + n, LOG_ENTRY_MAX - n, "=%s\n",
				      escaped(text, VALUE, e->fields.at[i].value));
	}
	return n;
}

const char *log_time(struct timespec now, char out[LOG_TIME_TEXT])
{
	struct tm t;
	size_t n;

	gmtime_r(&now.tv_sec, &t);
	n = strftime(out, LOG_TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &t);
	snprintf(out + n, LOG_TIME_TEXT - n, ".%03uZ", (unsigned)(now.tv_nsec / 1000000) % 1000);
	return out;
}

/* After escaping, only these two mean something to JSON. */
static size_t quote(char *out, size_t cap, const char *text)
{
	size_t n = 0;

	out[n++] = '"';
	for (; *text && n + 3 <= cap; text++) {
		if (*text == '"' || *text == '\\')
			out[n++] = '\\';
		out[n++] = *text;
	}
	out[n++] = '"';
	return n;
}

size_t log_json_string(char *out, size_t cap, const char *value)
{
	char text[MESSAGE];

	return quote(out, cap, escaped(text, sizeof text, value));
}

size_t log_text_json(char out[LOG_ENTRY_MAX], const struct log_entry *e, struct timespec now)
{
	char text[MESSAGE], time[LOG_TIME_TEXT];
	size_t n;

	n = (size_t)snprintf(out, LOG_ENTRY_MAX, "{\"time\":\"%s\",\"level\":\"%s\",\"process\":"
			     "\"%s\",\"pid\":%d,\"part\":\"%s\",\"message\":",
			     log_time(now, time), log_level_name(e->level), e->who, e->pid,
			     log_part_name(e->part));
	n += quote(out + n, LOG_ENTRY_MAX - n, escaped(text, sizeof text, e->text));
	for (size_t i = 0; i < e->fields.n && i < LOG_FIELDS_MAX; i++) {
		n += (size_t)snprintf(out + n, LOG_ENTRY_MAX - n, ",\"%s\":",
				      e->fields.at[i].name);
		n += quote(out + n, LOG_ENTRY_MAX - n,
			   escaped(text, VALUE, e->fields.at[i].value));
	}
	return n + (size_t)snprintf(out + n, LOG_ENTRY_MAX - n, "}\n");
}
