#include "supervisor/sockets.h"

#include "supervisor/passed.h"
#include "transport/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int *place(const struct sockets *s, unsigned slot, unsigned number)
{
	return &s->fd[(size_t)slot * SITE_LISTENERS_MAX + number];
}

/* --- one group ------------------------------------------------------------------- */

static void close_group(struct sockets *s, unsigned number)
{
	struct sockets_group *g = &s->group[number];

	for (unsigned i = 0; i < s->slots; i++) {
		int *fd = place(s, i, number);

		if (*fd >= 0 && !g->passed)
			close(*fd);
		*fd = -1;
	}
	free(g->name);
	*g = (struct sockets_group){ .open = false };
}

/* The sockets of listener l, into fds. */
static int get(struct sockets_group *g, const struct site *site, unsigned l, unsigned slots,
	       int *fds, struct err *err)
{
	struct err why = { "" };
	char at[PLACE_TEXT];
	int rc = passed_take(site, l, slots, fds, &g->bound, &why);

	g->passed = rc > 0;
	if (rc == 0)
		rc = udp_open(&g->wanted, slots, fds, &g->bound, &why);
	if (rc < 0)
		return err_set(err, rc, "%s%s", place_print(site->listeners[l].at, site->file, at),
			       why.text);
	return 0;
}

static int open_group(struct sockets *s, const struct site *site, unsigned l, unsigned number,
		      struct err *err)
{
	const struct site_listener *at = &site->listeners[l];
	struct sockets_group g = { .open = true, .scheme = at->scheme, .wanted = at->addr,
				   .name = at->passed ? strdup(at->passed) : NULL };
	int *fds = malloc(s->slots * sizeof *fds);
	int rc;

	if (!fds || (at->passed && !g.name))
		rc = err_set(err, -ENOMEM, "no memory for a listener");
	else
		rc = get(&g, site, l, s->slots, fds, err);
	if (rc < 0) {
		free(g.name);
		free(fds);
		return rc;
	}
	for (unsigned i = 0; i < s->slots; i++)
		*place(s, i, number) = fds[i];
	free(fds);
	s->group[number] = g;
	return 0;
}

static bool is_of(const struct sockets_group *g, const struct site_listener *at)
{
	if (!g->open || g->scheme != at->scheme)
		return false;
	if (g->name || at->passed)
		return g->name && at->passed && strcmp(g->name, at->passed) == 0;
	return addr_eq(&g->wanted, &at->addr);
}

/* --- those of a site --------------------------------------------------------------- */

static bool has(const struct site *site, const struct sockets_group *g)
{
	for (size_t l = 0; l < site->nlisteners; l++)
		if (is_of(g, &site->listeners[l]))
			return true;
	return false;
}

/* One that is free; SITE_LISTENERS_MAX: none is. */
static unsigned free_number(const struct sockets *s)
{
	unsigned n = 0;

	while (n < SITE_LISTENERS_MAX && s->group[n].open)
		n++;
	return n;
}

/* An earlier listener of the site has it: an address whose port the kernel picks may be there
 * twice. */
static bool is_given(const struct site *site, unsigned l, unsigned number)
{
	while (l-- > 0)
		if (site_sock(site, l) == number)
			return true;
	return false;
}

static unsigned number_of(const struct sockets *s, const struct site *site, unsigned l)
{
	unsigned n = 0;

	while (n < SITE_LISTENERS_MAX &&
	       (!is_of(&s->group[n], &site->listeners[l]) || is_given(site, l, n)))
		n++;
	return n;
}

/* Has bit n set in opened if it was not there before. */
static int add_one(struct sockets *s, struct site *site, unsigned l, uint32_t *opened,
		   struct err *err)
{
	const struct site_listener *at = &site->listeners[l];
	unsigned n = number_of(s, site, l);
	char text[PLACE_TEXT];
	int rc = 0;

	if (n == SITE_LISTENERS_MAX) {
		n = free_number(s);
		if (n == SITE_LISTENERS_MAX)
			return err_set(err, -ENOBUFS, "%swith those that are open there are more "
				       "than %d listeners: take the old ones out first, and add "
				       "new ones with another reload",
				       place_print(at->at, site->file, text), SITE_LISTENERS_MAX);
		rc = open_group(s, site, l, n, err);
		if (rc == 0)
			*opened |= 1u << n;
	}
	site->sock[l] = (uint8_t)(n + 1);
	return rc;
}

