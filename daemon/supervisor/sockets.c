#include "supervisor/sockets.h"

#include "supervisor/passed.h"
#include "transport/udp.h"
#include "worker/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int open_group(struct sockets *s, const struct site *site, unsigned l, int *group,
		      struct err *err)
{
	const struct site_listener *at = &site->listeners[l];
	char place[PLACE_TEXT];
	struct err why = { "" };
	int rc = passed_take(site, l, s->slots, group, &s->bound[l], &why);

	if (rc == 0)
		rc = udp_open(&at->addr, s->slots, group, &s->bound[l], &why);
	if (rc < 0)
		return err_set(err, rc, "%s%s", place_print(at->at, site->file, place), why.text);
	for (unsigned i = 0; i < s->slots; i++)
		s->fd[i * s->listeners + l] = group[i];
	return 0;
}

static int open_all(struct sockets *s, const struct site *site, int *group,
		    struct err *err)
{
	int rc = 0;

	for (unsigned l = 0; l < s->listeners && rc == 0; l++)
		rc = open_group(s, site, l, group, err);
	for (unsigned i = 0; i < s->slots && rc == 0; i++)
		rc = udp_open_client(&s->client[i], err);
	return rc;
}

static bool make_table(struct sockets *s)
{
	size_t n = (size_t)s->slots * s->listeners;

	s->fd = malloc(n * sizeof *s->fd);
	s->client = malloc(s->slots * sizeof *s->client);
	s->bound = calloc(s->listeners, sizeof *s->bound);
	for (size_t i = 0; s->fd && i < n; i++)
		s->fd[i] = -1;
	for (unsigned i = 0; s->client && i < s->slots; i++)
		s->client[i] = -1;
	return s->fd && s->client && s->bound;
}

int sockets_open(struct sockets *s, const struct site *site, unsigned slots,
		 struct err *err)
{
	int *group = malloc(slots * sizeof *group);
	int rc;

	*s = (struct sockets){ .slots = slots, .listeners = (unsigned)site->nlisteners };
	if (site->nlisteners >= WORKER_SOCKS)
		rc = err_set(err, -EINVAL, "%s: at most %d listeners are possible, not %zu",
			     site->file, WORKER_SOCKS - 1, site->nlisteners);
	else if (!group || !make_table(s))
		rc = err_set(err, -ENOMEM, "no memory for the table of sockets");
	else
		rc = open_all(s, site, group, err);
	free(group);
	if (rc)
		sockets_close(s);
	return rc;
}

void sockets_close(struct sockets *s)
{
	for (size_t i = 0; s->fd && i < (size_t)s->slots * s->listeners; i++)
		if (s->fd[i] >= 0)
			close(s->fd[i]);
	for (unsigned i = 0; s->client && i < s->slots; i++)
		if (s->client[i] >= 0)
			close(s->client[i]);
	free(s->fd);
	free(s->client);
	free(s->bound);
	*s = (struct sockets){ .slots = 0 };
}

const int *sockets_of(const struct sockets *s, unsigned slot)
{
	return &s->fd[(size_t)slot * s->listeners];
}

const char *sockets_uri(const struct sockets *s, const struct site *site,
			unsigned listener, char out[SOCKETS_URI])
{
	char addr[ADDR_TEXT];

	snprintf(out, SOCKETS_URI, "%s://%s",
		 site_scheme_name(site->listeners[listener].scheme),
		 addr_print(&s->bound[listener], addr, sizeof addr));
	return out;
}
