#include "client/globs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"

#define DIGITS 9u               /* of a number at most */

struct range {
	const char *begin, *end;        /* the brackets and what is between them */
	unsigned first, last;
	int width;                      /* with zeros in front up to this */
};

static const char *number(const char *p, unsigned *out, int *width)
{
	const char *start = p;

	for (*out = 0; ascii_is_digit((uint8_t)*p) && (size_t)(p - start) < DIGITS; p++)
		*out = *out * 10 + (unsigned)(*p - '0');
	*width = *start == '0' ? (int)(p - start) : 0;
	return p > start ? p : NULL;
}

/* Whether a range begins here. */
static bool range_at(const char *p, struct range *r)
{
	int width;

	r->begin = p;
	if (*p++ != '[')
		return false;
	p = number(p, &r->first, &r->width);
	if (!p || *p++ != '-')
		return false;
	p = number(p, &r->last, &width);
	if (!p || *p++ != ']')
		return false;
	r->end = p;
	return true;
}

static bool find_range(const char *text, struct range *r)
{
	for (; *text; text++)
		if (range_at(text, r))
			return true;
	return false;
}

/* Takes text, which was allocated. */
static int keep(struct globs *g, char *text, struct err *err)
{
	/* It grows when its length is a power of two. */
	if (g->n >= GLOBS_MAX) {
		free(text);
		return err_set(err, -EINVAL, "these are more than %u URIs", GLOBS_MAX);
	}
	if (text && !(g->n & (g->n - 1))) {
		const char **v = reallocarray(g->v, g->n ? 2 * g->n : 1, sizeof *v);

		if (!v) {
			free(text);
			text = NULL;
		} else {
			g->v = v;
		}
	}
	if (!text)
		return err_set(err, -ENOMEM, "out of memory");
	g->v[g->n++] = text;
	return 0;
}

/* What stands before, the number of the range, and what stands behind. */
static char *with(const char *text, const struct range *r, unsigned value)
{
	char *out;

	if (asprintf(&out, "%.*s%0*u%s", (int)(r->begin - text), text, r->width, value,
		     r->end) < 0)
		return NULL;
	return out;
}

int globs_add(struct globs *g, const char *text, struct err *err)
{
	struct range r;

	if (!find_range(text, &r))
		return keep(g, strdup(text), err);
	if (r.last < r.first)
		return err_set(err, -EINVAL, "%.*s ends before it begins",
			       (int)(r.end - r.begin), r.begin);
	for (unsigned i = r.first; i <= r.last; i++) {
		char *one = with(text, &r, i);
		int rc = one ? globs_add(g, one, err) : err_set(err, -ENOMEM, "out of memory");

		free(one);
		if (rc)
			return rc;
	}
	return 0;
}

void globs_free(struct globs *g)
{
	for (unsigned i = 0; i < g->n; i++)
		free((char *)g->v[i]);
	free(g->v);
	*g = (struct globs){ 0 };
}
