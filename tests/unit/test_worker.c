#include "worker/worker.h"

#include "worker_site.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

struct bed {
	struct worker_site w;
	struct worker_boot boot;
	int control;
	pid_t pid;
	int peer;
};

/* Forks a worker as the supervisor would. */
static void start(struct bed *b)
{
	int pair[2];

	cr_assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	b->control = pair[0];
	b->boot.control_fd = pair[1];
	b->pid = fork();
	if (b->pid == 0) {
		close(pair[0]);
		_exit(worker_run(&b->boot));
	}
	close(pair[1]);
}

/* What the worker says next; 0: it is gone. */
static char hear_all(struct bed *b)
{
	struct pollfd p = { .fd = b->control, .events = POLLIN };
	char c = 0;

	cr_assert(poll(&p, 1, 10000) == 1, "the worker says nothing");
	return read(b->control, &c, 1) == 1 ? c : 0;
}

/* The same without its signs of life. */
static char hear(struct bed *b)
{
	char c;

	while ((c = hear_all(b)) == WORKER_ALIVE)
		;
	return c;
}

static void bed_open(struct bed *b, const char *yaml)
{
	*b = (struct bed){ .boot = { .number = 1, .nslots = 1, .key = { { 5, 6 } } } };
	worker_site_open(&b->w, yaml);
	b->boot.site = b->w.site;
	b->boot.slots = &b->w.slot;
	b->boot.memfds = &b->w.slot.memfd;
	b->boot.nmemfds = 1;
	b->peer = worker_site_peer(&b->w);
	start(b);
}

static void say(struct bed *b, char c)
{
	cr_assert(write(b->control, &c, 1) == 1);
}

