#include "base/log_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char out[LOG_ENTRY_MAX + 1];
/* 2026-11-28 18:30:00.123456 UTC */
static const struct timespec when = { 1795890600, 123456000 };

static struct log_entry entry(const char *text)
{
	return (struct log_entry){ .part = LOG_PART_RESOURCE, .level = LOG_WARN, .who = "worker 1",
				   .pid = 42, .text = text };
}

static const char *ended(size_t n)
{
	cr_assert_leq(n, LOG_ENTRY_MAX);
	out[n] = '\0';
	return out;
}

Test(log_text, a_line)
{
	struct log_entry e = entry("a\x1b[2Jb");

	cr_assert_str_eq(ended(log_text_line(out, &e, false)),
			 "coapd[42] worker 1: warn: a\\x1b[2Jb\n");
	cr_assert_str_eq(ended(log_text_line(out, &e, true)), "<4>worker 1: a\\x1b[2Jb\n");
}

Test(log_text, syslog_is_of_the_local_time)
{
	struct log_entry e = entry("a");

	setenv("TZ", "UTC-1", 1);
	cr_assert_str_eq(ended(log_text_syslog(out, &e, when)),
			 "<28>Nov 28 19:30:00 coapd[42]: worker 1: a");
}

Test(log_text, json_is_of_universal_time)
{
	struct log_entry e = entry("\\ \"\n\xff\xe2\x82\xac");
	const struct log_field fields[] = { { "path", "/\t" } };

	e.fields = (struct log_fields){ fields, 1 };
	setenv("TZ", "UTC-1", 1);
	cr_assert_str_eq(ended(log_text_json(out, &e, when)),
			 "{\"time\":\"2026-11-28T18:30:00.123Z\",\"level\":\"warn\",\"process\":"
			 "\"worker 1\",\"pid\":42,\"part\":\"resource\",\"message\":\"\\\\ \\\"\\\\x0a"
			 "\\\\xff\xe2\x82\xac\",\"path\":\"/\\\\x09\"}\n");
}

/* A field of ours cannot be set by what is in another. */
Test(log_text, the_journal_takes_a_name_and_a_value_a_line)
{
	struct log_entry e = entry("a\n_UID=0");
	const struct log_field fields[] = { { "path", "/\nPRIORITY=0" } };

	e.fields = (struct log_fields){ fields, 1 };
	cr_assert_str_eq(ended(log_text_journal(out, &e)),
			 "PRIORITY=4\nSYSLOG_IDENTIFIER=coapd\nCOAPD_PROCESS=worker 1\n"
			 "COAPD_PART=resource\nMESSAGE=worker 1: a\\x0a_UID=0\n"
			 "COAPD_PATH=/\\x0aPRIORITY=0\n");
}

Test(log_text, the_longest_fits_whole)
{
	struct log_field fields[LOG_FIELDS_MAX];
	char big[5000];
	struct log_entry e = entry(big);

	memset(big, '"', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	for (unsigned i = 0; i < LOG_FIELDS_MAX; i++)
		fields[i] = (struct log_field){ "abcdefghijklmnopqrst", big };
	e.fields = (struct log_fields){ fields, LOG_FIELDS_MAX };
	e.who = "a name of one less than 32 bytes";
	cr_assert_str_eq(strrchr(ended(log_text_json(out, &e, when)), '.'), ".\"}\n");
	cr_assert_str_eq(strrchr(ended(log_text_journal(out, &e)), '.'), ".\n");
	cr_assert_eq(strlen(ended(log_text_line(out, &e, false))), LOG_LINE_MAX);
	ended(log_text_syslog(out, &e, when));
}

Test(log_text, a_string_of_json_is_bounded)
{
	char small[20];

	cr_assert_eq(log_json_string(small, sizeof small, "a\"b"), 6);
	cr_assert_eq(memcmp(small, "\"a\\\"b\"", 6), 0);
	cr_assert_leq(log_json_string(small, sizeof small, "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""), 20);
}
