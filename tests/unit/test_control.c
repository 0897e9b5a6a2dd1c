/* The supervisor's part: where the socket is, and what is told of workers. */
#include "supervisor/control.h"
#include "slot_stub.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int slot_where(const void *mem, const struct site *site)
{
	(void)mem;
	(void)site;
	return -1;
}

int worker_run(const struct worker_boot *b)
{
	(void)b;
	return 0;
}

bool worker_check(const struct site *site, struct config_errors *errors)
{
	(void)site;
	(void)errors;
	return true;
}

static _Alignas(4096) uint8_t memory[65536];
static void *at[] = { memory };
static struct process process = { .number = 0, .pid = 4711, .starts = 3 };
static struct crew_worker crew_worker = { .state = CREW_RUNNING };
static struct site site = { .file = "site.yaml", .user = "nobody", .control_socket = "",
			    .control_connections = 2, .control_timeout_ms = 1000 };
static struct generation generation = { .site = &site, .nworkers = 1, .process = &process,
				       .memory = { .n = 1, .at = at } };
static struct supervisor sv = { .now = &generation, .nslots = 1,
				.crew = { .phase = CREW_SERVE, .worker = &crew_worker } };
static struct control *control;
static struct err err;
static char dir[64], path[100];
static bool stopped;

static void on_term(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop, (void)w, (void)revents;
	stopped = true;
}

static void begin(void)
{
	strcpy(dir, "/tmp/coapd-control-XXXXXX");
	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/control", dir);
	unsetenv("RUNTIME_DIRECTORY");
	sv.loop = ev_loop_new(EVBACKEND_EPOLL);
	ev_signal_init(&sv.signal[SIG_TERM], on_term, SIGTERM);
}

static void end(void)
{
	control_close(control);
	ev_loop_destroy(sv.loop);
	unlink(path);
	rmdir(dir);
}

TestSuite(control, .init = begin, .fini = end);

static const char *ask(const char *request)
{
	static char text[65536];
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ssize_t n;

	memcpy(sa.sun_path, path, strlen(path) + 1);
	cr_assert_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	cr_assert_gt(send(fd, request, strlen(request), 0), 0);
	for (unsigned i = 0; i < 40; i++)
		ev_run(sv.loop, EVRUN_NOWAIT);
	n = recv(fd, text, sizeof text - 1, 0);
	close(fd);
	text[n < 0 ? 0 : n] = 0;
	return text;
}

Test(control, a_service_manager_says_where_it_is)
{
	char two[200];

	snprintf(two, sizeof two, "%s:/elsewhere", dir);
	setenv("RUNTIME_DIRECTORY", two, 1);
	cr_assert_eq(control_open(&control, &sv, &err), 0, "%s", err.text);
	cr_expect_not_null(control);
	cr_expect_eq(access(path, F_OK), 0);
}

Test(control, else_it_is_in_the_private_directory)
{
	site.runtime_at = dir;
	cr_assert_eq(control_open(&control, &sv, &err), 0, "%s", err.text);
	cr_expect_eq(access(path, F_OK), 0);
}

Test(control, without_a_place_or_a_wish_there_is_none)
{
	cr_expect_eq(control_open(&control, &sv, &err), 0);
	cr_expect_null(control);
	site.runtime_at = dir;
	site.control_socket = "none";
	cr_expect_eq(control_open(&control, &sv, &err), 0);
	cr_expect_null(control);
}

Test(control, what_cannot_be_opened_stops_the_start)
{
	site.control_socket = "/nonexistent/control";
	cr_expect_eq(control_open(&control, &sv, &err), -ENOENT);
	cr_expect_null(control);
	cr_expect(strstr(err.text, "/nonexistent/control"), "%s", err.text);
}

Test(control, workers_are_told_as_the_crew_has_them)
{
	site.control_socket = path;
	cr_assert_eq(control_open(&control, &sv, &err), 0, "%s", err.text);
	cr_expect(strstr(ask("{\"do\":\"status\"}\n"),
			 "\"state\":\"running\",\"pid\":4711,\"age_ms\""));
}

Test(control, stop_is_as_the_signal)
{
	site.control_socket = path;
	cr_assert_eq(control_open(&control, &sv, &err), 0, "%s", err.text);
	cr_expect_str_eq(ask("{\"do\":\"stop\"}\n"), "{\"stopping\":true}\n");
	cr_expect(stopped);
}
