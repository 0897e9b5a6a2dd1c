#include "supervisor/passed.h"

#include "supervisor/store.h"
#include "transport/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

struct passed {
	int fd;
	const char *name;
	struct addr at;
};

static void free_names(char **names, int n)
{
	for (int i = 0; names && i < n; i++)
		free(names[i]);
	free(names);
}

/* It was kept for us (store.h). */
static bool is_ours(const struct passed *p)
{
	return strncmp(p->name, STORE_PREFIX, strlen(STORE_PREFIX)) == 0;
}

static bool belongs(const struct passed *p, const struct site_listener *l)
{
	return l->passed ? strcmp(l->passed, p->name) == 0 : addr_eq(&l->addr, &p->at);
}

/* The listener of one, by its name first; nlisteners if there is none. */
static size_t listener_of(const struct site *site, const struct passed *p)
{
	size_t found = site->nlisteners;

	for (size_t l = site->nlisteners; l-- > 0;)
		if (belongs(p, &site->listeners[l]) &&
		    (found == site->nlisteners || !site->listeners[found].passed))
			found = l;
	return found;
}

static int count_one(const struct site *site, const struct passed *p, unsigned *counts,
		     struct err *err)
{
	size_t l = listener_of(site, p);
	char text[ADDR_TEXT];

	if (l < site->nlisteners) {
		counts[l]++;
		return 0;
	}
	return err_set(err, -EINVAL, "%s: the service manager passed a socket \"%s\" at %s, but no "
		       "listener is there: listen on coap://%s or coap+fd://%s", site->file,
		       p->name, addr_print(&p->at, text, sizeof text), text, p->name);
}

static int settle(const struct site *site, const unsigned *counts, struct err *err)
{
	char place[PLACE_TEXT];
	unsigned slots = 0;

	for (size_t l = 0; l < site->nlisteners; l++) {
		const struct site_listener *at = &site->listeners[l];

		if (at->passed && !counts[l])
			return err_set(err, -ENOENT, "%sno socket named \"%s\" was passed: the "
				       "socket unit needs FileDescriptorName=%s, and coapd to be "
				       "started by it", place_print(at->at, site->file, place),
				       at->passed, at->passed);
		if (counts[l] && slots && counts[l] != slots)
			return err_set(err, -EINVAL, "%sof %s %u sockets were passed, of others "
				       "%u: each listener needs as many, as each is a slot",
				       place_print(at->at, site->file, place), at->text,
				       counts[l], slots);
		if (counts[l])
			slots = counts[l];
	}
	return (int)slots;
}

static int count_all(const struct site *site, char **names, int n, struct err *err)
{
	unsigned *counts = calloc(site->nlisteners + 1, sizeof *counts);
	int rc = counts ? 0 : err_set(err, -ENOMEM, "no memory for passed sockets");

	for (int i = 0; i < n && rc == 0; i++) {
		struct passed p = { .fd = SD_LISTEN_FDS_START + i, .name = names[i] };
		struct err why = { "" };

		if (is_ours(&p))
			continue;
		rc = udp_bound(p.fd, &p.at, &why);
		if (rc)
			err_set(err, rc, "what the service manager passed as \"%s\" %s", p.name,
				why.text);
		else
			rc = count_one(site, &p, counts, err);
	}
	if (rc == 0)
		rc = settle(site, counts, err);
	free(counts);
	return rc;
}

int passed_slots(const struct site *site, struct err *err)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(0, &names), rc;

	if (n < 0)
		return err_set(err, n, "cannot tell which sockets were passed: LISTEN_FDS is %s",
			       getenv("LISTEN_FDS") ? getenv("LISTEN_FDS") : "missing");
	rc = count_all(site, names, n, err);
	free_names(names, n);
	return rc;
}

int passed_take(const struct site *site, unsigned l, unsigned n, int *fds,
		struct addr *bound, struct err *err)
{
	char **names = NULL;
	int all = sd_listen_fds_with_names(0, &names), rc;
	unsigned got = 0;

	for (int i = 0; i < all && got < n; i++) {
		struct passed p = { .fd = SD_LISTEN_FDS_START + i, .name = names[i] };

		if (is_ours(&p) || udp_bound(p.fd, &p.at, NULL) || listener_of(site, &p) != l)
			continue;
		fds[got++] = p.fd;
		*bound = p.at;
	}
	free_names(names, all);
	rc = udp_adopt(fds, got, err);
	return rc ? rc : (int)got;
}
