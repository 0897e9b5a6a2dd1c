#include "control/renewal.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT 12288

static void end(struct inquiry *a)
{
	close(a->wait);
}

static bool begin(struct inquiry *a, struct record *line, bool upgrade)
{
	int fd = a->desk->reload(a->desk->arg, upgrade);

	a->part = 1;
	if (fd < 0) {
		record_text(line, "error", fd == -EBUSY ? "too many wait for that already" :
			    fd == -ESHUTDOWN ? "this coapd takes no site over now" :
			    "there is no way to be told of the end");
		return false;
	}
	a->wait = fd;
	a->end = end;
	return true;
}

static bool step(struct inquiry *a, struct record *line, bool upgrade)
{
	char text[TEXT + 1];
	ssize_t n;

	if (a->part == 0)
		return begin(a, line, upgrade);
	n = recv(a->wait, text, TEXT, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	text[n > 0 ? n : 0] = '\0';
	record_text(line, n <= 0 || text[0] != '1' ? "refused" :
		    upgrade ? "upgraded" : "reloaded",
		    n > 1 ? text + 1 : "coapd has ended");
	return false;
}

bool renewal_step(struct inquiry *a, struct record *line)
{
	return step(a, line, false);
}

bool renewal_upgrade(struct inquiry *a, struct record *line)
{
	return step(a, line, true);
}

bool renewal_waits(const struct inquiry *a, bool *upgrade)
{
	*upgrade = a->step == renewal_upgrade;
	return a->wait >= 0 && (*upgrade || a->step == renewal_step);
}
