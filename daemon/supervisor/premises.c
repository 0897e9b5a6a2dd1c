#include "supervisor/premises.h"

#include "supervisor/append.h"
#include "supervisor/available.h"
#include "worker/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOB_BYTES ((uint64_t)64 << 10)

/* --- who and where ---------------------------------------------------------- */

/* Only root can become somebody else (sandbox_drop()). */
static bool check_user(const struct site *site, struct config_errors *errors)
{
	if (geteuid() != 0 || getpwnam(site->user))
		return true;
	return errors_add(errors, site_place(site, "user"), "user: there is no user %.40s; make "
			  "one (useradd --system) or name another", site->user);
}

/* -M is of the command line, and has no place in the file. */
static struct config_place modules_at(const struct site *site)
{
	struct config_place nowhere = { 0 };

	return site_gives(site, "modules-dir", site->modules_dir) ?
	       site_place(site, "modules-dir") : nowhere;
}

static bool check_modules_dir(const struct site *site, struct config_errors *errors)
{
	struct config_place at = modules_at(site);
	struct stat st;

	if (!site->nmounts)
		return true;
	if (stat(site->modules_dir, &st) < 0)
		return errors_add(errors, at, "modules-dir: %s: %s; -M names another one",
				  site->modules_dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return errors_add(errors, at, "modules-dir: %s is no directory",
				  site->modules_dir);
	if (st.st_mode & S_IWOTH)
		return errors_add(errors, at, "modules-dir: everybody may write in %s, and so "
				  "have coapd run anything; chmod o-w", site->modules_dir);
	return true;
}

static const char *name_of(uid_t uid, char out[32])
{
	const struct passwd *pw = getpwuid(uid);

	if (pw)
		snprintf(out, 32, "%s", pw->pw_name);
	else
		snprintf(out, 32, "%u", (unsigned)uid);
	return out;
}

static void not_ours(const char *dir, uid_t whose, int why, struct config_place at,
		     struct config_errors *errors)
{
	char owner[32], us[32];

	errors_add(errors, at, "runtime-directory: %s is of user %s, and %s cannot write there: "
		   "%s; name another one, or let it", dir, name_of(whose, owner),
		   name_of(geteuid(), us), strerror(why));
}

static void check_runtime_directory(const struct site *site, struct config_errors *errors)
{
	const char *dir = site->runtime_directory;
	struct config_place at = site_place(site, "runtime-directory");
	struct stat st;

	if (!*dir)
		return;
	if (stat(dir, &st) < 0)
		errors_add(errors, at, "runtime-directory: %s: %s; make it first", dir,
			   strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		errors_add(errors, at, "runtime-directory: %s is no directory", dir);
	else if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) < 0)
		not_ours(dir, st.st_uid, errno, at, errors);
}

static void check_files(const struct site *site, struct config_errors *errors)
{
	if (*site->log_file)
		append_check(site->log_file, "log.file", site_place(site, "log.file"), errors);
	if (*site->access_file == '/')
		append_check(site->access_file, "access-log.file",
			     site_place(site, "access-log.file"), errors);
}

/* A file of a dead coapd there is replaced; whether one that lives has it, only a start can
 * tell. */
static void check_control(const struct site *site, struct config_errors *errors)
{
	struct config_place at = site_place(site, "control.socket");
	const char *path = site->control_socket;
	struct stat st;

	if (!*path || strcmp(path, "none") == 0)
		return;
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		errors_add(errors, at, "control.socket: %s is there and no socket: remove it, or "
			   "name another path", path);
	else
		append_check_directory(path, "control.socket", at, errors);
}

/* --- addresses -------------------------------------------------------------- */

/* At whatever port: that another process has one of its ports is another matter. */
static bool is_here(const struct addr *addr)
{
	struct addr any_port = *addr;
	struct sockaddr_in6 sin6;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), no = 0;
	bool here;

	any_port.port = 0;
	sin6 = addr_to_sin6(&any_port);
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
	here = bind(fd, (struct sockaddr *)&sin6, sizeof sin6) == 0 ||
	       errno != EADDRNOTAVAIL;
	close(fd);
	return here;
}

static void check_addresses(const struct site *site, struct config_errors *errors)
{
	/* A service manager passes sockets for addresses that need not be here yet. */
	if (getenv("LISTEN_FDS"))
		return;
	for (size_t i = 0; i < site->nlisteners; i++) {
		const struct site_listener *l = &site->listeners[i];

		if (!l->passed && !is_here(&l->addr))
			errors_add(errors, l->at, "listen: %s is at no address of this machine "
				   "(\"ip address\" lists them); [::] is all of them", l->text);
	}
}

/* --- memory ----------------------------------------------------------------- */

static void check_size(const struct site *site, struct config_errors *errors)
{
	if (!slot_size(site))
		errors_add(errors, site_place(site, "limits"), "limits: they ask for more than "
			   "%zu GiB of memory for a slot; lower those that count the most",
			   SLOT_SIZE_MAX >> 30);
}

static void put(FILE *out, const char *what, uint64_t bytes)
{
	/* To the MiB, rounded up. */
	fprintf(out, "  %-10s %8ju MiB\n", what, (uintmax_t)((bytes + (1 << 20) - 1) >> 20));
}

void premises_memory(const struct site *site, FILE *out)
{
	uint64_t slots = (uint64_t)site_slots(site) * slot_size(site);
	uint64_t bodies = site->limits.body_memory;
	uint64_t jobs = site->threads ? (uint64_t)site_workers(site) * site->limits.jobs *
					JOB_BYTES : 0;
	size_t available = available_memory("");

	fprintf(out, "memory, at most, besides that of programs and modules:\n");
	put(out, "slots", slots);
	put(out, "bodies", bodies);
	put(out, "jobs", jobs);
	put(out, "together", slots + bodies + jobs);
	if (slots + bodies + jobs > available)
		fprintf(out, "that is more than there is now, %zu MiB\n", available >> 20);
}

bool premises_check(const struct site *site, struct config_errors *errors)
{
	bool user = check_user(site, errors), modules = check_modules_dir(site, errors);

	check_size(site, errors);
	return user && modules;
}

void premises_around(const struct site *site, struct config_errors *errors)
{
	check_runtime_directory(site, errors);
	check_files(site, errors);
	check_control(site, errors);
	check_addresses(site, errors);
}
