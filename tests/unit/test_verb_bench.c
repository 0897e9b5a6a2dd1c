#include "client/verb.h"

#include "client/outcome.h"
#include "client/tool.h"

#include "bench_server.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

/* What was written to a stream of ours. */
struct catch {
	int fd, saved, pipe[2];
};

static void catch_begin(struct catch *c, int fd)
{
	c->fd = fd;
	c->saved = dup(fd);
	cr_assert(pipe(c->pipe) == 0);
	dup2(c->pipe[1], fd);
}

static const char *catch_end(struct catch *c)
{
	static char text[2][16384];
	char *out = text[c->fd & 1];
	ssize_t n;

	fflush(stdout);
	dup2(c->saved, c->fd);
	close(c->pipe[1]);
	n = read(c->pipe[0], out, sizeof text[0] - 1);
	out[n > 0 ? n : 0] = 0;
	return out;
}

static struct bench_server server;
static pid_t server_pid;
static const char *out, *errors;
static char uri[64];

static void serve(void)
{
	struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL);

	bench_server_open(&server, loop);
	snprintf(uri, sizeof uri, "coap://[::1]:%u/x", server.at.port);
	server_pid = fork();
	if (server_pid == 0)
		ev_loop_fork(loop), ev_run(loop, 0);
}

static void dismiss(void)
{
	kill(server_pid, SIGKILL);
	waitpid(server_pid, NULL, 0);
}

TestSuite(verb_bench, .init = serve, .fini = dismiss);

static int take(const char *const *words)
{
	const char *argv[32] = { "coap", "bench" };
	struct catch o, e;
	struct arguments a;
	struct tool t;
	struct err err;
	int argc = 2, code;

	for (; *words; words++)
		argv[argc++] = *words;
	cr_assert(arguments_read(&a, argc, (char *const *)argv, &err) == 0, "%s", err.text);
	catch_begin(&o, 1);
	catch_begin(&e, 2);
	cr_assert(tool_open(&t, &a, &err) == 0, "%s", err.text);
	code = bench_run(&t);
	tool_close(&t);
	errors = catch_end(&e);
	out = catch_end(&o);
	arguments_free(&a);
	return code;
}

#define BENCH(...) take((const char *const[]){ __VA_ARGS__, NULL })

Test(verb_bench, reports_what_it_measured)
{
	json_t *o;

	cr_assert_eq(BENCH(uri, "--count", "500", "--json", "--pid", "1"), OUTCOME_OK, "%s", errors);
	o = json_loads(out, 0, NULL);
	cr_assert(o, "%s", out);
	cr_expect_eq(json_integer_value(json_object_get(o, "answered")), 500);
	cr_expect_str_eq(json_string_value(json_object_get(o, "uri")), uri);
	cr_expect_str_eq(errors, "");
}

Test(verb_bench, text_is_for_a_person)
{
	cr_assert_eq(BENCH(uri, "--count", "50", "-c", "2"), OUTCOME_OK, "%s", errors);
	cr_expect(strstr(out, ": 50 answered\n"), "%s", out);
}

Test(verb_bench, what_went_wrong_is_the_exit_status)
{
	cr_expect_eq(BENCH(uri, "--count", "5", "-c", "1", "--expect", "4.04"), OUTCOME_FAILED);
	cr_expect(strstr(out, "wrong"), "%s", out);
}

Test(verb_bench, observers_and_their_trigger)
{
	json_t *o;

	cr_assert_eq(BENCH(uri, "--observe", "--trigger", uri, "--count", "3", "-c", "4", "--json"),
		     OUTCOME_OK, "%s", errors);
	o = json_loads(out, 0, NULL);
	cr_assert(o, "%s", out);
	cr_expect_eq(json_integer_value(json_object_get(o, "rounds")), 3);
	cr_expect_eq(json_integer_value(json_object_get(o, "registered")), 4);
}

Test(verb_bench, payload_goes_with_the_request)
{
	json_t *o;

	cr_assert_eq(BENCH(uri, "-m", "PUT", "-d", "hello", "--count", "20", "-c", "2", "--json"),
		     OUTCOME_OK, "%s", errors);
	o = json_loads(out, 0, NULL);
	cr_assert(o, "%s", out);
	cr_expect_eq(json_integer_value(json_object_get(json_object_get(o, "codes"), "2.04")), 20);
	cr_expect_eq(json_integer_value(json_object_get(o, "bytes")), 20 * 5);
}

static void refused(int code, const char *why)
{
	cr_expect_eq(code, OUTCOME_USAGE);
	cr_expect(strstr(errors, why), "%s", errors);
	cr_expect_str_eq(out, "");
}

Test(verb_bench, what_cannot_be_is_a_matter_of_usage)
{
	refused(BENCH(uri, uri), "bench takes one URI");
	refused(BENCH("http://h/"), "scheme");
	refused(BENCH(uri, "--pid", "x"), "no list of process IDs");
	refused(BENCH(uri, "-c", "2", "--processes", "3"), "too many for 2 endpoints");
}

Test(verb_bench, host_that_is_unknown_is_told)
{
	cr_expect_eq(BENCH("coap://[fe80::1%25nonsense]/"), OUTCOME_USAGE, "%s", errors);
	cr_expect(strstr(errors, "nonsense"), "%s", errors);
}

Test(verb_bench, payload_has_to_fit_in_a_message)
{
	static char big[1100];

	memset(big, 'x', sizeof big - 1);
	cr_expect_eq(BENCH(uri, "-d", big), OUTCOME_FAILED);
	cr_expect(strstr(errors, "too long for one message"), "%s", errors);
}
