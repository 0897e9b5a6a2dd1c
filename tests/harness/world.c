/* world.c - what a test does to the world that a coapd lives in (LD_PRELOAD).
 *
 * The file that COAPD_WORLD names has a struct world, which the test writes to at any time
 * (world.py).  The clock of the day is so many seconds off; so many forks go well, and so
 * many after them fail. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct world {
	int64_t off_s;
	int32_t good_forks, bad_forks;
};

static struct world nothing;
static struct world *world = &nothing;

static __attribute__((constructor)) void find(void)
{
	const char *path = getenv("COAPD_WORLD");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	if (fd < 0)
		return;
	at = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		world = at;
}

static int64_t off(clockid_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ?
	       __atomic_load_n(&world->off_s, __ATOMIC_RELAXED) : 0;
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *t)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, t);

	if (rc == 0)
		t->tv_sec += off(clock);
	return rc;
}

__attribute__((visibility("default"))) time_t time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out)
		*out = t.tv_sec;
	return t.tv_sec;
}

__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict out,
							void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	*out = (struct timeval){ t.tv_sec, t.tv_nsec / 1000 };
	return 0;
}

__attribute__((visibility("default"))) pid_t fork(void)
{
	pid_t (*real)(void) = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");

	if (world->good_forks > 0)
		world->good_forks--;
	else if (world->bad_forks > 0) {
		world->bad_forks--;
		errno = EAGAIN;
		return -1;
	}
	return real();
}
