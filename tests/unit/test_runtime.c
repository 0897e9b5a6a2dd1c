#include "supervisor/runtime.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[] = "/tmp/test-runtime-XXXXXX";

static void fresh(void)
{
	cr_assert(mkdtemp(top));
	unsetenv("RUNTIME_DIRECTORY");
}

static void gone(void)
{
	cr_assert_eq(rmdir(top), 0, "something is left");
}

TestSuite(runtime, .init = fresh, .fini = gone);

static char *make(const char *wanted)
{
	struct err err;
	char *path = runtime_make(wanted, "nobody", &err);

	cr_assert(path, "%s", err.text);
	return path;
}

Test(runtime, is_private_and_goes_with_what_is_in_it)
{
	char *path = make(top), name[100];
	struct stat st;

	cr_assert_eq(strncmp(path, top, strlen(top)), 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0700);
	snprintf(name, sizeof name, "%s/sub", path);
	cr_assert_eq(mkdir(name, 0700), 0);
	snprintf(name, sizeof name, "%s/sub/link", path);
	cr_assert_eq(symlink(top, name), 0);
	runtime_remove(path);
}

Test(runtime, is_where_the_service_manager_says)
{
	char both[100], *path;

	snprintf(both, sizeof both, "%s:/nonexistent", top);
	setenv("RUNTIME_DIRECTORY", both, 1);
	path = make("");
	cr_assert_eq(strncmp(path, top, strlen(top)), 0, "%s", path);
	runtime_remove(path);
	unsetenv("RUNTIME_DIRECTORY");
	path = make("");
	cr_assert_eq(strncmp(path, "/tmp/coapd-", 11), 0, "%s", path);
	runtime_remove(path);
}

Test(runtime, says_why_there_is_none)
{
	struct err err;

	cr_assert_null(runtime_make("/nonexistent", "nobody", &err));
	cr_assert(strstr(err.text, "runtime-directory: cannot make one in /nonexistent"));
	runtime_remove(NULL);
}
