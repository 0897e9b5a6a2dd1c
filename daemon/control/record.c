#include "control/record.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

static void raw(struct record *r, const char *text)
{
	write_span(&r->out, span_str(text));
}

/* One character of UTF-8, n bytes of it. */
static void character(struct record *r, const char *at, size_t n, uint32_t c)
{
	char text[8];

	if (c == '"' || c == '\\') {
		write_u8(&r->out, '\\');
		write_u8(&r->out, (uint8_t)c);
	} else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
		/* DEL and those behind it are allowed, but terminals need not see them. */
		snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
		raw(r, text);
	} else {
		write_bytes(&r->out, at, n);
	}
}

static void quoted(struct record *r, const char *text)
{
	size_t left = strlen(text);

	write_u8(&r->out, '"');
	while (left) {
		uint32_t c;
		size_t n = utf8_next(text, left, &c);

		if (n)
			character(r, text, n, c);
		else
			raw(r, "\xef\xbf\xbd");
		n += !n;
		text += n;
		left -= n;
	}
	write_u8(&r->out, '"');
}

static void begin_value(struct record *r, const char *key)
{
	if (r->comma)
		write_u8(&r->out, ',');
	r->comma = true;
	if (!key)
		return;
	quoted(r, key);
	write_u8(&r->out, ':');
}

void record_begin(struct record *r, const char *key, char bracket)
{
	begin_value(r, key);
	write_u8(&r->out, (uint8_t)bracket);
	r->comma = false;
}

void record_end(struct record *r, char bracket)
{
	write_u8(&r->out, (uint8_t)bracket);
	r->comma = true;
}

void record_text(struct record *r, const char *key, const char *text)
{
	begin_value(r, key);
	quoted(r, text);
}

void record_uint(struct record *r, const char *key, uint64_t v)
{
	char text[24];

	begin_value(r, key);
	snprintf(text, sizeof text, "%" PRIu64, v < INT64_MAX ? v : INT64_MAX);
	raw(r, text);
}

void record_bool(struct record *r, const char *key, bool v)
{
	begin_value(r, key);
	raw(r, v ? "true" : "false");
}

void record_hex(struct record *r, const char *key, struct span bytes)
{
	static const char digits[] = "0123456789abcdef";

	begin_value(r, key);
	write_u8(&r->out, '"');
	for (size_t i = 0; i < bytes.n; i++) {
		write_u8(&r->out, (uint8_t)digits[bytes.p[i] >> 4]);
		write_u8(&r->out, (uint8_t)digits[bytes.p[i] & 15]);
	}
	write_u8(&r->out, '"');
}
