#include "client/ends.h"

#include "transport/udp_end.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define PORT_TRIES 64           /* ports looked at until one was not used lately */

static const struct addr *source(const struct ends *e, unsigned i)
{
	return e->conf.nfrom ? &e->conf.from[i % e->conf.nfrom] : NULL;
}

static bool used_lately(const struct ends *e, uint32_t left_s, uint32_t now_s)
{
	return left_s && now_s - left_s <= e->conf.lifetime_s;
}

static int no_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "no memory for the table of sockets");
}

static int open_all(struct ends *e, struct err *err)
{
	for (unsigned i = 0; i < e->conf.n; i++) {
		struct addr bound;
		int r = udp_end_open(source(e, i), e->conf.peer, &e->fd[i], &bound, err);

		if (r) {
			e->fd[i] = -1;
			return r;
		}
		e->number[i] = (uint16_t)i;
		e->port[i] = bound.port;
	}
	return 0;
}

int ends_open(struct ends *e, const struct ends_conf *conf, struct err *err)
{
	int r;

	assert(conf->n > 0 && conf->n <= ENDS_MOST);
	*e = (struct ends){ .conf = *conf, .fresh = conf->n };
	e->room = conf->spare < ENDS_MOST - conf->n ? conf->n + conf->spare : ENDS_MOST;
	e->fd = malloc(e->room * sizeof *e->fd);
	e->number = malloc(conf->n * sizeof *e->number);
	e->port = malloc(e->room * sizeof *e->port);
	e->left = malloc(e->room * sizeof *e->left);
	e->port_left_s = calloc(UINT16_MAX + 1, sizeof *e->port_left_s);
	for (unsigned i = 0; e->fd && i < e->room; i++)
		e->fd[i] = -1;
	if (e->fd && e->number && e->port && e->left && e->port_left_s)
		r = open_all(e, err);
	else
		r = no_memory(err);
	if (r)
		ends_close(e);
	return r;
}

void ends_close(struct ends *e)
{
	for (unsigned i = 0; e->fd && i < e->room; i++)
		if (e->fd[i] >= 0)
			close(e->fd[i]);
	free(e->fd);
	free(e->number);
	free(e->port);
	free(e->left);
	free(e->port_left_s);
	*e = (struct ends){ 0 };
}

int ends_set_hops(struct ends *e, unsigned hops, struct err *err)
{
	int r = 0;

	for (unsigned i = 0; i < e->room && r == 0; i++)
		if (e->fd[i] >= 0)
			r = udp_end_hops(e->fd[i], hops, err);
	return r;
}

/* --- another one -------------------------------------------------------------- */

/* Never used ones first, then the one that was given up first; NULL: none yet. */
static bool next_number(const struct ends *e, uint32_t now_s, unsigned *number)
{
	if (e->fresh < e->room) {
		*number = e->fresh;
		return true;
	}
	if (e->left_n == 0 || used_lately(e, e->left[e->left_at].s, now_s))
		return false;
	*number = e->left[e->left_at].number;
	return true;
}

static void take_number(struct ends *e)
{
	if (e->fresh < e->room) {
		e->fresh++;
		return;
	}
	e->left_at = (e->left_at + 1) % e->room;
	e->left_n--;
}

/* A socket whose port was not used lately.  Those that the kernel offers in vain stay
 * open meanwhile, or it might offer them again. */
static int open_fresh(const struct ends *e, unsigned i, uint32_t now_s, struct addr *bound,
		      struct err *err)
{
	int vain[PORT_TRIES], n = 0, fd = -1, r;

	for (;;) {
		r = udp_end_open(source(e, i), e->conf.peer, &fd, bound, err);
		if (r || !used_lately(e, e->port_left_s[bound->port], now_s))
			break;
		vain[n++] = fd;
		if (n == PORT_TRIES) {
			r = err_set(err, -EAGAIN, "nearly all local ports were used within the "
				    "last %u s", e->conf.lifetime_s);
			break;
		}
	}
	while (n)
		close(vain[--n]);
	return r ? r : fd;
}

static void leave(struct ends *e, unsigned number, uint32_t now_s)
{
	struct ends_left *l = &e->left[(e->left_at + e->left_n++) % e->room];

	*l = (struct ends_left){ (uint16_t)number, now_s };
	e->port_left_s[e->port[number]] = now_s;
	close(e->fd[number]);
	e->fd[number] = -1;
}

int ends_renew(struct ends *e, unsigned i, uint32_t now_s, struct err *err)
{
	unsigned old = e->number[i], number;
	struct addr bound;
	int fd;

	if (!next_number(e, now_s, &number))
		return err_set(err, -EAGAIN, "all %u sockets were used within the last %u s",
			       e->room, e->conf.lifetime_s);
	fd = open_fresh(e, i, now_s, &bound, err);
	if (fd < 0)
		return fd;
	take_number(e);
	leave(e, old, now_s);
	e->fd[number] = fd;
	e->port[number] = bound.port;
	e->number[i] = (uint16_t)number;
	return 0;
}