int sockets_add(struct sockets *s, struct site *site, struct err *err)
{
	uint32_t opened = 0;
	int rc = 0;

	if (site->nlisteners > SITE_LISTENERS_MAX)
		return err_set(err, -EINVAL, "%s: at most %d listeners are possible, not %zu",
			       site->file, SITE_LISTENERS_MAX, site->nlisteners);
	for (unsigned l = 0; l < site->nlisteners && rc == 0; l++)
		rc = add_one(s, site, l, &opened, err);
	for (unsigned n = 0; n < SITE_LISTENERS_MAX && rc; n++)
		if (opened & 1u << n)
			close_group(s, n);
	return rc;
}

int sockets_pass(struct sockets *s, const struct site *site, unsigned number, struct err *err)
{
	struct sockets_group *g = &s->group[number];
	int *fds = malloc(s->slots * sizeof *fds), rc = fds ? 0 : -ENOMEM;

	for (unsigned l = 0; l < site->nlisteners && rc == 0; l++)
		if (is_of(g, &site->listeners[l]))
			rc = passed_take(site, l, s->slots, fds, &g->bound, err);
	for (unsigned i = 0; i < s->slots && rc > 0; i++)
		*place(s, i, number) = i < (unsigned)rc ? fds[i] : -1;
	if (rc == 0)
		close_group(s, number);
	free(fds);
	return rc < 0 ? rc : 0;
}

void sockets_prune(struct sockets *s, const struct site *site)
{
	for (unsigned n = 0; n < SITE_LISTENERS_MAX; n++)
		if (s->group[n].open && !has(site, &s->group[n]))
			close_group(s, n);
}

/* --- all ------------------------------------------------------------------------------ */

static bool make_table(struct sockets *s)
{
	size_t n = (size_t)s->slots * SITE_LISTENERS_MAX;

	s->fd = malloc(n * sizeof *s->fd);
	s->client = malloc(s->slots * sizeof *s->client);
	for (size_t i = 0; s->fd && i < n; i++)
		s->fd[i] = -1;
	for (unsigned i = 0; s->client && i < s->slots; i++)
		s->client[i] = -1;
	return s->fd && s->client;
}

int sockets_begin(struct sockets *s, unsigned slots, struct err *err)
{
	*s = (struct sockets){ .slots = slots };
	if (make_table(s))
		return 0;
	sockets_close(s);
	return err_set(err, -ENOMEM, "no memory for the table of sockets");
}

int sockets_open(struct sockets *s, struct site *site, unsigned slots, struct err *err)
{
	int rc = sockets_begin(s, slots, err);

	if (rc == 0)
		rc = sockets_add(s, site, err);
	for (unsigned i = 0; i < slots && rc == 0; i++)
		rc = udp_open_client(&s->client[i], err);
	if (rc)
		sockets_close(s);
	return rc;
}

void sockets_close(struct sockets *s)
{
	for (unsigned n = 0; s->fd && n < SITE_LISTENERS_MAX; n++)
		close_group(s, n);
	for (unsigned i = 0; s->client && i < s->slots; i++)
		if (s->client[i] >= 0)
			close(s->client[i]);
	free(s->fd);
	free(s->client);
	*s = (struct sockets){ .slots = 0 };
}

int sockets_of(const struct sockets *s, const struct site *site, unsigned slot,
	       unsigned listener)
{
	return *place(s, slot, site_sock(site, listener));
}

const struct addr *sockets_bound(const struct sockets *s, const struct site *site,
				 unsigned listener)
{
	return &s->group[site_sock(site, listener)].bound;
}

const char *sockets_uri(const struct sockets *s, const struct site *site,
			unsigned listener, char out[SOCKETS_URI])
{
	char addr[ADDR_TEXT];

	snprintf(out, SOCKETS_URI, "%s://%s",
		 site_scheme_name(site->listeners[listener].scheme),
		 addr_print(sockets_bound(s, site, listener), addr, sizeof addr));
	return out;
}
