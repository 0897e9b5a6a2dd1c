#include "supervisor/patience.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool patience_is_over(const struct sight *s, uint64_t watch_ms)
{
	switch (s->state) {
	case 'T':       /* stopped by a signal */
		return true;
	case 'D':       /* waits for a disk */
	case 't':       /* held by a debugger */
	case 'Z':       /* dead: that is told elsewhere */
	case 'X':
		return false;
	case 'R':       /* runs, or would if it could */
		return s->in_hook && s->used_ms >= watch_ms / 2;
	default:
		return s->in_hook;
	}
}

/* "PID (NAME) STATE ...", where anything may be in the name. */
char patience_state(pid_t pid)
{
	char path[32], text[512], *end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	end = strrchr(text, ')');
	return end && end[1] == ' ' ? end[2] : 0;
}

uint64_t patience_used(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return 0;
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
