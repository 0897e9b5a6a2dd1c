/* The real supervisor with its real loop and processes; the worker is played by
 * this file.  What it does is decided before the supervisor is forked. */
#include "supervisor/supervisor.h"
#include "slot_stub.h"
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

#define MEMORY SLOT_STUB_SIZE
#define PATIENCE_MS 20000       /* until a line that must come is missed */

/* --- the worker's part --------------------------------------------------------- */

static enum { SERVE, FAIL_BOOT, FAIL_BOOT_OF_1, DEAF, CRASH_ONCE, HELD_FAILS, HELD_CRASHES } mode;

static struct space_ctl *map(const struct worker_slot *s)
{
	return mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, s->memfd, 0);
}

int slot_where(const void *mem, const struct site *site)
{
	(void)site;
	return (int)((const struct space_ctl *)mem)->where - 1;
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

static bool wait_for_turn(int control)
{
	static const char failed[] = "Emodules: it does not open", prepared = WORKER_PREPARED;
	char c;

	if (mode == HELD_CRASHES) {
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	if (mode == HELD_FAILS) {
		(void)!write(control, failed, sizeof failed - 1);
		return false;
	}
	(void)!write(control, &prepared, 1);
	while (read(control, &c, 1) < 0 && (errno == EAGAIN || errno == EINTR))
		poll(&(struct pollfd){ .fd = control, .events = POLLIN }, 1, -1);
	return c == WORKER_GO;
}

int worker_run(const struct worker_boot *b)
{
	char ready = WORKER_READY;

	if (mode == FAIL_BOOT || (mode == FAIL_BOOT_OF_1 && b->number == 1)) {
		log_error("no such user");
		return WORKER_EXIT_BOOT;
	}
	if (b->held && !wait_for_turn(b->control_fd))
		return WORKER_EXIT_BOOT;
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
	.control_socket = "none", .runtime_directory = "", .access_file = "",
	.control_connections = 1, .control_timeout_ms = 1000,
	.user = "nobody",
};

/* What is to take over. */
#define CONTROL_NONE "control: {socket: none, connections: 1, timeout: 1s}\n"
static const char *next_site = "";

static struct site *load_next(void *arg, struct config_errors *errors)
{
	(void)arg;
	return site_load_text("next.yaml", next_site, strlen(next_site), errors);
}

static bool look(void *arg, const struct site *s, struct config_errors *errors)
{
	(void)arg, (void)s;
	return errors->count == 0;
}

static const struct supervisor_source source = { load_next, look, NULL, NULL };
static pid_t supervisor;
static FILE *lines;
static char last[1200];

static void launch_as(int what, enum supervisor_exit (*run)(struct site *))
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

static enum supervisor_exit run_it(struct site *s)
{
	return supervisor_run(s, &source);
}

static void launch(int what)
{
	launch_as(what, run_it);
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

/* --- reload ---------------------------------------------------------------------- */

static void stop_it(void)
{
	kill(supervisor, SIGTERM);
	wait_for("stopping:");
	expect_end(0);
}

Test(supervisor, fewer_workers_take_over_all_slots)
{
	next_site = "workers: 1\nslots: 5\nlisten: \"coap://[::1]:0\"\n" CONTROL_NONE;
	launch(SERVE);
	wait_for("ready:");
	kill(supervisor, SIGHUP);
	wait_for("reading the site again");
	wait_for("worker 0 takes over");
	wait_for("worker 0 has 0 1 2 3 4");
	wait_for("the new site is served: 1 workers, 5 slots, 0 resources");
	stop_it();
}

Test(supervisor, more_workers_take_over_all_slots)
{
	next_site = "workers: 4\nslots: 5\nlisten: \"coap://127.0.0.1:0\"\n" CONTROL_NONE;
	launch(SERVE);
	wait_for("ready:");
	kill(supervisor, SIGHUP);
	wait_for("the new site is served: 4 workers, 5 slots, 0 resources");
	wait_for("listening on coap://127.0.0.1:");
	stop_it();
}

Test(supervisor, a_site_with_mistakes_changes_nothing)
{
	next_site = "workers: 4\nslotz: 5\n" CONTROL_NONE;
	launch(SERVE);
	wait_for("ready:");
	kill(supervisor, SIGHUP);
	wait_for("next.yaml:2:1: ");
	wait_for("not taken over; the one that is served goes on");
	kill(supervisor, SIGUSR1);
	wait_for("counter rx 50 ");
	stop_it();
}

Test(supervisor, what_cannot_change_is_named)
{
	next_site = "workers: 2\nslots: 6\n" CONTROL_NONE;
	launch(SERVE);
	wait_for("ready:");
	kill(supervisor, SIGHUP);
	wait_for("next.yaml:2:8: slots: 5 cannot become 6 while coapd runs");
	wait_for("not taken over");
	stop_it();
}

Test(supervisor, more_workers_than_slots_are_named)
{
	next_site = "workers: 6\nlisten: \"coap://[::1]:0\"\n" CONTROL_NONE;
	launch(SERVE);
	wait_for("ready:");
	kill(supervisor, SIGHUP);
	wait_for("next.yaml:1:10: workers: there cannot be 6, as clients are divided into 5 slots");
	stop_it();
}

Test(supervisor, workers_that_do_not_get_ready_change_nothing)
{
	next_site = "workers: 2\nlisten: \"coap://[::1]:0\"\n" CONTROL_NONE;
	launch(HELD_FAILS);
	wait_for("ready:");
	kill(supervisor, SIGHUP);
	wait_for("modules: it does not open");
	wait_for("not taken over");
	stop_it();
}

Test(supervisor, workers_that_crash_before_their_turn_change_nothing)
{
	next_site = "workers: 2\nlisten: \"coap://[::1]:0\"\n" CONTROL_NONE;
	launch(HELD_CRASHES);
	wait_for("ready:");
	kill(supervisor, SIGHUP);
	wait_for("died of SIGABRT");
	wait_for("not taken over");
	kill(supervisor, SIGHUP);
	wait_for("not taken over");
	stop_it();
}

Test(supervisor, one_that_does_not_leave_is_killed)
{
	next_site = "workers: 2\nlisten: \"coap://[::1]:0\"\n" CONTROL_NONE;
	launch(DEAF);
	wait_for("ready:");
	kill(supervisor, SIGHUP);
	wait_for("does not end in time, killing it");
	wait_for("the new site is served: 2 workers, 5 slots");
	kill(supervisor, SIGTERM);
	wait_for("stopping:");
	kill(supervisor, SIGTERM);
	expect_end(0);
}

Test(supervisor, asked_to_stop_while_one_takes_over_it_stops)
{
	next_site = "workers: 2\nlisten: \"coap://[::1]:0\"\n" CONTROL_NONE;
	launch(DEAF);
	wait_for("ready:");
	kill(supervisor, SIGHUP);
	wait_for("reading the site again");
	kill(supervisor, SIGTERM);
	wait_for("stopping:");
	kill(supervisor, SIGTERM);
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
	cr_assert(strstr(last, "5 slots of 1 listeners take up to 175 open files, but only 60 are allowed"),
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
