/* crash.c - kills its worker on demand, for tests alone.
 *
 * The query says how and how often: ?how=segv|abort|bus|fpe|kill|exit|hang|spin&times=N dies,
 * or does not come back, at the first N deliveries of the request (1 without it) and answers with the
 * number of the delivery afterwards; with &files=N it first sees to it that its worker may
 * have N files (0: as many as ever); with &toil=N it first works on
 * processor N until it has used 100 ms of it; without how it just answers.  With &wait all
 * this happens 10 ms later, in the event of a timer. */
#include <coapd/module.h>

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const struct way {
	const char *name;
	int signo;
} ways[] = {
	{ "segv", SIGSEGV },
	{ "abort", SIGABRT },
	{ "bus", SIGBUS },
	{ "fpe", SIGFPE },
	{ "kill", SIGKILL },
	{ "exit", 0 },
	{ "hang", -1 },
	{ "spin", -2 },
};

/* Whoever has put a handler there (a sanitizer) is not asked. */
static _Noreturn void die(int signo)
{
	while (signo < 0)
		if (signo == -1)
			pause();
	if (signo) {
		signal(signo, SIG_DFL);
		raise(signo);
	}
	_exit(7);
}

static void obey(coapd_span how)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		if (strlen(ways[i].name) == how.n && memcmp(ways[i].name, how.p, how.n) == 0)
			die(ways[i].signo);
}

static unsigned times(coapd_task *task)
{
	coapd_span v;

	return coapd_query(task, "times", &v) && v.n == 1 ? v.p[0] - '0' : 1;
}

static void limit_files(coapd_task *task)
{
	struct rlimit limit;
	coapd_span v;

	if (!coapd_query(task, "files", &v) || v.n != 1 || getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = v.p[0] == '0' ? limit.rlim_max : (rlim_t)(v.p[0] - '0');
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static uint64_t used_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void toil(coapd_task *task)
{
	uint64_t until = used_ms() + 100;
	cpu_set_t one, before;
	char number[4] = "";
	coapd_span v;

	if (!coapd_query(task, "toil", &v) || v.n > 3 || sched_getaffinity(0, sizeof before, &before))
		return;
	memcpy(number, v.p, v.n);
	CPU_ZERO(&one);
	CPU_SET(strtoul(number, NULL, 10), &one);
	(void)sched_setaffinity(0, sizeof one, &one);
	while (used_ms() < until)
		;
	(void)sched_setaffinity(0, sizeof before, &before);
}

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	coapd_span how;
	char text[32];

	(void)self;
	if (event->what == COAPD_EV_REQUEST && coapd_query(task, "wait", NULL)) {
		coapd_after(task, 0, 10);
		return COAPD_WAIT;
	}
	limit_files(task);
	toil(task);
	if (coapd_query(task, "how", &how) && event->attempt < times(task))
		obey(how);
	snprintf(text, sizeof text, "delivery %u", event->attempt);
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, COAPD_TEXT_PLAIN);
	coapd_reply_data(task, coapd_text(text));
	return COAPD_DONE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "crash",
	.version = "1",
	.summary = "kills its worker",
	.handle = handle,
};
