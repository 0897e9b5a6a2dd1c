/* Connections as they come and go, over a real socket and loop. */
#include "control/server.h"

#include "desk_help.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PLACES 3u

static char dir[64], path[80];
static struct door door;
static struct server *server;
static struct ev_loop *loop;

static void begin_with(double timeout_s)
{
	struct server_conf conf = { .door = &door, .desk = &help_desk, .connections = PLACES,
				    .timeout_s = timeout_s };
	struct err err;

	help_open_engine();
	strcpy(dir, "/tmp/coapd-server-XXXXXX");
	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/control", dir);
	cr_assert_eq(door_open(&door, path, geteuid(), &err), 0, "%s", err.text);
	conf.loop = loop = ev_loop_new(EVBACKEND_EPOLL);
	cr_assert_eq(server_open(&server, &conf), 0);
}

static void begin(void)
{
	begin_with(3600);
}

static void begin_impatient(void)
{
	begin_with(0.05);
}

static void end(void)
{
	server_close(server);
	door_shut(&door);
	ev_loop_destroy(loop);
	rmdir(dir);
	help_close();
}

TestSuite(server, .init = begin, .fini = end);
TestSuite(server_impatient, .init = begin_impatient, .fini = end);

/* All that can be done now. */
static void turn(void)
{
	for (unsigned i = 0; i < 40; i++)
		ev_run(loop, EVRUN_NOWAIT);
}

static int caller(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(sa.sun_path, path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	turn();
	return fd;
}

static void say(int fd, const char *text)
{
	cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	turn();
}

/* What came; "" when nothing did, NULL when the other end is shut. */
static const char *heard(int fd)
{
	static char text[1 << 20];
	ssize_t n = recv(fd, text, sizeof text - 1, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN))
		return NULL;
	text[n < 0 ? 0 : n] = 0;
	return text;
}

static bool ends(const char *text, const char *with)
{
	size_t n = text ? strlen(text) : 0, m = strlen(with);

	return n >= m && strcmp(text + n - m, with) == 0;
}

Test(server, several_requests_one_after_the_other)
{
	int fd = caller();

	say(fd, "{\"do\":\"peers\"}\n");
	cr_expect_str_eq(heard(fd), "{\"end\":true}\n");
	say(fd, "{\"do\":\"peers\"}\n{\"do\":\"observers\"}\n{\"do\":");
	cr_expect_str_eq(heard(fd), "{\"end\":true}\n{\"end\":true}\n");
	say(fd, "\"status\"}\n");
	cr_expect(ends(heard(fd), "{\"end\":true}\n"));
	cr_expect_eq(help_desk.counts.requests, 4);
	cr_expect_eq(help_desk.counts.bad, 0);
	close(fd);
}

Test(server, garbage_is_answered_and_ends_it)
{
	int fd = caller();

	say(fd, "GET / HTTP/1.1\n{\"do\":\"stop\"}\n");
	cr_expect_eq(strncmp(heard(fd), "{\"error\":\"that is no JSON", 24), 0);
	cr_expect_null(heard(fd));
	cr_expect_eq(help_desk.counts.bad, 1);
	cr_expect_eq(help_stops, 0);
	close(fd);
}

Test(server, a_line_may_not_be_too_long)
{
	char much[SERVER_REQUEST + 1];
	int fd = caller();

	memset(much, ' ', sizeof much);
	memcpy(much + SERVER_REQUEST - 15, "{\"do\":\"peers\"}\n", 16);
	say(fd, much);
	cr_expect_str_eq(heard(fd), "{\"end\":true}\n", "as long as it may be");
	memset(much, ' ', SERVER_REQUEST);
	say(fd, much);
	cr_expect_str_eq(heard(fd), "{\"error\":\"a request has at most 4096 bytes\"}\n");
	cr_expect_null(heard(fd));
	close(fd);
}

Test(server_impatient, half_a_request_is_not_waited_for)
{
	int fd = caller();

	say(fd, "{\"do\":");
	while (help_desk.counts.slow == 0)
		ev_run(loop, EVRUN_ONCE);
	cr_expect_null(heard(fd));
	close(fd);
}

static void on_later(struct ev_loop *l, ev_timer *w, int revents)
{
	(void)l, (void)w, (void)revents;
}

Test(server_impatient, who_asks_nothing_may_stay)
{
	int fd = caller();
	ev_timer later;

	say(fd, "{\"do\":\"peers\"}\n");
	heard(fd);
	ev_timer_init(&later, on_later, 0.2, 0.);
	ev_timer_start(loop, &later);
	while (ev_is_active(&later))
		ev_run(loop, EVRUN_ONCE);
	cr_expect_str_eq(heard(fd), "");
	cr_expect_eq(help_desk.counts.slow, 0);
	close(fd);
}

/* It asks again and again, and never reads. */
Test(server_impatient, who_does_not_read_is_dropped)
{
	static const char request[] = "{\"do\":\"status\"}\n";
	int fd = caller(), other;

	while (help_desk.counts.slow == 0) {
		(void)!send(fd, request, sizeof request - 1, MSG_NOSIGNAL);
		ev_run(loop, EVRUN_ONCE);
	}
	other = caller();
	say(other, "{\"do\":\"peers\"}\n");
	cr_expect_str_eq(heard(other), "{\"end\":true}\n");
	close(other);
	close(fd);
}

Test(server, the_newest_takes_the_place_of_who_is_silent)
{
	int fd[PLACES], newest;

	for (unsigned i = 0; i < PLACES; i++)
		fd[i] = caller();
	say(fd[0], "{\"do\":\"peers\"}\n");
	heard(fd[0]);
	newest = caller();
	cr_expect_null(heard(fd[1]), "it was silent for longest");
	cr_expect_str_eq(heard(fd[0]), "");
	cr_expect_eq(help_desk.counts.crowded, 1);
	say(newest, "{\"do\":\"peers\"}\n");
	cr_expect_str_eq(heard(newest), "{\"end\":true}\n");
	close(newest);
	for (unsigned i = 0; i < PLACES; i++)
		close(fd[i]);
}

Test(server, who_leaves_makes_room)
{
	for (unsigned i = 0; i < 10 * PLACES; i++) {
		int fd = caller();

		say(fd, i % 2 ? "{\"do\":\"status\"}\n" : "{\"do");
		close(fd);
		turn();
	}
	cr_expect_eq(help_desk.counts.crowded, 0);
	cr_expect_eq(help_desk.counts.connections, 10 * PLACES);
}

Test(server, a_stranger_is_told_so)
{
	int fd;

	if (geteuid() == 0)
		door.user = 1;
	fd = caller();
	if (geteuid() == 0)
		cr_skip_test("root is no stranger");
	door.user = geteuid() + 1;
	close(fd);
	fd = caller();
	cr_expect_str_eq(heard(fd), "{\"error\":\"only root and the user of coapd may ask\"}\n");
	cr_expect_null(heard(fd));
	cr_expect_eq(help_desk.counts.strangers, 1);
	close(fd);
}
