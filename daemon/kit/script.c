#include "kit/script.h"

#include "kit/line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static struct script *script_new(const char *file)
{
	struct pool *pool = pool_new();
	struct script *s = pool_get(pool, sizeof *s);

	s->pool = pool;
	s->file = pool_copy(pool, file, strlen(file));
	return s;
}

void script_free(struct script *s)
{
	if (s)
		pool_free(s->pool);
}

/* --- names of requests ---------------------------------------------------------- */

static bool is_request(const struct command *c)
{
	return c->kind == COMMAND_REQUEST;
}

/* Commands that speak of a request must come after it. */
static bool has_request(const struct script *s, const struct command *c)
{
	for (size_t i = s->n; i-- > 0;)
		if (is_request(&s->command[i]) &&
		    (!c->name || (s->command[i].name && !strcmp(s->command[i].name, c->name))))
			return true;
	return false;
}

static void check_name(const struct script *s, const struct command *c, struct words *w)
{
	switch (c->kind) {
	case COMMAND_EXPECT:
	case COMMAND_NOTHING:
	case COMMAND_ACK:
	case COMMAND_RST:
	case COMMAND_REPEAT:
	case COMMAND_RESET:
		if (has_request(s, c))
			return;
		if (c->name)
			words_wrong(w, c->column, "no request above is named \"%s\"; expected "
				    "\"%s: get ...\" before", c->name, c->name);
		else
			words_wrong(w, c->column, "expected a request before this line");
		return;
	default:
		return;
	}
}

/* --- lines ------------------------------------------------------------------------- */

static void read_line(struct script *s, struct words *w)
{
	struct command c = { .line = w->number,
			     .text = { (const uint8_t *)w->line, (size_t)(w->end - w->line) } };

	if (w->end - w->line > (ptrdiff_t)SCRIPT_LINE) {
		words_wrong(w, SCRIPT_LINE + 1, "the line is too long; expected at most %u "
			    "bytes", SCRIPT_LINE);
		return;
	}
	if (!line_read(w, &c))
		return;
	check_name(s, &c, w);
	if (s->n == SCRIPT_COMMANDS)
		words_wrong(w, 1, "more than %u commands", SCRIPT_COMMANDS);
	else
		s->command[s->n++] = c;
}

/* How many commands there can be. */
static size_t count_lines(const char *text, size_t n)
{
	size_t lines = 1;

	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	return lines < SCRIPT_COMMANDS ? lines : SCRIPT_COMMANDS;
}

struct script *script_read(const char *file, const char *text, size_t n,
			   struct config_errors *errors)
{
	struct script *s = script_new(file);
	struct words w = { .pool = s->pool, .errors = errors };
	const char *end, *p;

	errors_begin(errors, file);
	if (n > SCRIPT_BYTES) {
		errors_add(errors, (struct config_place){ 0 }, "has more than %u bytes",
			   SCRIPT_BYTES);
		n = 0;
	}
	s->command = pool_array(s->pool, count_lines(text, n), sizeof *s->command);
	p = text = n ? pool_copy(s->pool, text, n) : "";
	for (end = text + n; p < end; p = w.end + 1) {
		w.line = w.at = p;
		w.end = memchr(p, '\n', (size_t)(end - p));
		if (!w.end)
			w.end = end;
		w.number++;
		read_line(s, &w);
	}
	if (!errors->count)
		return s;
	script_free(s);
	return NULL;
}

static ssize_t read_all(int fd, char *buf, size_t cap)
{
	size_t n = 0;
	ssize_t got;

	while (n < cap && (got = read(fd, buf + n, cap - n)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

struct script *script_load(const char *file, struct config_errors *errors)
{
	struct script *s = NULL;
	char *text = malloc(SCRIPT_BYTES + 1);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : text ? read_all(fd, text, SCRIPT_BYTES + 1) : -ENOMEM;

	errors_begin(errors, file);
	if (n < 0)
		errors_add(errors, (struct config_place){ 0 }, "cannot be read: %s",
			   strerror((int)-n));
	else
		s = script_read(file, text, (size_t)n, errors);
	if (fd >= 0)
		close(fd);
	free(text);
	return s;
}
