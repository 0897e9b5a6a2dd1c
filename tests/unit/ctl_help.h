/* ctl_help.h - for tests of coapctl: a process that answers at a socket as coapd would, with
 * lines of the test's own, and what a verb prints. */
#ifndef UNIT_CTL_HELP_H
#define UNIT_CTL_HELP_H

#include "client/ctl_figures.h"
#include "client/ctl_link.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* A status of two workers and slots. */
#define HELP_STATUS \
	"{\"daemon\":{\"version\":\"1.2\",\"pid\":42,\"phase\":\"serve\",\"up_ms\":90061000," \
	"\"site\":\"/etc/s.yaml\",\"body_memory\":1048576,\"control\":{\"bad\":3}}}\n" \
	"{\"worker\":{\"number\":0,\"state\":\"running\",\"pid\":50,\"age_ms\":1000," \
	"\"starts\":1}}\n" \
	"{\"worker\":{\"number\":1,\"state\":\"back-off\",\"starts\":4}}\n" \
	"{\"slot\":{\"number\":0,\"worker\":0,\"adoptions\":0,\"body_bytes\":4096," \
	"\"counters\":{\"rx\":1000,\"requests\":7,\"odd-one\":0}," \
	"\"codes\":{\"0.01\":7,\"2.05\":6,\"4.04\":1}," \
	"\"slabs\":{\"small bodies\":{\"live\":1,\"used\":2,\"capacity\":10,\"size\":64}}," \
	"\"served\":{\"sum_ns\":9000,\"most_ns\":[1000,2000],\"count\":[1,2,1]}}}\n" \
	"{\"slot\":{\"number\":1,\"worker\":1,\"adoptions\":3,\"body_bytes\":0," \
	"\"counters\":{\"rx\":234,\"requests\":3,\"odd-one\":2}," \
	"\"codes\":{\"0.02\":3,\"5.00\":3}," \
	"\"slabs\":{\"small bodies\":{\"live\":3,\"used\":3,\"capacity\":10,\"size\":64}}," \
	"\"served\":{\"sum_ns\":1000,\"most_ns\":[1000,2000],\"count\":[0,0,4]}," \
	"\"waited\":{\"sum_ns\":1500,\"most_ns\":[1000,2000],\"count\":[0,1,0]}}}\n" \
	"{\"resource\":{\"host\":\"h\",\"path\":\"/b\",\"module\":\"block\",\"counters\":" \
	"{\"stored\":11}}}\n" \
	"{\"resource\":{\"path\":\"/bad\",\"module\":\"lock\",\"deaths\":7,\"closings\":2," \
	"\"closed_ms\":65000,\"counters\":{}}}\n" \
	"{\"end\":true}\n"

static char help_dir[64], help_path[80];
static pid_t help_pid;

/* Answers each line with this text, to one connection after the other, or shuts it after
 * the first if that is all. */
__attribute__((unused)) static void help_daemon(const char *text, bool once)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(help_dir, "/tmp/coapd-ctl-XXXXXX");
	cr_assert(mkdtemp(help_dir));
	snprintf(help_path, sizeof help_path, "%s/control", help_dir);
	memcpy(sa.sun_path, help_path, strlen(help_path) + 1);
	cr_assert_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	cr_assert_eq(listen(fd, 5), 0);
	help_pid = fork();
	for (; help_pid == 0;) {
		char line[4096];
		int c = accept(fd, NULL, NULL);

		while (recv(c, line, sizeof line, 0) > 0)
			if (send(c, text, strlen(text), MSG_NOSIGNAL) < 0 || once)
				break;
		close(c);
	}
	close(fd);
}

__attribute__((unused)) static void help_end(void)
{
	if (help_pid > 0) {
		kill(help_pid, SIGKILL);
		waitpid(help_pid, NULL, 0);
	}
	unlink(help_path);
	rmdir(help_dir);
}

/* Runs a command line; its standard output and errors as one text. */
__attribute__((unused)) static const char *help_run(int want, const char *first,
						    const char *second, const char *third)
{
	char *argv[] = { (char *)"coapctl", (char *)"-s", help_path, (char *)first,
			 (char *)second, (char *)third, NULL };
	static char text[65536];
	struct ctl_options o;
	struct err err;
	int argc = 3 + (first != NULL) + (second != NULL) + (third != NULL);
	int out = dup(1), log = dup(2), code;
	FILE *file = tmpfile();

	fflush(stdout);
	dup2(fileno(file), 1);
	dup2(fileno(file), 2);
	code = ctl_options_read(&o, argc, argv, &err);
	code = code ? CTL_WRONG : ctl_rows[o.verb].run(&o);
	fflush(stdout);
	dup2(out, 1);
	dup2(log, 2);
	close(out);
	close(log);
	rewind(file);
	text[fread(text, 1, sizeof text - 1, file)] = 0;
	fclose(file);
	cr_expect_eq(code, want, "exit status %d: %s", code, text);
	return text;
}

/* The figures of HELP_STATUS. */
__attribute__((unused)) static struct ctl_figures help_figures(void)
{
	char *text = strdup(HELP_STATUS), *line = text, *end;
	struct ctl_figures f;

	ctl_figures_begin(&f);
	for (; (end = strchr(line, '\n')); line = end + 1) {
		json_t *object;

		*end = 0;
		object = json_loads(line, 0, NULL);
		cr_assert(object, "%s", line);
		ctl_figures_take(&f, object);
		json_decref(object);
	}
	free(text);
	return f;
}

#endif
