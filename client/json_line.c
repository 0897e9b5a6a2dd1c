#include "client/json_line.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static void escape(struct json_line *j, uint32_t c)
{
	char text[8];

	switch (c) {
	case '"':
		pour_text(&j->out, "\\\"");
		break;
	case '\\':
		pour_text(&j->out, "\\\\");
		break;
	case '\n':
		pour_text(&j->out, "\\n");
		break;
	case '\t':
		pour_text(&j->out, "\\t");
		break;
	case '\r':
		pour_text(&j->out, "\\r");
		break;
	default:
		/* DEL and those behind it are allowed in JSON, but terminals need not see
		 * them. */
		if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
			snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
			pour_text(&j->out, text);
		} else {
			pour_byte(&j->out, (uint8_t)c);
		}
	}
}

static void quoted(struct json_line *j, struct span text)
{
	pour_byte(&j->out, '"');
	while (text.n) {
		uint32_t character;
		size_t n = utf8_next((const char *)text.p, text.n, &character);

		if (n == 0) {
			pour_text(&j->out, "\xef\xbf\xbd");
			n = 1;
		} else if (character < 0xa0) {
			escape(j, character);
		} else {
			pour_span(&j->out, span_of(text.p, n));
		}
		text = span_of(text.p + n, text.n - n);
	}
	pour_byte(&j->out, '"');
}

static void begin_value(struct json_line *j, const char *key)
{
	if (j->comma)
		pour_byte(&j->out, ',');
	j->comma = true;
	if (!key)
		return;
	quoted(j, span_str(key));
	pour_byte(&j->out, ':');
}

void json_line_begin(struct json_line *j, const char *key, char bracket)
{
	begin_value(j, key);
	pour_byte(&j->out, (uint8_t)bracket);
	j->comma = false;
}

void json_line_end(struct json_line *j, char bracket)
{
	pour_byte(&j->out, (uint8_t)bracket);
	j->comma = true;
}

void json_line_string(struct json_line *j, const char *key, struct span text)
{
	begin_value(j, key);
	quoted(j, text);
}

void json_line_base64(struct json_line *j, const char *key, struct span bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";

	begin_value(j, key);
	pour_byte(&j->out, '"');
	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t n = bytes.n - i;
		uint32_t v = (uint32_t)bytes.p[i] << 16 |
			     (n > 1 ? (uint32_t)bytes.p[i + 1] << 8 : 0) |
			     (n > 2 ? bytes.p[i + 2] : 0);
		uint8_t four[4] = { (uint8_t)digits[v >> 18], (uint8_t)digits[v >> 12 & 63],
				    n > 1 ? (uint8_t)digits[v >> 6 & 63] : '=',
				    n > 2 ? (uint8_t)digits[v & 63] : '=' };

		pour_span(&j->out, span_of(four, 4));
	}
	pour_byte(&j->out, '"');
}

void json_line_hex(struct json_line *j, const char *key, struct span bytes)
{
	char text[4];

	begin_value(j, key);
	pour_text(&j->out, "\"0x");
	for (size_t i = 0; i < bytes.n; i++) {
		snprintf(text, sizeof text, "%02x", bytes.p[i]);
		pour_text(&j->out, text);
	}
	pour_byte(&j->out, '"');
}

static void plain(struct json_line *j, const char *key, const char *text)
{
	begin_value(j, key);
	pour_text(&j->out, text);
}

void json_line_uint(struct json_line *j, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, v);
	plain(j, key, text);
}

void json_line_real(struct json_line *j, const char *key, double v, unsigned decimals)
{
	char text[400];

	snprintf(text, sizeof text, "%.*f", (int)decimals, v);
	plain(j, key, isfinite(v) ? text : "null");
}

void json_line_bool(struct json_line *j, const char *key, bool v)
{
	plain(j, key, v ? "true" : "false");
}

void json_line_null(struct json_line *j, const char *key)
{
	plain(j, key, "null");
}

int json_line_close(struct json_line *j)
{
	pour_byte(&j->out, '\n');
	return pour_end(&j->out);
}
