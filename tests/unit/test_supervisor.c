/* The real supervisor with its real loop and processes; the worker is played by
 * this file.  What it does is decided before the supervisor is forked. */
#include "supervisor/supervisor.h"
#include "worker/slot.h"
#include "worker/worker.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEMORY 65536u
#define PATIENCE_MS 20000       /* until a line that must come is missed */

/* --- the worker's part --------------------------------------------------------- */

static enum { SERVE, FAIL_BOOT, FAIL_BOOT_OF_1, DEAF, CRASH_ONCE } mode;

static struct space_ctl *map(const struct worker_slot *s)
{
	return mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, s->memfd, 0);
}

size_t slot_size(const struct site *site)
{
	(void)site;
	return MEMORY;
}

struct windows_def slot_windows(const struct site *site)
{
	(void)site;
	return (struct windows_def){ .class = { { 1, WINDOWS_PAGE }, { 1, WINDOWS_PAGE } } };
}

void slot_def(const struct site *s, struct space_def *def)
{
	(void)s;
	*def = (struct space_def){ .nslabs = 0 };
}

uint64_t slot_counter(const void *mem, enum counter c)
{
	return ((const struct space_ctl *)mem)->counter[c];
}

uint32_t slot_peers(const void *mem)
{
	(void)mem;
	return 0;
}

uint32_t slot_observers(const void *mem)
{
	(void)mem;
	return 0;
}

int slot_where(const void *mem, const struct site *site)
{
	(void)site;
	return (int)((const struct space_ctl *)mem)->where - 1;
}

bool slot_opens(const void *mem)
{
	(void)mem;
	return false;
}

static int obey(int control)
{
	char c;

	while (read(control, &c, 1) < 0 && (errno == EAGAIN || errno == EINTR))
		poll(&(struct pollfd){ .fd = control, .events = POLLIN }, 1, -1);
	return c == WORKER_DRAIN || c == WORKER_QUIT ? WORKER_EXIT_OK : 99;
}

/* Tells which slots it has, and leaves traces in their memory. */
static void use_slots(const struct worker_boot *b)
{
	char text[128] = "";

	for (unsigned i = 0; i < b->nslots; i++) {
		size_t n = strlen(text);

		snprintf(text + n, sizeof text - n, " %u", b->slots[i].slot);
		map(&b->slots[i])->counter[COUNT_RX] += 10;
	}
	log_notice("worker %u has%s", b->number, text);
}

int worker_run(const struct worker_boot *b)
{
	char ready = WORKER_READY;

	if (mode == FAIL_BOOT || (mode == FAIL_BOOT_OF_1 && b->number == 1)) {
		log_error("no such user");
		return WORKER_EXIT_BOOT;
	}
	use_slots(b);
	if (mode == CRASH_ONCE && b->number == 1 &&
	    map(&b->slots[0])->counter[COUNT_RX] == 10) {
		map(&b->slots[0])->where = 2;
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
	}
	map(&b->slots[0])->where = 0;
	if (b->control_fd < 0) {
		log_notice("alone with %u of %u slots", b->nslots, b->nmemfds);
		b->ready(b->arg);
		return WORKER_EXIT_OK;
	}
	if (write(b->control_fd, &ready, 1) != 1)
		return 98;
	for (; mode == DEAF;)
		pause();
	return obey(b->control_fd);
}

/* --- the rig --------------------------------------------------------------------- */

static struct site_listener listener = { .text = "coap://[::1]:0", .at = { .line = 3, .column = 5 } };
static struct site_mount mount[2] = {
	{ .path = "/hello", .module = "hello" },
	{ .path = "/slow", .module = "separate" },
};
static struct site site = {
	.file = "site.yaml", .workers = 2, .slots = 5, .log_level = LOG_DEBUG,
	.listeners = &listener, .nlisteners = 1, .drain_ms = 60000,
	.mounts = mount, .nmounts = 2,
	.control_socket = "none", .control_connections = 0, .control_timeout_ms = 1000,
	.user = "nobody",
};

