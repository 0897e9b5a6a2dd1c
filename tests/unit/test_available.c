/* Figures from made-up files of the kernel: nothing is allocated. */
#include <criterion/criterion.h>

#include "supervisor/available.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MIB ((size_t)1 << 20)

static char root[] = "/tmp/available-XXXXXX";

/* Writes root/path, making what is missing on the way. */
static void put(const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof full, "%s/%s", root, path);
	for (char *s = strchr(full + sizeof root, '/'); s; s = strchr(s + 1, '/')) {
		*s = '\0';
		mkdir(full, 0700);
		*s = '/';
	}
	f = fopen(full, "w");
	cr_assert_not_null(f, "%s", full);
	fputs(text, f);
	fclose(f);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(root));
	put("proc/meminfo", "MemTotal:       24684084 kB\nMemFree:          100000 kB\n"
	    "MemAvailable:    1048576 kB\n");
}

static void teardown(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -r %s", root);
	cr_assert_eq(system(command), 0);
}

TestSuite(available, .init = setup, .fini = teardown);

Test(available, of_the_machine)
{
	cr_assert_eq(available_memory(root), 1024 * MIB);
	put("proc/meminfo", "MemAvailable: 0 kB\n");
	cr_assert_eq(available_memory(root), 0);
	put("proc/meminfo", "MemTotal: 24684084 kB\n");
	cr_assert_eq(available_memory(root), SIZE_MAX, "it does not say");
}

Test(available, of_every_group_around_us)
{
	put("proc/self/cgroup", "4:memory:/elsewhere\n0::/system.slice/coapd.service\n");
	cr_assert_eq(available_memory(root), 1024 * MIB, "no such files");
	put("sys/fs/cgroup/system.slice/coapd.service/memory.max", "max\n");
	put("sys/fs/cgroup/system.slice/coapd.service/memory.current", "1048576\n");
	cr_assert_eq(available_memory(root), 1024 * MIB, "no limit");
	put("sys/fs/cgroup/system.slice/memory.max", "104857600\n");
	put("sys/fs/cgroup/system.slice/memory.current", "10485760\n");
	cr_assert_eq(available_memory(root), 90 * MIB);
	put("sys/fs/cgroup/system.slice/coapd.service/memory.max", "2097152\n");
	cr_assert_eq(available_memory(root), MIB);
	put("sys/fs/cgroup/system.slice/coapd.service/memory.max", "1000\n");
	cr_assert_eq(available_memory(root), 0, "beyond the limit already");
}

Test(available, at_the_top_there_is_no_group)
{
	put("proc/self/cgroup", "0::/\n");
	cr_assert_eq(available_memory(root), 1024 * MIB);
}

Test(available, the_real_one_says_something)
{
	cr_assert_gt(available_memory(""), 0);
}