/* Exit status, or -signal. */
static int ended(struct bed *b)
{
	int status;

	cr_assert(waitpid(b->pid, &status, 0) == b->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void bed_close(struct bed *b)
{
	close(b->control);
	close(b->peer);
	worker_site_close(&b->w);
}

enum { CON, NON, ACK, RST };
enum { GET = 1, POST };

/* Modules from the build tree, which only root's own user may be able to read. */
static const char *with_separate(char *yaml, size_t cap, const char *delay)
{
	const char *top = getenv("COAPD_BUILDDIR");

	snprintf(yaml, cap, "%suser: root\n"
		 "modules-dir: \"%s/modules/.libs\"\n"
		 "drain: 20s\n"
		 "transmission: {ack-delay: 5s}\n"
		 "resources:\n"
		 "  /late: {module: separate, delay: %s}\n",
		 WORKER_SITE_YAML, top ? top : ".", delay);
	return yaml;
}

/* Asks for what takes its time.  When what another one asks is answered, the worker has it. */
static void begin_late(struct bed *b)
{
	int other = worker_site_peer(&b->w);

	coap_ask(b->peer, CON, GET, 1, "late");
	coap_ask(other, CON, GET, 2, ".well-known/core");
	cr_expect_eq(coap_told(other, 2), 0x245);
	close(other);
}

Test(worker, serves_until_it_is_told_to_quit)
{
	struct bed b;

	bed_open(&b, WORKER_SITE_YAML);
	cr_assert_eq(hear(&b), WORKER_READY);
	coap_ask(b.peer, CON, GET, 1, ".well-known/core");
	cr_expect_eq(coap_told(b.peer, 1), 0x245);
	coap_ask(b.peer, CON, GET, 2, "nowhere");
	cr_expect_eq(coap_told(b.peer, 2), 0x284);
	say(&b, WORKER_QUIT);
	cr_expect_eq(ended(&b), WORKER_EXIT_OK);
	bed_close(&b);
}

Test(worker, says_that_it_lives)
{
	struct bed b;

	bed_open(&b, WORKER_SITE_YAML "watchdog: 400ms\n");
	cr_assert_eq(hear_all(&b), WORKER_ALIVE);
	cr_assert_eq(hear_all(&b), WORKER_READY);
	cr_assert_eq(hear_all(&b), WORKER_ALIVE);
	cr_assert_eq(hear_all(&b), WORKER_ALIVE);
	say(&b, WORKER_QUIT);
	cr_expect_eq(ended(&b), WORKER_EXIT_OK);
	bed_close(&b);
}

static void on_ready(void *arg)
{
	struct bed *b = arg;
	char ready = 'r';

	cr_assert(write(b->control, &ready, 1) == 1);
}

/* Without a supervisor: who made it is told, and signals end it. */
Test(worker, alone_it_ends_at_a_signal)
{
	static const int signals[] = { SIGINT, SIGTERM };
	struct bed b = { .boot = { .nslots = 1, .control_fd = -1, .ready = on_ready,
				   .arg = &b } };
	int ends[2];

	worker_site_open(&b.w, WORKER_SITE_YAML);
	b.boot.site = b.w.site;
	b.boot.slots = &b.w.slot;
	b.boot.memfds = &b.w.slot.memfd;
	b.boot.nmemfds = 1;
	b.peer = worker_site_peer(&b.w);
	for (unsigned i = 0; i < 2; i++) {
		cr_assert(pipe(ends) == 0);
		b.control = ends[1];
		b.pid = fork();
		if (b.pid == 0)
			_exit(worker_run(&b.boot));
		b.control = ends[0];
		close(ends[1]);
		cr_assert_eq(hear(&b), 'r');
		coap_ask(b.peer, CON, GET, (uint16_t)i, "nowhere");
		cr_expect_eq(coap_told(b.peer, (uint16_t)i), 0x284);
		kill(b.pid, signals[i]);
		cr_expect_eq(ended(&b), WORKER_EXIT_OK);
		close(ends[0]);
	}
	b.control = dup(0);
	bed_close(&b);
}

Test(worker, ends_when_the_supervisor_does)
{
	struct bed b;

	bed_open(&b, WORKER_SITE_YAML);
	cr_assert_eq(hear(&b), WORKER_READY);
	close(b.control);
	cr_expect_eq(ended(&b), WORKER_EXIT_ORPHAN);
	bed_close(&b);
}

Test(worker, killed_worker_costs_nobody_anything)
{
	struct bed b;

	bed_open(&b, WORKER_SITE_YAML);
	cr_assert_eq(hear(&b), WORKER_READY);
	kill(b.pid, SIGSTOP);
	coap_ask(b.peer, CON, GET, 1, ".well-known/core");
	kill(b.pid, SIGKILL);
	cr_expect_eq(ended(&b), -SIGKILL);
	start(&b);
	cr_assert_eq(hear(&b), WORKER_READY);
	cr_expect_eq(coap_told(b.peer, 1), 0x245);
	cr_expect_eq(slot_counter(b.w.mem, COUNT_ADOPTED), 1);
	cr_expect_eq(slot_counter(b.w.mem, COUNT_ADOPT_WIPED), 0);
	say(&b, WORKER_QUIT);
	cr_expect_eq(ended(&b), WORKER_EXIT_OK);
	bed_close(&b);
}

Test(worker, often_killed_while_idle_it_forgets_nothing)
{
	struct bed b;

	bed_open(&b, WORKER_SITE_YAML);
	for (unsigned i = 0; i < 5; i++) {
		cr_assert_eq(hear(&b), WORKER_READY);
		kill(b.pid, SIGKILL);
		cr_expect_eq(ended(&b), -SIGKILL);
		start(&b);
	}
	cr_assert_eq(hear(&b), WORKER_READY);
	cr_expect_eq(slot_counter(b.w.mem, COUNT_ADOPTED), 5);
	cr_expect_eq(slot_counter(b.w.mem, COUNT_ADOPT_WIPED), 0);
	say(&b, WORKER_QUIT);
	cr_expect_eq(ended(&b), WORKER_EXIT_OK);
	bed_close(&b);
}

Test(worker, drained_worker_answers_those_who_wait_and_ends)
{
	char yaml[1024];
	struct bed b;

	bed_open(&b, with_separate(yaml, sizeof yaml, "300ms"));
	cr_assert_eq(hear(&b), WORKER_READY);
	begin_late(&b);
	say(&b, WORKER_DRAIN);
	/* Long before the drain time is over. */
	cr_expect_eq(coap_told(b.peer, 1), 0x245);
	cr_expect_eq(ended(&b), WORKER_EXIT_OK);
	bed_close(&b);
}

Test(worker, drain_without_anybody_waiting_ends_at_once)
{
	struct bed b;

	bed_open(&b, WORKER_SITE_YAML "drain: 1h\n");
	cr_assert_eq(hear(&b), WORKER_READY);
	say(&b, WORKER_DRAIN);
	cr_expect_eq(ended(&b), WORKER_EXIT_OK);
	bed_close(&b);
}

Test(worker, waiting_request_survives_its_worker)
{
	char yaml[1024];
	struct bed b;

	bed_open(&b, with_separate(yaml, sizeof yaml, "200ms"));
	cr_assert_eq(hear(&b), WORKER_READY);
	begin_late(&b);
	kill(b.pid, SIGKILL);
	cr_expect_eq(ended(&b), -SIGKILL);
	start(&b);
	cr_assert_eq(hear(&b), WORKER_READY);
	cr_expect_eq(coap_told(b.peer, 1), 0x245);
	say(&b, WORKER_QUIT);
	cr_expect_eq(ended(&b), WORKER_EXIT_OK);
	bed_close(&b);
}

Test(worker, module_that_is_missing_ends_the_boot)
{
	struct bed b;

	bed_open(&b, WORKER_SITE_YAML "resources:\n  /a: {module: nowhere}\n");
	cr_expect_eq(hear(&b), 0);
	cr_expect_eq(ended(&b), WORKER_EXIT_BOOT);
	bed_close(&b);
}

Test(worker, worker_without_slots_idles)
{
	struct bed b;

	b = (struct bed){ .boot = { .number = 2 }, .peer = -1 };
	worker_site_open(&b.w, WORKER_SITE_YAML);
	b.boot.site = b.w.site;
	start(&b);
	cr_assert_eq(hear(&b), WORKER_READY);
	say(&b, WORKER_QUIT);
	cr_expect_eq(ended(&b), WORKER_EXIT_OK);
	bed_close(&b);
}

/* In a child, as it gives up privileges. */
static int check(const char *yaml, char text[512])
{
	struct config_errors *errors = mmap(NULL, sizeof *errors, PROT_READ | PROT_WRITE,
					    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct site *site = site_load_text("test.yaml", yaml, strlen(yaml), errors);
	int status;
	pid_t pid;

	cr_assert(site, "%s", errors->text[0]);
	errors_begin(errors, "test.yaml");
	pid = fork();
	if (pid == 0)
		_exit(worker_check(site, errors) ? 0 : 1);
	cr_assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	memcpy(text, errors->text[0], 512);
	munmap(errors, sizeof *errors);
	site_free(site);
	return WEXITSTATUS(status);
}

Test(worker, check_tells_what_is_wrong_and_where)
{
	char yaml[1024], text[512];

	cr_expect_eq(check(with_separate(yaml, sizeof yaml, "1s"), text), 0);
	cr_expect_eq(check("resources:\n  /a:\n    module: nowhere\n", text), 1);
	cr_expect(strstr(text, "test.yaml:3:13: "), "%s", text);
}
