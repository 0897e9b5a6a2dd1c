#include "listing.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *suffix;
	uint16_t format;
} formats[] = {
	{ ".txt", 0 }, { ".md", 0 }, { ".log", 0 }, { ".yaml", 0 },
	{ ".link", 40 }, { ".wlnk", 40 }, { ".xml", 41 }, { ".exi", 47 }, { ".json", 50 },
	{ ".cbor", 60 }, { ".senml", 110 }, { ".senmlc", 112 },
	{ ".jpg", 22 }, { ".jpeg", 22 }, { ".png", 23 }, { ".gif", 21 }, { ".svg", 30000 },
	{ ".css", 20000 }, { ".js", 20002 },
};

uint16_t listing_format(const char *name)
{
	const char *suffix = strrchr(name, '.');

	for (size_t i = 0; suffix && i < sizeof formats / sizeof *formats; i++)
		if (strcasecmp(suffix, formats[i].suffix) == 0)
			return formats[i].format;
	return COAPD_OCTET_STREAM;
}

/* --- text ------------------------------------------------------------------------ */

struct text {
	char bytes[COAPD_REPLY_MAX];
	size_t n;
	bool full;
};

static void put(struct text *t, const char *s, size_t n)
{
	if (n > sizeof t->bytes - t->n) {
		t->full = true;
		return;
	}
	memcpy(t->bytes + t->n, s, n);
	t->n += n;
}

static bool is_plain(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (c && strchr("-._~!$&'()*+,;=:@", c));
}

/* A segment as it is written in a URI (RFC 3986 3.3). */
static void put_segment(struct text *t, const uint8_t *p, size_t n)
{
	char hex[4];

	for (size_t i = 0; i < n; i++) {
		if (is_plain(p[i])) {
			put(t, (const char *)&p[i], 1);
			continue;
		}
		snprintf(hex, sizeof hex, "%%%02X", p[i]);
		put(t, hex, 3);
	}
}

static void put_link(struct text *t, const coapd_task *task, const char *name,
		     const struct stat *st)
{
	char attributes[64];
	coapd_span s;

	put(t, ",<", t->n ? 2 : 0);
	if (!t->n)
		put(t, "<", 1);
	for (unsigned i = 0; task && coapd_opt(coapd_request(task), COAPD_OPT_URI_PATH, i, &s); i++) {
		if (!s.n)
			continue;
		put(t, "/", 1);
		put_segment(t, s.p, s.n);
	}
	put(t, "/", 1);
	put_segment(t, (const uint8_t *)name, strlen(name));
	if (S_ISDIR(st->st_mode))
		snprintf(attributes, sizeof attributes, "/>;ct=%d", COAPD_LINK_FORMAT);
	else
		snprintf(attributes, sizeof attributes, ">;ct=%u;sz=%lld", listing_format(name),
			 (long long)st->st_size);
	put(t, attributes, strlen(attributes));
}

/* --- entries ---------------------------------------------------------------------- */

struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

static bool is_shown(const char *name)
{
	return strcmp(name, ".") && strcmp(name, "..") &&
	       strncmp(name, TREE_HIDDEN, strlen(TREE_HIDDEN)) != 0;
}

static struct text text;        /* one hook runs at a time */

void listing_warm(int directory)
{
	_Alignas(8) uint8_t bytes[16384];
	struct stat st;
	long n;

	while ((n = syscall(SYS_getdents64, directory, bytes, sizeof bytes)) > 0)
		for (long i = 0; i < n; ) {
			const struct entry *e = (const void *)(bytes + i);

			(void)tree_look(directory, e->name, &st);
			i += e->len;
		}
}

/* Without a task the paths are those within the directory. */
static bool list(const coapd_task *task, int directory)
{
	static _Alignas(8) uint8_t bytes[16384];
	struct stat st;
	long n;

	text.n = 0;
	text.full = false;
	while (!text.full && (n = syscall(SYS_getdents64, directory, bytes, sizeof bytes)) > 0)
		for (long i = 0; i < n; ) {
			const struct entry *e = (const void *)(bytes + i);

			if (is_shown(e->name) && tree_look(directory, e->name, &st))
				put_link(&text, task, e->name, &st);
			i += e->len;
		}
	return !text.full;
}

uint64_t listing_sum(int directory)
{
	uint64_t h = 0xcbf29ce484222325u;       /* FNV-1a */

	list(NULL, directory);
	for (size_t i = 0; i < text.n; i++)
		h = (h ^ (uint8_t)text.bytes[i]) * 0x100000001b3u;
	return h;
}

bool listing_reply(coapd_task *task, int directory)
{
	if (!list(task, directory))
		return false;
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, COAPD_LINK_FORMAT);
	coapd_reply_data(task, (coapd_span){ (const uint8_t *)text.bytes, text.n });
	return true;
}
