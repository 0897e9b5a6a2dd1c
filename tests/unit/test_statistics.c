/* What the log says of counters. */
#include "supervisor/statistics.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *const names[] = { "read", "stored" };

/* What the supervisor logs goes to standard error. */
static char *logged(const struct memory *m, const struct counts *c, const struct site *site)
{
	int fd = memfd_create("log", 0);
	char *text = calloc(1, 65536);
	ssize_t n;

	dup2(fd, STDERR_FILENO);
	log_setup(LOG_DEBUG, "supervisor");
	statistics_log(m, c, site);
	n = pread(fd, text, 65535, 0);
	cr_assert_gt(n, 0);
	return text;
}

Test(statistics, all_counters_then_those_of_modules)
{
	static const struct site_mount mounts[] = {
		{ .path = "/quiet", .module = "hello" }, { .path = "/a/b", .module = "block" },
	};
	struct site site = { .mounts = mounts, .nmounts = 2 };
	struct memory m = { .n = 0 };
	struct counts c;
	struct err err;
	char *text, *daemon, *module;

	cr_assert_eq(counts_make(&c, 2, 2, &err), 0);
	counts_add(counts_begin(&c, 0, 1, names, 2), 0, 40);
	counts_add(counts_begin(&c, 1, 1, names, 2), 0, 2);
	text = logged(&m, &c, &site);
	daemon = strstr(text, ": counter rx 0 (datagrams received)\n");
	module = strstr(text, ": counter /a/b read 42 (module block)\n");
	cr_assert(daemon, "%s", text);
	cr_assert(module > daemon, "%s", text);
	cr_assert(strstr(module, ": counter /a/b stored 0 (module block)\n"));
	cr_assert(strstr(module, ": counters end\n"));
	cr_assert(!strstr(text, "/quiet"));
	free(text);
	counts_free(&c);
}
