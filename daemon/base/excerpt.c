#include "base/excerpt.h"

#define BEFORE 40u               /* bytes shown before the mark, and from it on */
#define AFTER 24u

static void write_blanks(struct writer *w, size_t n)
{
	while (n-- > 0 && !w->full)
		write_u8(w, ' ');
}

/* Returns how many columns it takes. */
static size_t write_byte(struct writer *w, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";

	if (byte >= ' ' && byte < 0x7f) {
		write_u8(w, byte);
		return 1;
	}
	write_u8(w, '\\');
	write_u8(w, 'x');
	write_u8(w, (uint8_t)digits[byte >> 4]);
	write_u8(w, (uint8_t)digits[byte & 15]);
	return 4;
}

void excerpt_write(struct writer *w, struct span text, size_t at, unsigned indent)
{
	size_t where = at < text.n ? at : text.n, column = indent;
	size_t start = where > BEFORE ? where - BEFORE : 0;
	size_t end = text.n - where > AFTER ? where + AFTER : text.n;

	write_blanks(w, indent);
	if (start > 0) {
		write_span(w, span_str("..."));
		column += 3;
	}
	for (size_t i = start; i < end; i++) {
		size_t columns = write_byte(w, text.p[i]);

		column += i < where ? columns : 0;
	}
	write_span(w, span_str(end < text.n ? "...\n" : "\n"));
	write_blanks(w, column);
	write_u8(w, '^');
}
