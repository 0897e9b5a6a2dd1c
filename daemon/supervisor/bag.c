#include "supervisor/bag.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct bag_item *room(struct bag *b)
{
	struct bag_item *more;

	if (b->n == b->cap) {
		more = realloc(b->item, (b->cap * 2 + 16) * sizeof *more);
		if (!more) {
			b->full = true;
			return NULL;
		}
		b->item = more;
		b->cap = b->cap * 2 + 16;
	}
	return &b->item[b->n++];
}

void bag_put(struct bag *b, int fd, const char *fmt, ...)
{
	struct bag_item *item = fd >= 0 ? room(b) : NULL;
	va_list args;

	if (!item)
		return;
	va_start(args, fmt);
	vsnprintf(item->name, sizeof item->name, fmt, args);
	va_end(args);
	item->fd = fd;
	item->stays = false;
}

static struct bag_item *find(const struct bag *b, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

static struct bag_item *find(const struct bag *b, const char *fmt, va_list args)
{
	char name[BAG_NAME];

	vsnprintf(name, sizeof name, fmt, args);
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->item[i].name, name) == 0)
			return &b->item[i];
	return NULL;
}

int bag_have(struct bag *b, const char *fmt, ...)
{
	struct bag_item *item;
	va_list args;

	va_start(args, fmt);
	item = find(b, fmt, args);
	va_end(args);
	if (!item)
		return -1;
	item->stays = true;
	return item->fd;
}

int bag_take(const struct bag *b, const char *fmt, ...)
{
	const struct bag_item *item;
	va_list args;

	va_start(args, fmt);
	item = find(b, fmt, args);
	va_end(args);
	return item ? fcntl(item->fd, F_DUPFD_CLOEXEC, 3) : -1;
}

void bag_keep(const struct bag *b, bool keep)
{
	for (size_t i = 0; i < b->n; i++)
		(void)fcntl(b->item[i].fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
}

void bag_forget(struct bag *b, const char *prefix)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (strncmp(b->item[i].name, prefix, strlen(prefix)) != 0)
			b->item[n++] = b->item[i];
	b->n = n;
}

void bag_free(struct bag *b)
{
	free(b->item);
	*b = (struct bag){ .n = 0 };
}

void bag_close(struct bag *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!b->item[i].stays)
			close(b->item[i].fd);
	bag_free(b);
}
