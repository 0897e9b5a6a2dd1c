#include "transport/hostname.h"

#include "base/ascii.h"

/* DNS itself allows any byte, but a name with such a one is somebody's trick. */
static bool may_be_in_a_name(uint8_t c)
{
	return c > ' ' && c != 0x7f && c != '\\';
}

bool hostname_decode(const char *host, char out[HOSTNAME_MAX + 1])
{
	size_t n = 0;

	for (; *host; host++) {
		uint8_t c = (uint8_t)*host;

		if (c == '%') {
			int high = ascii_hex_value((uint8_t)host[1]);
			int low = high < 0 ? -1 : ascii_hex_value((uint8_t)host[2]);

			if (low < 0)
				return false;
			c = (uint8_t)(high << 4 | low);
			host += 2;
		}
		if (!may_be_in_a_name(c) || n == HOSTNAME_MAX)
			return false;
		out[n++] = (char)c;
	}
	out[n] = 0;
	return n > 0;
}

bool hostname_is_localhost(const char *name)
{
	struct span localhost = span_str("localhost");
	size_t n = strlen(name), from;

	if (n && name[n - 1] == '.')
		n--;
	if (n < localhost.n)
		return false;
	from = n - localhost.n;
	return ascii_same(span_of(name + from, localhost.n), localhost) &&
	       (from == 0 || name[from - 1] == '.');
}
