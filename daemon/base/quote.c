#include "base/quote.h"

#include "base/utf8.h"

/* What is not to be seen, or no more than a blank is: control characters,
 * blanks of all widths, marks that join, part or turn around, characters of
 * nobody's or of everybody's own. */
static const struct {
	uint32_t first, last;
} unseen[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x00a0 }, { 0x00ad, 0x00ad }, { 0x034f, 0x034f },
	{ 0x061c, 0x061c }, { 0x115f, 0x1160 }, { 0x1680, 0x1680 }, { 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f }, { 0x2000, 0x200f }, { 0x2028, 0x202f }, { 0x205f, 0x206f },
	{ 0x3000, 0x3000 }, { 0x3164, 0x3164 }, { 0xe000, 0xf8ff }, { 0xfdd0, 0xfdef },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xffff },
	{ 0x1d173, 0x1d17a }, { 0xe0000, UINT32_MAX },
};

bool quote_shows(uint32_t character, bool utf8)
{
	if (character > 0x7f && !utf8)
		return false;
	for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
		if (character >= unseen[i].first && character <= unseen[i].last)
			return false;
	return true;
}

/* The character at the beginning of text, and whether it stands for itself;
 * what is no character counts as one byte. */
static size_t next(struct span text, bool utf8, uint32_t *character, bool *shown)
{
	size_t n = utf8_next((const char *)text.p, text.n, character);

	*shown = n && quote_shows(*character, utf8);
	if (n)
		return n;
	*character = text.p[0];
	return 1;
}

bool quote_is_plain(struct span text, bool utf8)
{
	for (size_t i = 0, n; i < text.n; i += n) {
		uint32_t c;
		bool shown;

		n = next(span_of(text.p + i, text.n - i), utf8, &c, &shown);
		if (!shown || c == ' ' || c == '"' || c == '\\')
			return false;
	}
	return text.n > 0;
}

static void write_escaped(struct writer *w, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";
	static const char from[] = "\n\r\t", to[] = "nrt";
	const char *at = byte ? strchr(from, byte) : NULL;

	write_u8(w, '\\');
	if (at) {
		write_u8(w, (uint8_t)to[at - from]);
		return;
	}
	write_u8(w, 'x');
	write_u8(w, (uint8_t)digits[byte >> 4]);
	write_u8(w, (uint8_t)digits[byte & 15]);
}

size_t quote_write(struct writer *w, struct span text, size_t most, bool utf8)
{
	size_t i = 0, n;

	write_u8(w, '"');
	for (; i < text.n; i += n) {
		uint32_t c;
		bool shown;

		n = next(span_of(text.p + i, text.n - i), utf8, &c, &shown);
		if (n > most - i)
			break;
		if (c == '"' || c == '\\')
			write_u8(w, '\\');
		if (shown)
			write_bytes(w, text.p + i, n);
		for (size_t k = 0; k < n && !shown; k++)
			write_escaped(w, text.p[i + k]);
	}
	write_u8(w, '"');
	return i;
}
