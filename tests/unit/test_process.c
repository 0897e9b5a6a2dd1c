/* A worker's process, with a worker that does as little as can be. */
#include "supervisor/process.h"
#include "slot_stub.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int slot_where(const void *mem, const struct site *s)
{
	(void)s;
	return *(const int *)mem;
}

/* Sends back what it is told, then ends; told to quit, it calls that a failed start. */
int worker_run(const struct worker_boot *b)
{
	struct pollfd p = { .fd = b->control_fd, .events = POLLIN };
	char byte;

	if (poll(&p, 1, -1) != 1 || read(b->control_fd, &byte, 1) != 1)
		return 1;
	if (byte == WORKER_QUIT)
		return WORKER_EXIT_BOOT;
	return write(b->control_fd, &byte, 1) == 1 ? WORKER_EXIT_OK : 1;
}

static struct site_mount mount = { .path = "/slow", .module = "separate" };
static struct site site = { .mounts = &mount, .nmounts = 1 };
static int at_mount;
static void *memory[] = { &at_mount };
static const struct worker_slot slot;

static struct where opens[4];
static struct generation generation = { .site = &site, .nworkers = 4, .where = opens,
				       .memory = { .n = 1, .at = memory } };
static struct supervisor sv = { .now = &generation, .nslots = 1 };
static struct process process = { .control = -1, .number = 3, .slots = &slot, .nslots = 1,
				  .sv = &sv, .of = &generation };
static struct crew_worker crew_workers[4];
static char said[300];

static void nothing(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop, (void)w, (void)revents;
}

static void setup(void)
{
	sv.loop = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV);
	sv.crew.worker = crew_workers;
	ev_init(&process.readable, nothing);
	log_setup(LOG_DEBUG, "test");
}

TestSuite(process, .init = setup);

/* What the log says while this is done. */
static const char *logged(void (*what)(void))
{
	int ends[2], stderr_was = dup(STDERR_FILENO);
	ssize_t n;

	cr_assert_eq(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	what();
	dup2(stderr_was, STDERR_FILENO);
	close(ends[1]);
	n = read(ends[0], said, sizeof said - 1);
	said[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	return said;
}

static void reap(void)
{
	process.dead = process.pid;
	cr_assert_eq(waitpid(process.pid, &process.status, 0), process.pid);
}

static void obituary(void)
{
	process_obituary(&sv, &process, 0);
}

static void end_by_force(void)
{
	process_kill(&sv, &process);
}

Test(process, is_started_told_and_ends)
{
	struct pollfd p = { .events = POLLIN };
	char byte = 0;

	cr_assert_eq(process_start(&sv, &process), 0);
	cr_assert_gt(process.pid, 0);
	cr_assert_not(process.asked);
	process_ask(&process, WORKER_DRAIN);
	cr_assert(process.asked);
	p.fd = process.control;
	cr_assert_eq(poll(&p, 1, -1), 1);
	cr_assert_eq(read(process.control, &byte, 1), 1);
	cr_assert_eq(byte, WORKER_DRAIN);
	reap();
	cr_assert_not(process_boot_failed(&process));
	process_close(&process);
	process_close(&process);
	cr_assert_eq(process.control, -1);
}

Test(process, that_could_not_start_is_told_from_others)
{
	cr_assert_eq(process_start(&sv, &process), 0);
	process_ask(&process, WORKER_QUIT);
	reap();
	cr_assert(process_boot_failed(&process));
	process_close(&process);
}

Test(process, that_is_killed_has_an_obituary)
{
	cr_assert_eq(process_start(&sv, &process), 0);
	kill(process.pid, SIGSEGV);
	reap();
	logged(obituary);
	cr_assert(strstr(said, "worker 3"), "%s", said);
	cr_assert(strstr(said, " in /slow (module separate)"), "%s", said);
	process_close(&process);
}

Test(process, that_is_silent_is_killed_and_its_module_is_named)
{
	cr_assert_eq(process_start(&sv, &process), 0);
	crew_workers[3].silent = true;
	sv.crew.watch_ms = 3000;
	logged(end_by_force);
	cr_assert(strstr(said, " hangs in /slow (module separate): it has not been back for 3000 ms "
			 "(watchdog), killing it"), "%s", said);
	reap();
	cr_assert_eq(WTERMSIG(process.status), SIGKILL);
	process_close(&process);
}

Test(process, that_hangs_is_killed_and_named)
{
	cr_assert_eq(process_start(&sv, &process), 0);
	crew_workers[3].hung = true;
	logged(end_by_force);
	cr_assert(strstr(said, "worker 3 (pid "), "%s", said);
	cr_assert(strstr(said, "is not ready after"), "%s", said);
	reap();
	cr_assert_eq(WTERMSIG(process.status), SIGKILL);
	process_close(&process);
}
