#include "supervisor/passed.h"

#include "supervisor/sockets.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 4

static struct site_listener listener[3];
static struct site site = { .file = "site.yaml", .listeners = listener, .nlisteners = 2 };
static int wait_to_be_passed[MOST];
static unsigned npassed;

/* What a process that was started with them says. */
static struct said {
	int slots;
	struct err err;
	int taken[2], fd[2][MOST];
	struct addr bound[2];
	int flags, fdflags;     /* of the first one */
	int opened;             /* by sockets_open() for three slots */
	int first[2];           /* descriptor of slot 0 */
} *said;

static void pass(int fd)
{
	wait_to_be_passed[npassed++] = fd;
}

static int bound_at(int family, uint16_t *port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT,
				    .sin6_port = htons(*port) };
	struct sockaddr_in four = { .sin_family = AF_INET };
	int fd = socket(family, SOCK_DGRAM, 0), on = 1;
	socklen_t len = sizeof six;

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
	if (family == AF_INET)
		cr_assert_eq(bind(fd, (void *)&four, sizeof four), 0);
	else
		cr_assert_eq(bind(fd, (void *)&six, sizeof six), 0);
	cr_assert_eq(getsockname(fd, (void *)&six, &len), 0);
	*port = ntohs(six.sin6_port);
	return fd;
}

static uint16_t pass_new(void)
{
	uint16_t port = 0;

	pass(bound_at(AF_INET6, &port));
	return port;
}

static void pass_another(uint16_t port)
{
	pass(bound_at(AF_INET6, &port));
}

static void at(unsigned l, const char *text, uint16_t port, const char *name)
{
	listener[l] = (struct site_listener){ .text = text, .passed = name,
					      .at = { .line = l + 1, .column = 3 } };
	if (!name)
		cr_assert_eq(addr_parse("[::1]", &listener[l].addr), 0);
	listener[l].addr.port = port;
	site.nlisteners = l + 1;
}

static void look(void)
{
	struct sockets s;

	said->slots = passed_slots(&site, &said->err);
	for (unsigned l = 0; l < site.nlisteners; l++)
		said->taken[l] = passed_take(&site, l, MOST, said->fd[l], &said->bound[l], NULL);
	said->flags = fcntl(3, F_GETFL);
	said->fdflags = fcntl(3, F_GETFD);
	if (said->slots != 3)
		return;
	said->opened = sockets_open(&s, &site, 3, &said->err);
	for (unsigned l = 0; l < site.nlisteners && said->opened == 0; l++)
		said->first[l] = sockets_of(&s, &site, 0, l);
}

