#include "supervisor/upgrade.h"

#include "supervisor/control.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/* --- which program this is ------------------------------------------------------------- */

/* As it was begun: what that leads to may change, as a link does. */
static char *named_file(void)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	char path[PATH_MAX], at[PATH_MAX];
	struct stat named, own;

	if (!name || (name[0] != '/' && !getcwd(at, sizeof at)))
		return NULL;
	if (snprintf(path, sizeof path, "%s%s%s", name[0] == '/' ? "" : at,
		     name[0] == '/' ? "" : "/", name) >= (int)sizeof path)
		return NULL;
	if (stat(path, &named) < 0 || stat("/proc/self/exe", &own) < 0 ||
	    named.st_dev != own.st_dev || named.st_ino != own.st_ino)
		return NULL;
	return strdup(path);
}

/* Where it was when it began; another may be there by now. */
static char *own_file(void)
{
	static const char gone[] = " (deleted)";
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	if ((size_t)n > sizeof gone - 1 && strcmp(path + n - (sizeof gone - 1), gone) == 0)
		path[(size_t)n - (sizeof gone - 1)] = '\0';
	return strdup(path);
}

void upgrade_init(struct supervisor *sv)
{
	sv->program = sv->left ? estate_path(sv->left, "program") : NULL;
	if (!sv->program)
		sv->program = named_file();
	if (!sv->program)
		sv->program = own_file();
	sv->program_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
}

void upgrade_free(struct supervisor *sv)
{
	free(sv->program);
	if (sv->program_fd >= 0)
		close(sv->program_fd);
}

/* --- becoming another one -------------------------------------------------------------- */

/* The command line as it was first given, with one more option. */
static char **with_option(char *const argv[], char *option)
{
	size_t n = 0, out = 0;
	char **made;

	while (argv[n])
		n++;
	made = calloc(n + 2, sizeof *made);
	for (size_t i = 0; made && i < n; i++) {
		if (strncmp(argv[i], "--take-over=", 12) != 0 &&
		    strncmp(argv[i], "--rehearse=", 11) != 0)
			made[out++] = argv[i];
		if (i == 0)
			made[out++] = option;
	}
	return made;
}

/* Descriptors that the service manager passed are looked for where they were (passed.h). */
static void keep_passed(bool keep)
{
	const char *given = getenv("LISTEN_FDS"), *whose = getenv("LISTEN_PID");
	int n = given && whose && atoi(whose) == (int)getpid() ? atoi(given) : 0;

	for (int fd = 3; fd < 3 + n; fd++)
		(void)fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
}

static void keep(const struct bag *bag, int state, bool on)
{
	bag_keep(bag, on);
	keep_passed(on);
	(void)fcntl(state, F_SETFD, on ? 0 : FD_CLOEXEC);
}

/* The one whose file is open, or (-1) the one that is at path now. */
static int become(const char *path, int program, const struct bag *bag, int state,
		  const char *how, char *const argv[])
{
	char option[40], **args;
	int rc;

	snprintf(option, sizeof option, "--%s=%d", how, state);
	args = with_option(argv, option);
	if (!args)
		return -ENOMEM;
	keep(bag, state, true);
	if (program >= 0)
		execveat(program, "", args, environ, AT_EMPTY_PATH);
	else
		execve(path, args, environ);
	rc = -errno;
	keep(bag, state, false);
	free(args);
	return rc;
}

static int leave(const struct supervisor *sv, struct estate *e)
{
	int state;

	if (!sv->program || sv->program_fd < 0)
		return -ENOENT;
	if (!estate_make(e, sv, true))
		return -ENOMEM;
	state = estate_write(e);
	if (state < 0)
		estate_free(e);
	return state;
}

/* In a child of the one that they were passed to. */
static void see_passed(void)
{
	const char *whose = getenv("LISTEN_PID");
	char pid[16];

	snprintf(pid, sizeof pid, "%d", (int)getpid());
	if (whose && atoi(whose) == (int)getppid())
		setenv("LISTEN_PID", pid, 1);
}

void upgrade_rehearse(const struct supervisor *sv, char *const argv[], int report)
{
	struct estate e;
	int state = leave(sv, &e), rc = state;

	see_passed();
	dup2(report, STDOUT_FILENO);
	dup2(report, STDERR_FILENO);
	if (state >= 0)
		rc = become(sv->program, -1, &e.bag, state, "rehearse", argv);
	dprintf(report, "%s cannot be executed: %s\n", sv->program ? sv->program : "coapd",
		strerror(-rc));
	_exit(1);
}

static void unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What comes in between is taken by the program after. */
static void block_signals(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, before);
}

static int go(struct supervisor *sv, char *const argv[])
{
	struct estate e;
	int state = leave(sv, &e), rc;

	if (state < 0)
		return state;
	fflush(NULL);
	rc = become(sv->program, -1, &e.bag, state, "take-over", argv);
	close(state);
	estate_free(&e);
	return rc;
}

/* Who has come to wait since then waits there. */
static int go_back(struct supervisor *sv, char *const argv[])
{
	struct estate *e = sv->left;

	bag_forget(&e->bag, "reload.");
	bag_forget(&e->bag, "upgrade.");
	bag_forget(&e->bag, "idle.");
	control_leave(sv->control, e->root, &e->bag);
	estate_note_again(e, &sv->reload);
	return upgrade_return(e, argv, sv->reload.text);
}

/* If we are asked to stop meanwhile, nothing comes of it. */
static void on_turn(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct supervisor *sv = w->data;
	int rc = 0;

	(void)loop, (void)revents;
	if (sv->reload.phase == RELOAD_LEAVING)
		rc = (sv->left ? go_back : go)(sv, sv->reload.source->argv);
	unblock_signals();
	if (rc)
		reload_stayed(sv, rc);
}

void upgrade_leave(struct supervisor *sv)
{
	ev_timer *w = &sv->reload.turn;
	sigset_t before;

	block_signals(&before);
	ev_timer_init(w, on_turn, 0., 0.);
	ev_set_priority(w, EV_MINPRI);
	w->data = sv;
	ev_now_update(sv->loop);
	ev_timer_start(sv->loop, w);
}

int upgrade_return(struct estate *e, char *const argv[], const char *why)
{
	int program = bag_have(&e->bag, "program"), state, rc;
	sigset_t before;

	if (program < 0 || !estate_note_verdict(e, why))
		return -EINVAL;
	state = estate_write(e);
	if (state < 0)
		return state;
	fflush(NULL);
	block_signals(&before);
	rc = become(NULL, program, &e->bag, state, "take-over", argv);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(state);
	return rc;
}

void upgrade_arrived(void)
{
	unblock_signals();
	/* Who has ended since, has done so unheard. */
	raise(SIGCHLD);
}