static pid_t supervisor;
static FILE *lines;
static char last[1200];

static void launch_as(int what, enum supervisor_exit (*run)(const struct site *))
{
	int ends[2];

	mode = what;
	cr_assert_eq(pipe(ends), 0);
	supervisor = fork();
	if (supervisor == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		log_setup(LOG_DEBUG, "supervisor");
		_exit((int)run(&site));
	}
	close(ends[1]);
	lines = fdopen(ends[0], "r");
	setvbuf(lines, NULL, _IONBF, 0);
}

static void launch(int what)
{
	launch_as(what, supervisor_run);
}

/* False at the end of the pipe: everybody who could write is dead. */
static bool next_line(void)
{
	struct pollfd p = { .fd = fileno(lines), .events = POLLIN };

	cr_assert_eq(poll(&p, 1, PATIENCE_MS), 1, "no more lines after: %s", last);
	return fgets(last, sizeof last, lines) != NULL;
}

/* Reads on until a line holds the words; returns what follows them. */
static const char *wait_for(const char *words)
{
	while (next_line()) {
		const char *at = strstr(last, words);

		if (at)
			return at + strlen(words);
	}
	cr_assert_fail("never said: %s", words);
	return NULL;
}

static void expect_end(int code)
{
	int status;

	while (next_line())
		cr_assert_not(strstr(last, "ready:"), "%s", last);
	cr_assert_eq(waitpid(supervisor, &status, 0), supervisor);
	cr_assert(WIFEXITED(status), "status %x", status);
	cr_assert_eq(WEXITSTATUS(status), code);
}

static void setup(void)
{
	addr_parse("[::1]:0", &listener.addr);
}

TestSuite(supervisor, .init = setup);

Test(supervisor, starts_tells_its_port_serves_and_stops)
{
	launch(SERVE);
	wait_for("worker 0 started (pid ");
	wait_for("worker 1 started (pid ");
	cr_assert_gt(atoi(wait_for("listening on coap://[::1]:")), 0);
	wait_for("ready: 2 workers, 5 slots, 2 resources");
	kill(supervisor, SIGTERM);
	wait_for("stopping: the last requests are being answered");
	wait_for("stopped");
	expect_end(0);
}

Test(supervisor, all_in_one_process_to_debug)
{
	launch_as(SERVE, supervisor_debug);
	wait_for("alone with 5 of 5 slots");
	cr_assert_gt(atoi(wait_for("listening on coap://[::1]:")), 0);
	wait_for("ready: 1 workers, 5 slots, 2 resources");
	wait_for("stopped");
	expect_end(0);
	launch_as(FAIL_BOOT, supervisor_debug);
	wait_for("no such user");
	expect_end(1);
}

Test(supervisor, slots_are_dealt_round_robin)
{
	launch(SERVE);
	cr_assert_str_eq(wait_for("worker 0 has"), " 0 2 4\n");
	cr_assert_str_eq(wait_for("worker 1 has"), " 1 3\n");
	wait_for("ready:");
	kill(supervisor, SIGINT);
	expect_end(0);
}

Test(supervisor, a_worker_that_cannot_start_fails_the_start_once)
{
	unsigned told = 0;
	int status;

	launch(FAIL_BOOT);
	while (next_line()) {
		told += strstr(last, "no such user") != NULL;
		cr_assert_not(strstr(last, "ready:"));
		cr_assert_not(strstr(last, "listening"));
		cr_assert_not(strstr(last, "worker 1 started"));
	}
	cr_assert_eq(told, 1u);
	waitpid(supervisor, &status, 0);
	cr_assert_eq(WEXITSTATUS(status), 1);
}

Test(supervisor, nobody_is_left_when_the_second_worker_cannot_start)
{
	launch(FAIL_BOOT_OF_1);
	wait_for("worker 1 started");
	wait_for("start failed, nothing is left running");
	expect_end(1);
}

