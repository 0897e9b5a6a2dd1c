#include "site_help.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

Test(site, a_file_that_cannot_be_opened_says_why)
{
	cr_expect_null(site_load("/nonexistent/site.yaml", &help_errors));
	cr_assert_eq(help_errors.count, 1);
	cr_expect_str_eq(help_errors.text[0], "/nonexistent/site.yaml: cannot be opened: No "
			 "such file or directory");
}

Test(site, a_directory_is_no_site)
{
	cr_expect_null(site_load("/", &help_errors));
	cr_assert_eq(help_errors.count, 1);
	cr_expect_str_eq(help_errors.text[0], "/: is no regular file but a directory");
}

Test(site, what_is_read_again_is_a_file)
{
	char name[40];
	struct site *site;
	int end[2];

	cr_assert_eq(pipe(end), 0);
	snprintf(name, sizeof name, "/dev/fd/%d", end[0]);
	cr_expect_null(site_read_again(name, &help_errors));
	cr_assert_eq(help_errors.count, 1);
	cr_expect(strstr(help_errors.text[0], "no regular file but a pipe"));
	cr_assert_eq(write(end[1], "workers: 5\n", 11), 11);
	close(end[1]);
	site = site_read(name, &help_errors);
	cr_assert_not_null(site);
	cr_expect_eq(site->workers, 5);
	site_free(site);
	close(end[0]);
}

Test(site, a_long_file_is_read_to_the_limit_only)
{
	char name[] = "/tmp/test_site_XXXXXX", message[200];
	int fd = mkstemp(name);

	cr_assert(fd >= 0 && ftruncate(fd, 100 << 20) == 0);
	close(fd);
	cr_expect_null(site_load(name, &help_errors));
	unlink(name);
	cr_assert_eq(help_errors.count, 1);
	snprintf(message, sizeof message, "%s: larger than 1048576 bytes, which no site needs",
		 name);
	cr_expect_str_eq(help_errors.text[0], message);
}

Test(site, a_file_is_loaded_under_its_name)
{
	char name[] = "/tmp/test_site_XXXXXX";
	int fd = mkstemp(name);
	struct site *site;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "workers: 5\n", 11), 11);
	close(fd);
	site = site_load(name, &help_errors);
	unlink(name);
	cr_assert_not_null(site);
	cr_expect_str_eq(site->file, name);
	cr_expect_eq(site->workers, 5);
	site_free(site);
	site_free(NULL);
}

Test(site, errors_of_an_earlier_load_are_forgotten)
{
	cr_expect_null(help_load("x: y\n"));
	site_free(help_site("workers: 2\n"));
}

static void stands(const struct site *site, const char *key, unsigned line, unsigned column)
{
	struct config_place at = site_place(site, key);

	cr_expect(at.line == line && at.column == column, "%s: %u:%u", key, at.line, at.column);
}

Test(site, what_is_given_has_a_place)
{
	struct site *site = help_site("workers: 2\nlimits: { dedup: 100,\n  bodies: 3 }\n");

	stands(site, "workers", 1, 10);
	stands(site, "limits", 2, 1);
	stands(site, "limits.dedup", 2, 18);
	stands(site, "limits.bodies", 3, 11);
	stands(site, "limits.body-memory", 2, 1);
	stands(site, "slots", 0, 0);
	stands(site, "log.file", 0, 0);
	site_free(site);
}

Test(site, an_error_is_told_with_its_place)
{
	struct site *site = help_site("workers: 2\nlimits: { dedup: 100,\n  bodies: 3 }\n");
	struct err err;

	cr_expect_eq(site_blame(site, "limits.bodies", 0, &err), 0);
	err_set(&err, -ENOMEM, "too many");
	cr_expect_eq(site_blame(site, "limits.bodies", -ENOMEM, &err), -ENOMEM);
	cr_expect_str_eq(err.text, "t.yaml:3:11: too many");
	err_set(&err, -ENOMEM, "too few");
	site_blame(site, "slots", -ENOMEM, &err);
	cr_expect_str_eq(err.text, "t.yaml: too few");
	site_free(site);
}

Test(site, auto_is_at_least_two_workers)
{
	struct site *site = help_site("resources: {}\n");
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t n = site_workers(site);

	cr_expect_geq(n, 2);
	if (online >= 2 && online <= 256)
		cr_expect_eq(n, (uint32_t)online);
	cr_expect_eq(site_slots(site), n);
	site_free(site);
}

Test(site, there_are_never_more_workers_than_slots)
{
	struct site *site = help_site("slots: 1\n");

	cr_expect_eq(site_workers(site), 1);
	cr_expect_eq(site_slots(site), 1);
	site_free(site);
	site = help_site("workers: 3\n");
	cr_expect_eq(site_workers(site), 3);
	cr_expect_eq(site_slots(site), 3);
	site_free(site);
	site = help_site("workers: 3\nslots: 12\n");
	cr_expect_eq(site_workers(site), 3);
	cr_expect_eq(site_slots(site), 12);
	site_free(site);
}

Test(site, a_share_is_a_part_and_a_quarter)
{
	cr_expect_eq(site_share(100000, 1), 100000);
	cr_expect_eq(site_share(100000, 2), 62500);
	cr_expect_eq(site_share(100000, 4), 31250);
	cr_expect_eq(site_share(100, 3), 42, "41.67 rounded up");
	cr_expect_eq(site_share(16, 256), 1);
	cr_expect_eq(site_share(UINT32_MAX, 2), 2684354560u);
	cr_expect_eq(site_share(0, 2), 0);
}

Test(site, the_longest_body_is_the_mounts_or_the_limit)
{
	struct site *site = help_site("limits: { body-size: 2MiB }\n"
				      "resources:\n"
				      "  /a: m\n"
				      "  /b: { module: m, body-size: 64 }\n"
				      "  /c: { module: m, body-size: 5MiB }\n"
				      "  /d: { module: m, body-size: auto }\n");

	cr_expect_eq(site_body_size(site, &site->mounts[0]), 2 << 20);
	cr_expect_eq(site_body_size(site, &site->mounts[1]), 64);
	cr_expect_eq(site_body_size(site, &site->mounts[2]), 5 << 20);
	cr_expect_eq(site_body_size(site, &site->mounts[3]), 2 << 20);
	cr_expect_eq(site_body_size_most(site), 5 << 20);
	site->nmounts = 2;
	cr_expect_eq(site_body_size_most(site), 2 << 20);
	site_free(site);
}
