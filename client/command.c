#include "client/command.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct waiting {
	const void *owner;
	int body;
	char **env;             /* owned, up to a NULL */
};

struct running {
	struct commands *all;
	const void *owner;
	pid_t pid;              /* 0: none */
	struct ev_io ended;     /* its pidfd */
};

struct commands {
	struct ev_loop *loop;
	const char *text;
	const struct command_hooks *hooks;
	struct running running[COMMANDS_AT_ONCE];
	struct waiting waiting[COMMANDS_WAITING];       /* in the order they came */
	unsigned waiting_n, running_n, left_out;
};

/* --- environment ---------------------------------------------------------------- */

static void env_free(char **env)
{
	for (char **e = env; e && *e; e++)
		free(*e);
	free(env);
}

static char **env_copy(const char *const *env, unsigned n)
{
	char **copy = calloc(n + 1, sizeof *copy);

	for (unsigned i = 0; copy && i < n; i++) {
		copy[i] = strdup(env[i]);
		if (!copy[i]) {
			env_free(copy);
			return NULL;
		}
	}
	return copy;
}

static void waiting_free(struct waiting *w)
{
	close(w->body);
	env_free(w->env);
}

/* Takes it out of the queue. */
static struct waiting take(struct commands *c, unsigned i)
{
	struct waiting w = c->waiting[i];

	c->waiting_n--;
	memmove(&c->waiting[i], &c->waiting[i + 1], (c->waiting_n - i) * sizeof w);
	return w;
}

/* --- one command ---------------------------------------------------------------- */

static void run_child(const struct commands *c, const struct waiting *w)
{
	c->hooks->child();
	for (char **e = w->env; *e; e++)
		putenv(*e);
	if (lseek(w->body, 0, SEEK_SET) == 0 && dup2(w->body, STDIN_FILENO) == STDIN_FILENO)
		execl("/bin/sh", "sh", "-c", c->text, (char *)NULL);
	_exit(126);
}

static struct running *free_place(struct commands *c)
{
	for (unsigned i = 0; i < COMMANDS_AT_ONCE; i++)
		if (!c->running[i].pid)
			return &c->running[i];
	return NULL;
}

static void ended(struct ev_loop *loop, struct ev_io *io, int revents);

/* Ours from now on: w is used up. */
static int start(struct commands *c, struct running *r, struct waiting *w)
{
	pid_t pid = fork();
	int fd, rc = pid < 0 ? -errno : 0;

	if (pid == 0)
		run_child(c, w);
	waiting_free(w);
	if (rc)
		return rc;
	fd = pidfd_open(pid, 0);
	if (fd < 0)             /* it runs, and nobody will hear of its end */
		return -errno;
	r->owner = w->owner;
	r->pid = pid;
	ev_io_init(&r->ended, ended, fd, EV_READ);
	ev_io_start(c->loop, &r->ended);
	c->running_n++;
	return 0;
}

static bool owner_runs(const struct commands *c, const void *owner)
{
	for (unsigned i = 0; i < COMMANDS_AT_ONCE; i++)
		if (c->running[i].pid && c->running[i].owner == owner)
			return true;
	return false;
}

static void start_failed(const struct commands *c, const void *owner, int rc)
{
	char what[120];

	snprintf(what, sizeof what, "could not be started: %s", strerror(-rc));
	c->hooks->failed(c->hooks->arg, owner, what);
}

/* Starts what may start. */
static void go_on(struct commands *c)
{
	for (unsigned i = 0; i < c->waiting_n;) {
		struct running *r = free_place(c);
		const void *owner = c->waiting[i].owner;
		struct waiting w;
		int rc;

		if (!r)
			return;
		if (owner_runs(c, owner)) {
			i++;
			continue;
		}
		w = take(c, i);
		rc = start(c, r, &w);
		if (rc)
			start_failed(c, owner, rc);
	}
}

static void tell_end(const struct commands *c, const void *owner, const siginfo_t *end)
{
	char what[120];

	if (end->si_code == CLD_EXITED && end->si_status == 0)
		return;
	if (end->si_code == CLD_EXITED)
		snprintf(what, sizeof what, "exited with status %d", end->si_status);
	else
		snprintf(what, sizeof what, "was ended by signal %d (%s)", end->si_status,
			 strsignal(end->si_status));
	c->hooks->failed(c->hooks->arg, owner, what);
}

static void ended(struct ev_loop *loop, struct ev_io *io, int revents)
{
	struct running *r = (struct running *)((char *)io - offsetof(struct running, ended));
	struct commands *c = r->all;
	siginfo_t end = { 0 };
	int rc;

	(void)revents;
	rc = waitid(P_PIDFD, (id_t)io->fd, &end, WEXITED | WNOHANG);
	if (!rc && !end.si_pid)
		return;
	ev_io_stop(loop, io);
	close(io->fd);
	r->pid = 0;
	c->running_n--;
	if (!rc)
		tell_end(c, r->owner, &end);
	go_on(c);
	if (commands_idle(c))
		c->hooks->idle(c->hooks->arg);
}

/* --- all of them ---------------------------------------------------------------- */

int commands_open(struct commands **out, struct ev_loop *loop, const char *text,
		  const struct command_hooks *hooks)
{
	struct commands *c = calloc(1, sizeof *c);

	*out = c;
	if (!c)
		return -ENOMEM;
	c->loop = loop;
	c->text = text;
	c->hooks = hooks;
	for (unsigned i = 0; i < COMMANDS_AT_ONCE; i++)
		c->running[i].all = c;
	return 0;
}

void commands_close(struct commands *c)
{
	if (!c)
		return;
	while (c->waiting_n) {
		struct waiting w = take(c, 0);

		waiting_free(&w);
	}
	for (unsigned i = 0; i < COMMANDS_AT_ONCE; i++)
		if (c->running[i].pid) {
			ev_io_stop(c->loop, &c->running[i].ended);
			close(c->running[i].ended.fd);
		}
	free(c);
}

int commands_add(struct commands *c, const void *owner, int body, const char *const *env,
		 unsigned n, struct err *err)
{
	struct waiting w = { owner, body, env_copy(env, n) };

	if (!w.env) {
		close(body);
		return err_set(err, -ENOMEM, "out of memory");
	}
	if (c->waiting_n == COMMANDS_WAITING) {
		struct waiting oldest = take(c, 0);

		waiting_free(&oldest);
		c->left_out++;
	}
	c->waiting[c->waiting_n++] = w;
	go_on(c);
	return 0;
}

bool commands_idle(const struct commands *c)
{
	return !c->running_n && !c->waiting_n;
}

unsigned commands_left_out(const struct commands *c)
{
	return c->left_out;
}
