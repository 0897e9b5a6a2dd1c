#include "config/path.h"
#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of a segment, which "%41" also is; -1 for a bad encoding. */
static int decode(const char **p)
{
	int hi, lo;

	if (**p != '%')
		return (unsigned char)*(*p)++;
	hi = hex((*p)[1]);
	lo = hi < 0 ? -1 : hex((*p)[2]);
	*p += lo < 0 ? 0 : 3;
	return lo < 0 ? -1 : hi << 4 | lo;
}

/* pchar of RFC 3986, 3.3 */
static bool is_pchar(unsigned char c)
{
	return c < 0x80 && c && (isalnum(c) || strchr("-._~!$&'()*+,;=:@", c));
}

static char *encode(char *out, const char *segment)
{
	static const char digits[] = "0123456789ABCDEF";

	*out++ = '/';
	for (const unsigned char *p = (const unsigned char *)segment; *p; p++) {
		if (is_pchar(*p)) {
			*out++ = (char)*p;
			continue;
		}
		*out++ = '%';
		*out++ = digits[*p >> 4];
		*out++ = digits[*p & 15];
	}
	return out;
}

static int segment_check(const char *s, size_t n, struct err *err)
{
	if (n == 0)
		return err_set(err, -EINVAL, "a path has no empty segments (is there a \"/\" too many?)");
	if (strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return err_set(err, -EINVAL, "a path has no segment \"%s\"", s);
	if (n > PATH_SEGMENT_BYTES)
		return err_set(err, -EINVAL, "a segment of a path has at most %d bytes, one has %zu",
			   PATH_SEGMENT_BYTES, n);
	if (!utf8_valid(s, n))
		return err_set(err, -EINVAL, "a segment of the path is not UTF-8");
	return 0;
}

/* Decodes up to the next "/" or the end; NULL: err says why not. */
static const char *read_segment(struct pool *pool, const char **p, struct err *err)
{
	size_t len = strcspn(*p, "/"), n = 0;
	const char *end = *p + len;
	char *s = pool_get(pool, len + 1);

	while (*p < end) {
		int c = decode(p);

		if (c < 0) {
			err_set(err, -EINVAL, "\"%%\" begins an encoded byte and needs two digits 0-9, A-F");
			return NULL;
		}
		if (c == 0 || c == '/') {
			err_set(err, -EINVAL, "a segment cannot contain %%%02X", (unsigned)c);
			return NULL;
		}
		s[n++] = (char)c;
	}
	return segment_check(s, n, err) == 0 ? s : NULL;
}

static const char *normal_form(struct pool *pool, const char *const *segments, size_t n)
{
	size_t room = 2;
	char *text, *end;

	for (size_t i = 0; i < n; i++)
		room += 1 + 3 * strlen(segments[i]);
	text = end = pool_get(pool, room);
	for (size_t i = 0; i < n; i++)
		end = encode(end, segments[i]);
	if (!n)
		*end = '/';
	return text;
}

int path_read(struct pool *pool, const char *text, struct path *out,
	       struct err *err)
{
	const char **segments = pool_array(pool, PATH_SEGMENTS, sizeof *segments);
	const char *p = text;
	size_t n = 0;

	if (*p != '/')
		return err_set(err, -EINVAL, "a path begins with \"/\"");
	for (; *p == '/' && strcmp(text, "/") != 0; n++) {
		if (n == PATH_SEGMENTS)
			return err_set(err, -EINVAL, "a path has at most %d segments", PATH_SEGMENTS);
		p++;
		segments[n] = read_segment(pool, &p, err);
		if (!segments[n])
			return -EINVAL;
	}
	*out = (struct path){ normal_form(pool, segments, n), segments, n };
	if (strlen(out->text) > PATH_BYTES)
		return err_set(err, -EINVAL, "a path has at most %d bytes", PATH_BYTES);
	return 0;
}
