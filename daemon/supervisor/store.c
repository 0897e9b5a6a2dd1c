#include "supervisor/store.h"

#include "base/log.h"
#include "supervisor/estate.h"
#include "supervisor/notify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define TEXT STORE_PREFIX "state/"
#define NAME 48         /* bytes of a name in the store */

/* --- what was found ------------------------------------------------------------------------- */

struct passed {
	int n;
	char **name;
};

static struct passed passed(void)
{
	struct passed p = { 0 };

	p.n = sd_listen_fds_with_names(0, &p.name);
	if (p.n < 0 || !p.name)
		p.n = 0;
	return p;
}

static void passed_free(struct passed *p)
{
	for (int i = 0; i < p->n; i++)
		free(p->name[i]);
	free(p->name);
}

static int fd_of(int i)
{
	return SD_LISTEN_FDS_START + i;
}

static bool is_kept(const char *name)
{
	return strncmp(name, STORE_PREFIX, strlen(STORE_PREFIX)) == 0;
}

/* The number of a text; 0: it is none. */
static unsigned text_number(const char *name)
{
	return strncmp(name, TEXT, strlen(TEXT)) == 0 ?
	       (unsigned)strtoul(name + strlen(TEXT), NULL, 10) : 0;
}

static int find(const struct passed *p, unsigned number)
{
	char name[NAME];

	snprintf(name, sizeof name, STORE_PREFIX "%u", number);
	for (int i = 0; i < p->n; i++)
		if (strcmp(p->name[i], name) == 0)
			return i;
	return -1;
}

/* All that a text names; false: not all is there. */
static bool fill(struct estate *e, const struct passed *p)
{
	const char *name;
	json_t *number;

	json_object_foreach(json_object_get(e->root, "descriptors"), name, number) {
		int i = find(p, (unsigned)json_integer_value(number));

		if (i < 0)
			return false;
		bag_put(&e->bag, fd_of(i), "%s", name);
	}
	return !e->bag.full && e->bag.n > 0;
}

/* The newest that is whole; its number. */
static unsigned read_newest(struct estate *e, const struct passed *p)
{
	unsigned best = 0;

	for (int i = 0; i < p->n; i++) {
		unsigned number = text_number(p->name[i]);
		struct err err = { "" };
		struct estate one;

		if (number <= best)
			continue;
		if (estate_parse(&one, fd_of(i), &err)) {
			log_warn("%s", err.text);
			continue;
		}
		if (fill(&one, p)) {
			estate_free(e);
			*e = one;
			best = number;
		} else {
			estate_free(&one);
		}
	}
	return best;
}

uint32_t store_slots(void)
{
	struct estate e = { .root = NULL };
	struct passed p = passed();
	uint32_t n = read_newest(&e, &p) ? (uint32_t)estate_number(&e, "slots") : 0;

	estate_free(&e);
	passed_free(&p);
	return n;
}

static bool is_in(const struct bag *bag, int fd)
{
	for (size_t k = 0; k < bag->n; k++)
		if (bag->item[k].fd == fd)
			return true;
	return false;
}

/* Closed but for its number: sd_listen_fds() wants all that it was told of to be there. */
static void retire(int fd)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0)
		return;
	dup3(null, fd, O_CLOEXEC);
	close(null);
}

void store_taken(struct estate *e)
{
	for (size_t i = 0; i < e->bag.n; i++)
		retire(e->bag.item[i].fd);
	estate_free(e);
}

bool store_find(struct estate *e)
{
	struct passed p = passed();
	unsigned text;

	*e = (struct estate){ .root = NULL };
	text = read_newest(e, &p);
	for (int i = 0; i < p.n; i++) {
		if (!is_kept(p.name[i]) || is_in(&e->bag, fd_of(i)))
			continue;
		if (!text || text_number(p.name[i]) != text)
			notify_drop(p.name[i]);
		retire(fd_of(i));
	}
	passed_free(&p);
	if (!text)
		return false;
	/* As a program before would have left it. */
	json_object_set(e->root, "kept", json_object_get(e->root, "descriptors"));
	json_object_set_new(e->root, "kept-text", json_integer(text));
	return true;
}

/* False: nobody listens. */
static bool drop(unsigned number)
{
	char name[NAME];

	snprintf(name, sizeof name, STORE_PREFIX "%u", number);
	return notify_drop(name) >= 0;
}

static void drop_text(unsigned number)
{
	char name[NAME];

	snprintf(name, sizeof name, TEXT "%u", number);
	notify_drop(name);
}

void store_drop(struct estate *e)
{
	const char *name;
	json_t *number;

	drop_text((unsigned)estate_number(e, "kept-text"));
	json_object_foreach(json_object_get(e->root, "kept"), name, number)
		(void)drop((unsigned)json_integer_value(number));
	store_taken(e);
}

