#include "config/variable.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "config/schema_site.h"
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES 255u
#define CREDENTIAL "credential:"

extern char **environ;

/* One value in hand. */
struct expansion {
	struct pool *pool;
	struct config_errors *errors;
	struct config_place at;
	bool secrets;           /* credentials may be in it */
	char *out;
	size_t n, cap;
};

/* --- the result ------------------------------------------------------------- */

static bool add(struct expansion *x, const char *p, size_t n)
{
	char *more;

	if (x->n + n > VARIABLE_BYTES)
		return errors_add(x->errors, x->at, "with its variables the value is longer "
				  "than %u bytes", VARIABLE_BYTES);
	if (x->n + n + 1 > x->cap) {
		x->cap = 2 * (x->n + n + 1);
		more = pool_get(x->pool, x->cap);
		if (x->n)
			memcpy(more, x->out, x->n);
		x->out = more;
	}
	memcpy(x->out + x->n, p, n);
	x->n += n;
	x->out[x->n] = '\0';
	return true;
}

/* Foreign text, of which no more than its name is ever told. */
static bool add_foreign(struct expansion *x, const char *what, const char *p, size_t n)
{
	if (memchr(p, 0, n) || !utf8_valid(p, n))
		return errors_add(x->errors, x->at, "what %s holds is not UTF-8 text, or has a "
				  "zero byte", what);
	return add(x, p, n);
}

/* --- the environment -------------------------------------------------------- */

static bool unset(struct expansion *x, const char *name)
{
	struct nearest nearest = { .wanted = name, .any_case = true };
	char names[NAME_BYTES + 1], best[NAME_BYTES + 1] = "";

	for (char **e = environ; e && *e; e++) {
		size_t n = strcspn(*e, "=");

		if (n > NAME_BYTES)
			continue;
		memcpy(names, *e, n);
		names[n] = '\0';
		nearest_offer(&nearest, names);
		if (nearest.best == names)
			nearest.best = strcpy(best, names);
	}
	if (nearest.best)
		return errors_add(x->errors, x->at, "the environment has no variable %s, did "
				  "you mean %s?", name, nearest.best);
	return errors_add(x->errors, x->at, "the environment has no variable %s; ${%s:-text} "
			  "would have a default", name, name);
}

static bool add_variable(struct expansion *x, const char *name, const char *deflt, size_t n)
{
	const char *value = getenv(name);

	if (value)
		return add_foreign(x, name, value, strlen(value));
	return deflt ? add(x, deflt, n) : unset(x, name);
}

/* --- credentials ------------------------------------------------------------ */

/* -errno, or -ENOTBLK for what is no file, as a pipe that nobody has written to is no empty secret. */
static ssize_t read_credential(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t n = 0;
	ssize_t got = fd < 0 ? -1 : 0;
	struct stat st;
	int error;

	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		return -ENOTBLK;
	}
	while (fd >= 0 && n < cap && (got = read(fd, buf + n, cap - n)) > 0)
		n += (size_t)got;
	error = errno;
	if (fd >= 0)
		close(fd);
	return got < 0 ? -error : (ssize_t)n;
}

/* An editor ends the last line, and a secret does not. */
static size_t without_line_end(const char *p, size_t n)
{
	if (n && p[n - 1] == '\n')
		n--;
	if (n && p[n - 1] == '\r')
		n--;
	return n;
}

static bool add_credential(struct expansion *x, const char *name)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char *path, *text;
	ssize_t n;

	if (!x->secrets)
		return errors_add(x->errors, x->at, "credentials are for settings of modules; "
				  "what is coapd's own is shown in logs");
	if (!dir || !*dir)
		return errors_add(x->errors, x->at, "credential %s: there are none, as "
				  "$CREDENTIALS_DIRECTORY is not set (LoadCredential= of a unit "
				  "sets it)", name);
	path = pool_get(x->pool, strlen(dir) + strlen(name) + 2);
	sprintf(path, "%s/%s", dir, name);
	text = pool_get(x->pool, VARIABLE_BYTES + 1);
	n = read_credential(path, text, VARIABLE_BYTES + 1);
	if (n == -ENOTBLK)
		return errors_add(x->errors, x->at, "credential %s is no regular file", name);
	if (n < 0)
		return errors_add(x->errors, x->at, "credential %s cannot be read: %s", name,
				  strerror((int)-n));
	return add_foreign(x, name, text, without_line_end(text, (size_t)n));
}

