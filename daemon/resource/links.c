#include "resource/links.h"

#include "base/utf8.h"
#include "coap/linkparse.h"
#include "coap/percent.h"
#include "resource/mount.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Remembers what is wrong, if it is the first; status is the caller's answer. */
static int wrong(struct mount_links *links, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int wrong(struct mount_links *links, int status, const char *fmt, ...)
{
	va_list args;

	if (!links->wrong[0]) {
		va_start(args, fmt);
		vsnprintf(links->wrong, sizeof links->wrong, fmt, args);
		va_end(args);
	}
	return status;
}

/* --- what is given --------------------------------------------------------------- */

/* Segments as a URI has them: no empty one in front, nothing to be encoded. */
static bool is_path(struct span path)
{
	if (!path.n || path.p[0] == '/')
		return false;
	for (size_t i = 0; i < path.n; i++)
		if (!percent_is_plain(path.p[i], ":@/") && !percent_is_encoded(path, i))
			return false;
	return true;
}

static bool is_text(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return !s.n || utf8_valid((const char *)s.p, s.n);
}

static bool is_there(const struct link_attr *attrs, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq(attrs[i].name, name))
			return true;
	return false;
}

/* None may be there twice: JSON and CBOR could not tell. */
static const char *flaw_of(const struct link *link)
{
	for (size_t i = 0; i < link->attr_count; i++) {
		const struct link_attr *a = &link->attrs[i];

		if (is_there(link->attrs, i, a->name))
			return "an attribute is there twice";
		if (span_eq(a->name, span_str("href")))
			return "the target is no attribute";
		if (!is_text(a->value))
			return "a value is no text";
	}
	return NULL;
}

static bool is_listed(const struct mount_links *links, struct span href)
{
	for (const struct mount_link *l = links->first; l; l = l->next)
		if (span_eq(l->link.href, href))
			return true;
	return false;
}

/* --- what is kept ------------------------------------------------------------------ */

static struct span copy(char **at, struct span s)
{
	struct span kept = { (uint8_t *)*at, s.n };

	if (s.n)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return kept;
}

/* A copy of its own.  Names and values are pieces of the text, so it suffices. */
static struct mount_link *keep(const struct link *link, size_t text)
{
	struct mount_link *l = calloc(1, sizeof *l + link->attr_count * sizeof *l->attr);
	char *at;

	if (!l)
		return NULL;
	at = l->text = malloc(text + 1);
	if (!at) {
		free(l);
		return NULL;
	}
	l->link = (struct link){ copy(&at, link->href), l->attr, link->attr_count };
	for (size_t i = 0; i < link->attr_count; i++)
		l->attr[i] = (struct link_attr){ copy(&at, link->attrs[i].name),
						 copy(&at, link->attrs[i].value),
						 link->attrs[i].form };
	return l;
}

static void append(struct mount_links *links, struct mount_link *l)
{
	struct mount_link **last = &links->first;

	while (*last)
		last = &(*last)->next;
	*last = l;
}

/* --- adding -------------------------------------------------------------------------- */

static int add(struct mount_links *links, char *text, size_t n, struct span path)
{
	struct link_parse parse;
	struct mount_link *l;
	struct link link;
	const char *flaw;
	struct err err;

	link_parse(&parse, span_of(text, n));
	if (link_parse_next(&parse, &link, &err) != 1)
		return wrong(links, -EINVAL, "link to \"%.*s\": %s", (int)path.n, path.p,
			     err.text);
	flaw = parse.at < n ? "more than one link" : flaw_of(&link);
	if (flaw)
		return wrong(links, -EINVAL, "link to \"%.*s\": %s", (int)path.n, path.p, flaw);
	if (is_listed(links, link.href))
		return wrong(links, -EEXIST, "link to \"%.*s\" is there twice", (int)path.n,
			     path.p);
	l = keep(&link, n);
	if (!l)
		return wrong(links, -ENOMEM, "no memory for links");
	append(links, l);
	return 0;
}

int links_add(struct mount_links *links, const char *mount, struct span path,
	      const char *attributes)
{
	const char *below = strcmp(mount, "/") == 0 ? "" : mount;
	bool bare = !attributes || !*attributes;
	char *text;
	int n, status;

	if (!is_path(path))
		return wrong(links, -EINVAL, "link to \"%.*s\": no path below a mount",
			     path.n < 80 ? (int)path.n : 80, path.n ? (const char *)path.p : "");
	n = asprintf(&text, "<%s/%.*s>%s%s", below, (int)path.n, path.p, bare ? "" : ";",
		     bare ? "" : attributes);
	if (n < 0)
		return wrong(links, -ENOMEM, "no memory for links");
	status = add(links, text, (size_t)n, path);
	free(text);
	return status;
}

void links_free(struct mount_links *links)
{
	while (links->first) {
		struct mount_link *l = links->first;

		links->first = l->next;
		free(l->text);
		free(l);
	}
}

/* --- for modules (coapd/module.h) ------------------------------------------------------ */

int coapd_link(coapd_mount *mount, coapd_span path, const char *attributes)
{
	if (!mount->opening)
		return -EPERM;
	return links_add(&mount->links, mount->spec.path, span_of(path.p, path.n), attributes);
}
