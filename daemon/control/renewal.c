#include "control/renewal.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT 12288

static void end(struct inquiry *a)
{
	close(a->wait);
}

static bool begin(struct inquiry *a, struct record *line)
{
	int fd = a->desk->reload(a->desk->arg);

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

bool renewal_step(struct inquiry *a, struct record *line)
{
	char text[TEXT + 1];
	ssize_t n;

	if (a->part == 0)
		return begin(a, line);
	n = recv(a->wait, text, TEXT, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	text[n > 0 ? n : 0] = '\0';
	record_text(line, n > 0 && text[0] == '1' ? "reloaded" : "refused",
		    n > 1 ? text + 1 : "coapd has ended");
	return false;
}
