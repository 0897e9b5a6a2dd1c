#include "client/meter.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METER_ALL 256u          /* processes that are looked at, children included */
#define METER_PATH 64

/* --- which processes -------------------------------------------------------------- */

static bool exists(int pid)
{
	char path[METER_PATH];
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	d = opendir(path);
	if (d)
		closedir(d);
	return d != NULL;
}

int meter_parse(struct meter *m, const char *text, struct err *err)
{
	const char *p = text;
	char *end;

	m->n = 0;
	for (;; p = end + 1) {
		long pid = isdigit((unsigned char)*p) ? strtol(p, &end, 10) : 0;

		if (pid <= 0 || pid > INT32_MAX || (*end && *end != ','))
			return err_set(err, -EINVAL, "\"%s\" is no list of process IDs, "
				       "like 17 or 17,18", text);
		if (m->n == METER_PIDS)
			return err_set(err, -EINVAL, "more than %u process IDs", METER_PIDS);
		if (!exists((int)pid))
			return err_set(err, -EINVAL, "there is no process %ld", pid);
		m->pid[m->n++] = (int)pid;
		if (!*end)
			return 0;
	}
}

struct pids {
	unsigned n;
	int pid[METER_ALL];
};

static void add(struct pids *all, int pid)
{
	for (unsigned i = 0; i < all->n; i++)
		if (all->pid[i] == pid)
			return;
	if (all->n < METER_ALL)
		all->pid[all->n++] = pid;
}

static void add_children(struct pids *all, int pid)
{
	char path[METER_PATH];
	FILE *f;
	int child;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fscanf(f, "%d", &child) == 1)
		add(all, child);
	fclose(f);
}

/* --- what they use ----------------------------------------------------------------- */

static uint64_t thread_cpu(int pid, const char *thread)
{
	unsigned long long ns = 0;
	char path[METER_PATH + 256];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, thread);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	fclose(f);
	return ns;
}

static uint64_t cpu_of(int pid)
{
	char path[METER_PATH];
	struct dirent *e;
	uint64_t sum = 0;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			sum += thread_cpu(pid, e->d_name);
	if (d)
		closedir(d);
	return sum;
}

static uint64_t rss_of(int pid)
{
	unsigned long long kib = 0;
	char path[METER_PATH], line[256];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmRSS: %llu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

struct meter_reading meter_read(const struct meter *m)
{
	struct meter_reading r = { 0, 0 };
	struct pids all = { .n = 0 };

	for (unsigned i = 0; i < m->n; i++)
		add(&all, m->pid[i]);
	for (unsigned i = 0; i < all.n; i++)
		add_children(&all, all.pid[i]);
	for (unsigned i = 0; i < all.n; i++) {
		r.cpu_ns += cpu_of(all.pid[i]);
		r.rss_kib += rss_of(all.pid[i]);
	}
	return r;
}
