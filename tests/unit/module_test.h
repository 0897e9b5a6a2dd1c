/* module_test.h - what the test of a module stands on: the module as it was built,
 * mounted by a site as operators write it, over an engine without sockets.
 *
 * For the tests in modules/; see stage.h for asking and waiting. */
#ifndef TESTS_MODULE_TEST_H
#define TESTS_MODULE_TEST_H

#include "stage.h"
#include "worker/mounts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <ftw.h>
#include <dirent.h>
#include <unistd.h>

static struct stage *s;
static struct site *site;
static struct config_errors site_errors;

static char runtime_dir[] = "/tmp/coapd-test-XXXXXX";

/* The directory of the one mount that asked for one. */
static inline const char *runtime_sub(void)
{
	static char path[300];
	DIR *d = opendir(runtime_dir);

	path[0] = 0;
	for (const struct dirent *f; d && (f = readdir(d)); )
		if (f->d_name[0] != '.')
			snprintf(path, sizeof path, "%s/%.255s", runtime_dir, f->d_name);
	closedir(d);
	return path;
}

static inline int runtime_drop(const char *path, const struct stat *st, int type,
			       struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/* Loads a site of at most 8 mounts; resources is what stands below that key.
 * False: site_errors says why. */
static inline bool try_mount(const char *resources)
{
	struct resource_mount_spec specs[8];
	const char *top = getenv("COAPD_BUILDDIR");
	char text[4096];

	snprintf(text, sizeof text, "modules-dir: %s/modules/.libs\nresources:\n%s\n",
		 top ? top : ".", resources);
	site = site_load_text("t", text, strlen(text), &site_errors);
	if (site && mkdtemp(runtime_dir))
		site->runtime_at = runtime_dir;
	if (!site || !mounts_load(site, specs, &site_errors))
		return false;
	s = stage_new(specs, site->nmounts);
	return true;
}

static inline void mount_it(const char *resources)
{
	cr_assert(try_mount(resources), "%s", site_errors.text[0]);
}

static inline void unmount(void)
{
	if (s)
		stage_free(s);
	site_free(site);
	if (strcmp(runtime_dir + strlen(runtime_dir) - 6, "XXXXXX"))
		nftw(runtime_dir, runtime_drop, 8, FTW_DEPTH | FTW_PHYS);
	strcpy(runtime_dir + strlen(runtime_dir) - 6, "XXXXXX");
}

#define expect(text) cr_assert_str_eq(stage_next(s), text)
#define expect_get(options, text) cr_assert_str_eq(stage_get(s, options), text)

#endif
