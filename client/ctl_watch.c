#include "client/ctl_watch.h"

#include "base/clock.h"
#include "client/ctl_link.h"
#include "client/ctl_status.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"
#define OTHER_SCREEN "\033[?1049h\033[?25l"
#define FIRST_SCREEN "\033[?25h\033[?1049l"

void ctl_watch_screen(const char *text, unsigned rows, unsigned columns, FILE *out)
{
	fputs(HOME, out);
	for (unsigned row = 0; row < rows && *text; row++) {
		size_t n = strcspn(text, "\n");

		fprintf(out, "%.*s" CLEAR_LINE "%s", (int)(n < columns ? n : columns), text,
			row + 1 < rows ? "\r\n" : "");
		text += n + (text[n] != 0);
	}
	fputs(CLEAR_BELOW, out);
	fflush(out);
}

static void show(const char *text, bool terminal)
{
	struct winsize w = { .ws_row = 0 };

	if (!terminal) {
		printf("%s\n", text);
		fflush(stdout);
		return;
	}
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row || !w.ws_col)
		w = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	ctl_watch_screen(text, w.ws_row, w.ws_col, stdout);
}

static double now(void)
{
	return (double)clock_ns() / 1e9;
}

/* What is asked and shown once. */
static int look(struct ctl_link *l, struct ctl_figures *f, const struct ctl_figures *before,
		double seconds, bool terminal, struct err *err)
{
	char *text = NULL;
	size_t n;
	FILE *page;
	int rc;

	ctl_figures_begin(f);
	rc = ctl_link_ask(l, json_pack("{s:s}", "do", "status"), ctl_figures_take, f, err);
	if (rc)
		return rc;
	page = open_memstream(&text, &n);
	if (!page)
		return err_set(err, -ENOMEM, "out of memory");
	ctl_status_print(f, before, seconds, page);
	fclose(page);
	show(text, terminal);
	free(text);
	return 0;
}

/* Signals that end it, as a descriptor to wait for. */
static int signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* True: it is time for the next; false: somebody wants us to end. */
static bool wait_for_next(int fd, const struct ctl_options *o)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, (int)o->interval_ms) == 0;
}

static int go_on(struct ctl_link *l, const struct ctl_options *o, bool terminal,
		 struct err *err)
{
	struct ctl_figures f, before;
	int ended = signals(), rc;
	double at = now(), then;
	bool first = true;

	do {
		then = at;
		at = now();
		rc = look(l, &f, first ? NULL : &before, at - then, terminal, err);
		if (!first)
			ctl_figures_end(&before);
		before = f;
		first = false;
	} while (rc == 0 && !ferror(stdout) && wait_for_next(ended, o));
	ctl_figures_end(&before);
	close(ended);
	return rc;
}

int ctl_watch(const struct ctl_options *o)
{
	bool terminal = isatty(STDOUT_FILENO);
	struct ctl_link l;
	struct err err;
	int rc = ctl_link_open(&l, o, &err);

	if (rc == 0) {
		if (terminal)
			fputs(OTHER_SCREEN, stdout);
		rc = go_on(&l, o, terminal, &err);
		if (terminal)
			fputs(FIRST_SCREEN, stdout);
		fflush(stdout);
	}
	if (rc)
		fprintf(stderr, "coapctl: %s\n", err.text);
	ctl_link_close(&l);
	return rc ? CTL_FAILED : CTL_OK;
}
