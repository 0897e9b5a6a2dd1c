#include "supervisor/available.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PATH 1024

static FILE *open_at(const char *root, const char *path)
{
	char full[2 * PATH];

	if (snprintf(full, sizeof full, "%s%s", root, path) >= (int)sizeof full)
		return NULL;
	return fopen(full, "re");
}

static size_t of_machine(const char *root)
{
	FILE *f = open_at(root, "/proc/meminfo");
	unsigned long long kib;
	bool found = false;
	char line[128];

	while (f && !found && fgets(line, sizeof line, f))
		found = sscanf(line, "MemAvailable: %llu", &kib) == 1;
	if (f)
		fclose(f);
	return found ? (size_t)kib << 10 : SIZE_MAX;
}

/* The number in a file of a group; false for "max" and where there is none, as at
 * the top. */
static bool read_group(const char *root, const char *group, const char *file,
		       unsigned long long *out)
{
	char path[PATH + 64];
	FILE *f;
	bool found;

	snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", group, file);
	f = open_at(root, path);
	if (!f)
		return false;
	found = fscanf(f, "%llu", out) == 1;
	fclose(f);
	return found;
}

static size_t of_group(const char *root, const char *group)
{
	unsigned long long max, used;

	if (!read_group(root, group, "memory.max", &max) ||
	    !read_group(root, group, "memory.current", &used))
		return SIZE_MAX;
	return used < max ? (size_t)(max - used) : 0;
}

/* The line of the one hierarchy of v2 is "0::/a/b". */
static bool our_group(const char *root, char group[PATH])
{
	FILE *f = open_at(root, "/proc/self/cgroup");
	bool found = false;

	while (f && !found && fgets(group, PATH, f))
		found = strncmp(group, "0::/", 4) == 0;
	if (f)
		fclose(f);
	if (!found)
		return false;
	group[strcspn(group, "\n")] = '\0';
	memmove(group, group + 3, strlen(group + 3) + 1);
	return true;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t available_memory(const char *root)
{
	size_t n = of_machine(root);
	char group[PATH], *slash;

	if (!our_group(root, group))
		return n;
	/* Outwards: each group bounds those within. */
	while ((slash = strrchr(group, '/'))) {
		n = least(n, of_group(root, group));
		*slash = '\0';
	}
	return n;
}