Test(supervisor, a_killed_worker_is_replaced_on_the_same_slots)
{
	int pid, successor = 0;
	char slots[16] = "";

	launch(SERVE);
	pid = atoi(wait_for("worker 1 started (pid "));
	wait_for("ready:");
	kill(pid, SIGKILL);
	wait_for("died of SIGKILL, restarting");
	/* Supervisor and worker write at the same time, in either order. */
	while ((!successor || !*slots) && next_line()) {
		sscanf(last, "%*[^:]: %*[^:]: worker 1 started (pid %d", &successor);
		sscanf(last, "%*[^:]: %*[^:]: worker 1 has%15[^\n]", slots);
	}
	cr_assert(successor && successor != pid);
	cr_assert_str_eq(slots, " 1 3");
	kill(supervisor, SIGTERM);
	expect_end(0);
}

Test(supervisor, the_obituary_tells_where_the_worker_was)
{
	launch(CRASH_ONCE);
	wait_for("worker 1 started (pid ");
	wait_for("died of SIGSEGV");
	cr_assert(strstr(last, " in /slow (module separate), restarting"), "%s", last);
	wait_for("ready:");
	kill(supervisor, SIGTERM);
	expect_end(0);
}

Test(supervisor, usr1_logs_the_sum_of_every_counter)
{
	launch(SERVE);
	wait_for("ready:");
	kill(supervisor, SIGUSR1);
	cr_assert_str_eq(wait_for("counter rx "), "50 (datagrams received)\n");
	cr_assert_str_eq(wait_for("counter tx "), "0 (datagrams sent)\n");
	cr_assert_eq(strncmp(wait_for("counter module-failed "), "0 (", 3), 0);
	wait_for("counters end");
	kill(supervisor, SIGTERM);
	expect_end(0);
}

Test(supervisor, hup_changes_nothing_and_says_so)
{
	launch(SERVE);
	wait_for("ready:");
	kill(supervisor, SIGHUP);
	wait_for("restart coapd to use a new one");
	kill(supervisor, SIGTERM);
	wait_for("stopping:");
	expect_end(0);
}

Test(supervisor, asked_again_it_stops_workers_that_do_not_listen)
{
	launch(DEAF);
	wait_for("ready:");
	kill(supervisor, SIGTERM);
	wait_for("stopping:");
	kill(supervisor, SIGTERM);
	wait_for("asked again");
	kill(supervisor, SIGTERM);
	wait_for("does not end in time, killing it");
	expect_end(0);
}

Test(supervisor, workers_die_with_a_supervisor_that_is_killed)
{
	int status;

	launch(DEAF);
	wait_for("ready:");
	kill(supervisor, SIGKILL);
	while (next_line())
		;
	waitpid(supervisor, &status, 0);
	cr_assert_eq(WTERMSIG(status), SIGKILL);
}

Test(supervisor, a_port_in_use_is_one_line_and_no_worker)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t n = sizeof a;
	int other = socket(AF_INET6, SOCK_DGRAM, 0);

	cr_assert_eq(bind(other, (struct sockaddr *)&a, sizeof a), 0);
	cr_assert_eq(getsockname(other, (struct sockaddr *)&a, &n), 0);
	listener.addr.port = ntohs(a.sin6_port);
	launch(SERVE);
	cr_assert(next_line());
	cr_assert(strstr(last, "site.yaml:3:5: cannot listen on [::1]:"), "%s", last);
	expect_end(1);
	close(other);
}

Test(supervisor, more_files_than_allowed_are_refused_before_anything_is_open)
{
	struct rlimit few = { .rlim_cur = 60, .rlim_max = 60 };

	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	launch(SERVE);
	cr_assert(next_line());
	cr_assert(strstr(last, "5 slots take up to 93 open files, but only 60 are allowed"),
		  "%s", last);
	expect_end(1);
}

Test(supervisor, a_soft_limit_of_files_is_raised)
{
	struct rlimit few;

	getrlimit(RLIMIT_NOFILE, &few);
	few.rlim_cur = 15;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	launch(SERVE);
	wait_for("ready:");
	kill(supervisor, SIGTERM);
	wait_for("stopping:");
	expect_end(0);
}
