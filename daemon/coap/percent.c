#include "coap/percent.h"

#include "base/ascii.h"

bool percent_is_plain(uint8_t c, const char *more)
{
	return c && (ascii_is_alnum(c) || strchr("-._~!$&'()*+,;=", c) || strchr(more, c));
}

bool percent_is_encoded(struct span s, size_t i)
{
	return s.p[i] == '%' && s.n - i >= 3 && ascii_hex_value(s.p[i + 1]) >= 0 &&
	       ascii_hex_value(s.p[i + 2]) >= 0;
}

bool percent_decode(struct writer *w, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c == '%') {
			if (!percent_is_encoded(s, i))
				return false;
			c = (uint8_t)(ascii_hex_value(s.p[i + 1]) << 4 |
				      ascii_hex_value(s.p[i + 2]));
			i += 2;
		}
		write_u8(w, c);
	}
	return !w->full;
}

void percent_encode(struct writer *w, uint8_t c)
{
	static const char digits[] = "0123456789ABCDEF";

	write_u8(w, '%');
	write_u8(w, (uint8_t)digits[c >> 4]);
	write_u8(w, (uint8_t)digits[c & 15]);
}

void percent_write(struct writer *w, struct span s, const char *more, uint8_t except)
{
	for (size_t i = 0; i < s.n; i++)
		if (percent_is_plain(s.p[i], more) && s.p[i] != except)
			write_u8(w, s.p[i]);
		else
			percent_encode(w, s.p[i]);
}