/* Descriptors are passed from 3 on, where Criterion has its own: a child has them. */
static void start(const char *names, const char *count)
{
	char text[16];
	pid_t pid;

	said = mmap(NULL, sizeof *said, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(said, MAP_FAILED);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		for (unsigned i = 0; i < npassed; i++)
			wait_to_be_passed[i] = fcntl(wait_to_be_passed[i], F_DUPFD, 100);
		for (unsigned i = 0; i < npassed; i++)
			dup2(wait_to_be_passed[i], 3 + (int)i);
		snprintf(text, sizeof text, "%d", (int)getpid());
		setenv("LISTEN_PID", text, 1);
		snprintf(text, sizeof text, "%u", npassed);
		setenv("LISTEN_FDS", count ? count : text, 1);
		setenv("LISTEN_FDNAMES", names, 1);
		look();
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(passed, nothing_is_passed)
{
	struct err err;
	struct addr bound;
	int fd[1];

	at(0, "coap://[::1]", 5683, NULL);
	unsetenv("LISTEN_FDS");
	cr_assert_eq(passed_slots(&site, &err), 0);
	cr_assert_eq(passed_take(&site, 0, 1, fd, &bound, &err), 0);
}

Test(passed, one_is_found_by_its_address)
{
	uint16_t port = pass_new();

	at(0, "coap://[::1]", 1, NULL);
	at(1, "coap://[::1]", port, NULL);
	start("coapd.socket", NULL);
	cr_assert_eq(said->slots, 1, "%s", said->err.text);
	cr_assert_eq(said->taken[0], 0);
	cr_assert_eq(said->taken[1], 1);
	cr_assert_eq(said->fd[1][0], 3);
	cr_assert_eq(said->bound[1].port, port);
	cr_assert(said->flags & O_NONBLOCK);
	cr_assert(said->fdflags & FD_CLOEXEC);
}

/* The listener at its address is not meant then. */
Test(passed, a_name_goes_before_an_address)
{
	uint16_t port = pass_new();

	at(0, "coap://[::1]", port, NULL);
	at(1, "coap+fd://mine", 0, "mine");
	start("mine", NULL);
	cr_assert_eq(said->slots, 1, "%s", said->err.text);
	cr_assert_eq(said->taken[0], 0);
	cr_assert_eq(said->taken[1], 1);
	cr_assert_eq(said->bound[1].port, port);
}

/* Nothing of ours is opened beside them, and what is not passed has as many. */
Test(passed, several_of_an_address_are_several_slots)
{
	uint16_t port = pass_new();

	pass_another(port);
	pass_another(port);
	at(0, "coap://[::1]:0", 0, NULL);
	at(1, "coap+fd://three", 0, "three");
	start("three:three:three", NULL);
	cr_assert_eq(said->slots, 3, "%s", said->err.text);
	cr_assert_eq(said->taken[1], 3);
	cr_assert_eq(said->fd[1][2], 5);
	cr_assert_eq(said->opened, 0, "%s", said->err.text);
	cr_expect_eq(said->first[1], 3);
	cr_expect_gt(said->first[0], 5);
}

Test(passed, what_belongs_to_no_listener_is_named)
{
	uint16_t port = pass_new();
	char want[200];

	at(0, "coap://[::1]", (uint16_t)(port ^ 1), NULL);
	start("odd", NULL);
	cr_assert_eq(said->slots, -EINVAL);
	snprintf(want, sizeof want, "site.yaml: the service manager passed a socket \"odd\" at "
		 "[::1]:%u, but no listener is there: listen on coap://[::1]:%u or coap+fd://odd",
		 port, port);
	cr_assert_str_eq(said->err.text, want);
}

Test(passed, what_is_missing_is_named)
{
	struct err err;

	at(0, "coap+fd://mine", 0, "mine");
	unsetenv("LISTEN_FDS");
	cr_assert_eq(passed_slots(&site, &err), -ENOENT);
	cr_assert_eq(strncmp(err.text, "site.yaml:1:3: no socket named \"mine\" was passed", 48), 0,
		     "%s", err.text);
}

Test(passed, each_listener_has_as_many)
{
	uint16_t port = pass_new();

	pass_another(port);
	pass_new();
	at(0, "coap+fd://two", 0, "two");
	at(1, "coap+fd://one", 0, "one");
	start("two:two:one", NULL);
	cr_assert_eq(said->slots, -EINVAL);
	cr_assert_str_eq(said->err.text, "site.yaml:2:3: of coap+fd://one 1 sockets were passed, of "
			 "others 2: each listener needs as many, as each is a slot");
}

static void refused(int fd, int status, const char *what)
{
	char want[200];

	npassed = 0;
	pass(fd);
	start("it", NULL);
	snprintf(want, sizeof want, "what the service manager passed as \"it\" %s", what);
	cr_expect_eq(said->slots, status);
	cr_expect_str_eq(said->err.text, want);
}

Test(passed, only_udp_of_both_families_is_of_use)
{
	uint16_t port = 0;

	at(0, "coap+fd://it", 0, "it");
	refused(bound_at(AF_INET, &port), -EAFNOSUPPORT, "is a socket for IPv4 alone: write its "
		"address as in [::ffff:192.0.2.1]:5683");
	refused(socket(AF_INET6, SOCK_STREAM, 0), -EAFNOSUPPORT, "is no UDP socket");
	refused(socket(AF_INET6, SOCK_DGRAM, 0), -EDESTADDRREQ, "is not bound to an address");
	refused(open("/dev/null", O_RDONLY), -EAFNOSUPPORT, "is no UDP socket");
}

Test(passed, nonsense_in_the_environment_is_an_error)
{
	at(0, "coap://[::1]", 5683, NULL);
	start("", "many");
	cr_assert_lt(said->slots, 0);
	cr_assert(strstr(said->err.text, "LISTEN_FDS is many"), "%s", said->err.text);
}
