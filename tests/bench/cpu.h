/* cpu.h - what something has cost.  The time of the processor, for others may use the machine. */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* Nanoseconds that this process has had. */
static inline uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Nanoseconds that a process of this number has had, 0 if there is none or pid is NULL: its first
 * thread, which is all that a server under load has. */
static inline uint64_t cpu_ns_of(const char *pid)
{
	uint64_t ns = 0;
	char path[64];
	FILE *f;

	if (!pid)
		return 0;
	snprintf(path, sizeof path, "/proc/%.20s/schedstat", pid);
	f = fopen(path, "r");
	if (f && fscanf(f, "%" SCNu64, &ns) != 1)
		ns = 0;
	if (f)
		fclose(f);
	return ns;
}

#endif