/* --- one value -------------------------------------------------------------- */

static bool is_name(const char *p, size_t n, const char *more)
{
	if (n == 0 || n > NAME_BYTES)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)p[i]) && !memchr(more, p[i], strlen(more)))
			return false;
	return true;
}

/* A name of a file, and not of "." or ".." either. */
static bool is_credential(const char *p, size_t n)
{
	return is_name(p, n, "._-") && *p != '.';
}

static bool no_variable(struct expansion *x, const char *p, size_t n)
{
	char quoted[VALUE_QUOTE];

	return errors_add(x->errors, x->at, "%s is no variable: as ${NAME}, ${NAME:-text} or "
			  "${credential:NAME}; $${ stands for ${ itself",
			  value_quote(p, n, quoted));
}

/* What is between the braces: n bytes at p. */
static bool add_named(struct expansion *x, const char *p, size_t n)
{
	static const char credential[] = CREDENTIAL;
	size_t skip = sizeof credential - 1, len;
	char name[NAME_BYTES + 1];
	const char *deflt = memmem(p, n, ":-", 2);
	bool secret = n > skip && memcmp(p, credential, skip) == 0;

	len = secret ? n - skip : deflt ? (size_t)(deflt - p) : n;
	if (secret ? !is_credential(p + skip, len) : !is_name(p, len, "_"))
		return no_variable(x, p - 2, n + 3);
	snprintf(name, sizeof name, "%.*s", (int)len, secret ? p + skip : p);
	if (secret)
		return add_credential(x, name);
	return add_variable(x, name, deflt ? deflt + 2 : NULL,
			    deflt ? n - len - 2 : 0);
}

static bool expand(struct expansion *x, const char *text)
{
	const char *p = text, *next;

	for (; (next = strstr(p, "${")); p = next) {
		const char *end = strchr(next, '}');

		/* "$${" is "${", as it stands. */
		if (next > p && next[-1] == '$') {
			if (!add(x, p, (size_t)(next - 1 - p)) || !add(x, "${", 2))
				return false;
			next += 2;
			continue;
		}
		if (!end)
			return no_variable(x, next, strlen(next));
		if (!add(x, p, (size_t)(next - p)) ||
		    !add_named(x, next + 2, (size_t)(end - next - 2)))
			return false;
		next = end + 1;
	}
	return add(x, p, strlen(p));
}

/* --- the tree ------------------------------------------------------------- */

/* Where in the tree a node is; only what is within one of MOUNT is a module's. */
enum level { SITE, HOSTS, HOST, MOUNTS, MOUNT, SETTING, OTHER };

static enum level below(enum level level, const struct node *member)
{
	const char *key = member->key ? member->key : "";

	switch (level) {
	case SITE:
		return strcmp(key, "resources") == 0 ? MOUNTS :
		       strcmp(key, "hosts") == 0 ? HOSTS : OTHER;
	case HOSTS:
		return HOST;
	case HOST:
		return strcmp(key, "resources") == 0 ? MOUNTS : OTHER;
	case MOUNTS:
		return MOUNT;
	case MOUNT:
		return schema_find(schema_mount.rows, schema_mount.nrows, key) ? OTHER : SETTING;
	default:
		return OTHER;
	}
}

static void walk(struct pool *pool, struct node *node, enum level level,
		 struct config_errors *errors)
{
	struct expansion x = { .pool = pool, .errors = errors, .at = node->at,
			       .secrets = level == SETTING };

	if (node->kind == NODE_TEXT && strstr(node->text, "${")) {
		node->written = node->text;
		node->kind = expand(&x, node->text) ? NODE_TEXT : NODE_WRONG;
		node->text = x.out;
	}
	for (struct node *m = node->first; m; m = m->next)
		walk(pool, m, below(level, m), errors);
}

void variables_expand(struct pool *pool, struct node *root, struct config_errors *errors)
{
	walk(pool, root, SITE, errors);
}
