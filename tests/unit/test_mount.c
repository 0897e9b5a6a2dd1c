/* Mounts as they are opened, counted and closed. */
#include <criterion/criterion.h>

#include "stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define expect_get(options, text) cr_assert_str_eq(stage_get(s, options), text)

static struct stage *s;

static void teardown(void)
{
	if (s)
		stage_free(s);
}

TestSuite(mount, .fini = teardown);

STAGE_MODULE(leaf, stage_leaf, .flags = 0);

static char trace[64];

static int open_mount(coapd_mount *mount, const void *conf, void **self)
{
	(void)mount;
	strcat(trace, *(const char *)conf == 'x' ? "!" : "o");
	*self = trace;
	return *(const char *)conf == 'x' ? -EACCES : 0;
}

static void close_mount(void *self)
{
	strcat(self, "c");
}

static enum coapd_verdict self_hook(void *self, coapd_task *task,
					const struct coapd_event *event)
{
	(void)event;
	cr_assert_eq(self, trace);
	return stage_say(task, "itself");
}

STAGE_MODULE(opening, self_hook, .open = open_mount, .close = close_mount, .conf_size = 8);

Test(mount, mounts_are_opened_and_closed)
{
	s = stage_one("/a", &opening);
	expect_get("11=a", "ACK 2.05 pay=itself");
	teardown();
	s = NULL;
	cr_assert_str_eq(trace, "oc");
}

Test(mount, a_mount_that_does_not_open_closes_all)
{
	struct resource_mount_spec specs[] = {
		stage_spec("/a", &opening), stage_spec("/b", &opening),
		stage_spec("/c", &opening),
	};
	struct err err;

	*(char *)specs[1].conf = 'x';
	cr_assert_null(resources_new(specs, 3, &err));
	cr_assert_str_eq(err.text, "resource /b: module opening does not open: "
				   "Permission denied");
	cr_assert_str_eq(trace, "o!c");
}

Test(mount, two_mounts_of_one_path_are_refused)
{
	struct resource_mount_spec specs[] = {
		stage_spec("/a", &leaf), stage_spec("/a", &opening),
	};
	struct err err;

	cr_assert_null(resources_new(specs, 2, &err));
	cr_assert_str_eq(err.text, "resource /a: mounted twice");
}

Test(mount, no_mounts_at_all)
{
	s = stage_new(NULL, 0);
	expect_get("11=a", "ACK 4.04 pay=");
	cr_assert(strstr(stage_get(s, "11=.well-known 11=core"), "ACK 2.05"));
}

/* --- a directory of its own ---------------------------------------------------------- */

static const char *directory;

static int open_directory(coapd_mount *mount, const void *conf, void **self)
{
	(void)conf;
	*self = mount;
	directory = coapd_directory(mount);
	return directory && directory == coapd_directory(mount) ? 0 : -errno;
}

STAGE_MODULE(keeping, stage_leaf, .open = open_directory);

Test(mount, has_a_directory_where_there_is_one)
{
	char top[] = "/tmp/test-mount-XXXXXX", first[100];
	struct resource_mount_spec spec = stage_spec("/a", &keeping);

	spec.directory = mkdtemp(top);
	s = stage_new(&spec, 1);
	cr_assert_eq(strncmp(directory, top, strlen(top)), 0);
	cr_assert_eq(access(directory, W_OK), 0);
	strcpy(first, directory);
	stage_free(s);
	spec = stage_spec("/a", &keeping);
	spec.directory = top;
	s = stage_new(&spec, 1);
	cr_assert_str_eq(directory, first, "the next worker has the same");
	cr_assert_eq(rmdir(first), 0);
	cr_assert_eq(rmdir(top), 0);
}

Test(mount, has_no_directory_where_there_is_none)
{
	struct resource_mount_spec spec = stage_spec("/a", &keeping);
	struct err err;

	cr_assert_null(resources_new(&spec, 1, &err));
	cr_assert(strstr(err.text, "does not open"));
}
