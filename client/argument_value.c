#include "client/argument_value.h"

#include "base/ascii.h"
#include "coap/block.h"
#include "coap/code.h"
#include "coap/content_format.h"

#include <errno.h>
#include <string.h>

/* Digits, and up to three more behind a point; in thousandths.  False if text is
 * something else or too large. */
static bool thousandths(const char *text, int64_t *out)
{
	int64_t v = 0;
	unsigned places = 0;
	bool digits = false, point = false;

	for (; *text; text++) {
		if (*text == '.' && !point) {
			point = true;
			continue;
		}
		if (!ascii_is_digit((uint8_t)*text) || places == 3 || v > INT64_MAX / 100000)
			return false;
		v = v * 10 + (*text - '0');
		places += point;
		digits = true;
	}
	for (; places < 3; places++)
		v *= 10;
	*out = v;
	return digits;
}

static bool whole(const char *text, int64_t *out)
{
	int64_t v;

	if (strchr(text, '.') || !thousandths(text, &v))
		return false;
	*out = v / 1000;
	return true;
}

int argument_number(const char *text, int64_t least, int64_t most, int64_t *out,
		    struct err *err)
{
	int64_t v;

	if (!whole(text, &v) || v < least || v > most)
		return err_set(err, -EINVAL, "\"%s\" is no number from %lld to %lld", text,
			       (long long)least, (long long)most);
	*out = v;
	return 0;
}

int argument_seconds(const char *text, int64_t least, int64_t most, int64_t *out,
		     struct err *err)
{
	int64_t v;

	if (!thousandths(text, &v))
		return err_set(err, -EINVAL, "\"%s\" is no time in seconds, such as 5 or 0.25",
			       text);
	if (v < least || v > most)
		return err_set(err, -EINVAL, "%s s is not between %g s and %lld s", text,
			       (double)least / 1000, (long long)most / 1000);
	*out = v;
	return 0;
}

int argument_percent(const char *text, int64_t *out, struct err *err)
{
	int64_t v;

	if (!thousandths(text, &v) || v > 100000)
		return err_set(err, -EINVAL, "\"%s\" is no percentage from 0 to 100", text);
	*out = v / 100;
	return 0;
}

int argument_format(const char *text, int64_t *out, struct err *err)
{
	uint16_t number;
	int rc = content_format_find(text, &number, err);

	if (rc == 0)
		*out = number;
	return rc;
}

int argument_method(const char *text, int64_t *out, struct err *err)
{
	int64_t v;

	for (unsigned code = COAP_GET; code <= COAP_IPATCH; code++)
		if (strcasecmp(text, code_name((uint8_t)code)) == 0) {
			*out = code;
			return 0;
		}
	if (!whole(text, &v) || v < 1 || v > 31)
		return err_set(err, -EINVAL, "\"%s\" is neither a method (GET, POST, PUT, "
			       "DELETE, FETCH, PATCH, iPATCH) nor the number of one, 1 to 31",
			       text);
	*out = v;
	return 0;
}

int argument_block(const char *text, int64_t *out, struct err *err)
{
	int64_t v;

	if (whole(text, &v))
		for (unsigned szx = 0; szx <= BLOCK_SZX_MAX; szx++)
			if (v == 16 << szx) {
				*out = szx;
				return 0;
			}
	return err_set(err, -EINVAL, "\"%s\" is no size of a block: 16, 32, 64, 128, 256, 512 "
		       "or 1024", text);
}

bool argument_hex(const char *text, struct writer *w)
{
	if (text[0] == '0' && (text[1] | 32) == 'x')
		text += 2;
	for (; *text; text += 2) {
		int high = ascii_hex_value((uint8_t)text[0]);
		int low = high < 0 ? -1 : ascii_hex_value((uint8_t)text[1]);

		if (low < 0)
			return false;
		write_u8(w, (uint8_t)(high << 4 | low));
	}
	return true;
}

int argument_tag(const char *text, unsigned least, struct tag *out, struct err *err)
{
	struct writer w = writer_of(out->bytes, sizeof out->bytes);

	if (!argument_hex(text, &w))
		return err_set(err, -EINVAL, "\"%s\" is not made of pairs of hexadecimal digits",
			       text);
	out->n = (uint8_t)(w.p - out->bytes);
	if (w.full || out->n < least)
		return err_set(err, -EINVAL, "\"%s\" has not %u to 8 bytes", text, least);
	return 0;
}