/* --- what is kept ------------------------------------------------------------------------------ */

static bool add(struct store *s, const char *name, int fd, unsigned number)
{
	struct store_item *more = realloc(s->item, (s->n + 1) * sizeof *more);
	struct stat st;

	if (more)
		s->item = more;
	if (!more || fstat(fd, &st) < 0)
		return false;
	more[s->n] = (struct store_item){ .number = number, .dev = st.st_dev, .ino = st.st_ino };
	snprintf(more[s->n++].name, BAG_NAME, "%s", name);
	if (s->next <= number)
		s->next = number + 1;
	return true;
}

void store_resume(struct store *s, const struct estate *e)
{
	const json_t *kept = json_object_get(e->root, "kept");

	*s = (struct store){ .text = (unsigned)estate_number(e, "kept-text") };
	s->next = s->text + 1;
	for (size_t i = 0; i < e->bag.n; i++) {
		const struct bag_item *item = &e->bag.item[i];
		const json_t *number = json_object_get(kept, item->name);

		if (number)
			(void)add(s, item->name, item->fd, (unsigned)json_integer_value(number));
	}
}

static json_t *numbers(const struct store *s)
{
	json_t *all = json_object();

	for (size_t i = 0; i < s->n; i++)
		json_object_set_new(all, s->item[i].name, json_integer(s->item[i].number));
	return all;
}

void store_leave(const struct store *s, json_t *text)
{
	json_object_set_new(text, "kept", numbers(s));
	json_object_set_new(text, "kept-text", json_integer(s->text));
}

static const struct store_item *same(const struct store *s, const struct bag_item *item)
{
	struct stat st;

	if (fstat(item->fd, &st) < 0)
		return NULL;
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->item[i].name, item->name) == 0 && s->item[i].dev == st.st_dev &&
		    s->item[i].ino == st.st_ino)
			return &s->item[i];
	return NULL;
}

static int keep(const char *prefix, unsigned number, int fd)
{
	char name[NAME];

	snprintf(name, sizeof name, "%s%u", prefix, number);
	return notify_keep(name, fd);
}

/* What the service manager has opened itself it passes again. */
static bool is_its_own(const struct supervisor *sv, const struct bag_item *item)
{
	unsigned number;

	return sscanf(item->name, "listener.%u.", &number) == 1 &&
	       number < SITE_LISTENERS_MAX && sv->sockets.group[number].passed;
}

/* Has kept what is not yet, and fills in the table of all that is to be. */
static bool keep_all(const struct supervisor *sv, const struct bag *bag, struct store *now)
{
	for (size_t i = 0; i < bag->n; i++) {
		const struct bag_item *item = &bag->item[i];
		const struct store_item *had = same(&sv->store, item);
		unsigned number = had ? had->number : now->next;

		if (is_its_own(sv, item))
			continue;
		if (!add(now, item->name, item->fd, number))
			return false;
		if (!had && keep(STORE_PREFIX, number, item->fd) < 0)
			return false;
	}
	return true;
}

static bool keep_text(struct estate *e, struct store *now)
{
	int fd, rc;

	now->text = now->next++;
	json_object_set_new(e->root, "descriptors", numbers(now));
	fd = estate_text_memory(e);
	if (fd < 0)
		return false;
	rc = keep(TEXT, now->text, fd);
	close(fd);
	return rc >= 0;
}

static bool has(const struct store *s, unsigned number)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->item[i].number == number)
			return true;
	return false;
}

static void drop_old(const struct store *old, const struct store *now)
{
	bool heard = true;

	if (old->text && old->text != now->text)
		drop_text(old->text);
	for (size_t i = 0; i < old->n && heard; i++)
		if (!has(now, old->item[i].number))
			heard = drop(old->item[i].number);
}

void store_keep(struct supervisor *sv)
{
	struct store now = { .next = sv->store.next ? sv->store.next : 1 };
	struct estate e;

	if (!getenv("NOTIFY_SOCKET") || !estate_make(&e, sv, false))
		return;
	if (keep_all(sv, &e.bag, &now) && keep_text(&e, &now)) {
		drop_old(&sv->store, &now);
		store_free(&sv->store);
		sv->store = now;
	} else {
		log_warn("the service manager does not keep sockets and what is known of clients: "
			 "a restart begins anew");
		/* What is there already has its number for good. */
		sv->store.next = now.next;
		drop_old(&now, &sv->store);
		store_free(&now);
	}
	estate_free(&e);
}

void store_forget(struct store *s)
{
	const struct store nothing = { .item = NULL };

	if (s->text)
		log_warn("what the service manager has kept of clients is dropped");
	drop_old(s, &nothing);
	store_free(s);
}

void store_free(struct store *s)
{
	free(s->item);
	*s = (struct store){ .item = NULL };
}
