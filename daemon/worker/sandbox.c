#include "worker/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

void sandbox_signals(void)
{
	static const int ours[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE,
				    SIGXFSZ };
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);     /* refused where it makes no sense */
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		signal(ours[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The lowest given descriptor that is not below from; -1 none. */
static int lowest(const int *fds, unsigned n, int from)
{
	int least = -1;

	for (unsigned i = 0; i < n; i++)
		if (fds[i] >= from && (least < 0 || fds[i] < least))
			least = fds[i];
	return least;
}

void sandbox_keep(const int *fds, unsigned n)
{
	int from = 3, next;

	while ((next = lowest(fds, n, from)) >= 0) {
		if (next > from)
			close_range((unsigned)from, (unsigned)next - 1, 0);
		from = next + 1;
	}
	close_range((unsigned)from, ~0u, 0);
}

static bool is_entirely(uid_t uid, gid_t gid)
{
	uid_t u[3];
	gid_t g[3];

	return getresuid(&u[0], &u[1], &u[2]) == 0 && getresgid(&g[0], &g[1], &g[2]) == 0 &&
	       u[0] == uid && u[1] == uid && u[2] == uid &&
	       g[0] == gid && g[1] == gid && g[2] == gid;
}

static int become(const char *user, struct err *err)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(user);
	if (!pw)
		return err_set(err, errno ? -errno : -ENOENT,
			       "cannot become user %s: there is no such user", user);
	if (setgroups(1, &pw->pw_gid) || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid))
		return err_set(err, -errno, "cannot become user %s: %s", user, strerror(errno));
	/* The one mistake nobody notices until it is too late. */
	if (!is_entirely(pw->pw_uid, pw->pw_gid) || (pw->pw_uid != 0 && setuid(0) == 0))
		return err_set(err, -EPERM, "became user %s, but not for good", user);
	return 0;
}

int sandbox_drop(const char *user, struct err *err)
{
	pid_t parent = getppid();
	int r = geteuid() == 0 ? become(user, err) : 0;

	if (r)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return err_set(err, -errno, "cannot renounce new privileges: %s",
			       strerror(errno));
	/* A change of user takes the wish away, so it comes last. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return err_set(err, -ESRCH, "the supervisor is gone");
	return 0;
}
