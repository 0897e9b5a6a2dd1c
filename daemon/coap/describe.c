#include "coap/describe.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/quote.h"
#include "base/utf8.h"
#include "coap/block.h"
#include "coap/content_format.h"
#include "coap/frame_udp.h"

#define TEXT_MOST 1034u          /* of a value; the longest string of an option */
#define BYTES_MOST 64u           /* of a value or a token, in hexadecimal */
#define PAYLOAD_MOST 60u

/* --- a line of words ---------------------------------------------------------- */

struct line {
	struct writer w;        /* leaves room for the dots */
	uint8_t *start, *kept;  /* kept: behind the last word that fits */
	const struct describe_style *style;
};

static const char dots[] = " ...";

static struct line line_open(const struct writer *w, const struct describe_style *style)
{
	static const struct describe_style none;
	struct line l = { *w, w->p, w->p, style ? style : &none };

	if (writer_left(w) < sizeof dots - 1)
		l.w.full = true;
	else
		l.w.end -= sizeof dots - 1;
	return l;
}

static void line_close(const struct line *l, struct writer *w)
{
	w->p = l->kept;
	if (l->w.full)
		write_span(w, span_str(dots));
}

/* Words are parted by a blank, and are there as a whole or not at all. */
static void word(struct line *l)
{
	if (l->w.full)
		return;
	l->kept = l->w.p;
	write_u8(&l->w, ' ');
}

static void last_word(struct line *l)
{
	if (!l->w.full)
		l->kept = l->w.p;
}

static void begin(struct line *l, enum describe_kind kind)
{
	const char *text = l->style->kinds[kind].begin;

	write_span(&l->w, span_str(text ? text : ""));
}

static void end(struct line *l, enum describe_kind kind)
{
	const char *text = l->style->kinds[kind].end;

	write_span(&l->w, span_str(text ? text : ""));
}

/* Never longer than a short number or a registered name. */
static void put(struct line *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct line *l, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	write_span(&l->w, span_str(text));
}

static void put_as(struct line *l, enum describe_kind kind, const char *text)
{
	begin(l, kind);
	write_span(&l->w, span_str(text));
	end(l, kind);
}

static void put_count(struct line *l, size_t n)
{
	put(l, "%zu byte%s", n, n == 1 ? "" : "s");
}

static void put_hex(struct line *l, struct span bytes)
{
	size_t n = bytes.n < BYTES_MOST ? bytes.n : BYTES_MOST;

	for (size_t i = 0; i < n; i++)
		put(l, "%02x", bytes.p[i]);
	if (n < bytes.n) {
		put(l, "... (");
		put_count(l, bytes.n);
		put(l, ")");
	}
}

static void put_text(struct line *l, struct span text)
{
	if (text.n <= TEXT_MOST && quote_is_plain(text, l->style->utf8))
		write_span(&l->w, text);
	else if (quote_write(&l->w, text, TEXT_MOST, l->style->utf8) < text.n) {
		put(l, "... (");
		put_count(l, text.n);
		put(l, ")");
	}
}

/* --- values of options ------------------------------------------------------- */

static void put_opaque(struct line *l, struct span value)
{
	put(l, "%s", value.n ? "0x" : "\"\"");
	put_hex(l, value);
}

static void put_format(struct line *l, uint32_t number)
{
	const struct content_format *row = content_format(number);

	if (row)
		put(l, "%s(%u)", row->name, number);
	else
		put(l, "%u", number);
}

/* Number, whether more follow, size. */
static void put_block(struct line *l, struct span value)
{
	struct block b;
	uint64_t v = 0;

	if (block_parse(value, &b) == BLOCK_OK) {
		put(l, "%u/%c/%u", b.num, b.more ? 'M' : '_', block_size(&b));
		return;
	}
	option_uint(value, &v);
	put(l, "%u/%c/reserved", (unsigned)(v >> 4), v & 8 ? 'M' : '_');
}

/* The classes that are not wanted (RFC 7967 section 2.1). */
static void put_no_response(struct line *l, unsigned value)
{
	put(l, "%u(", value);
	if (!value)
		put(l, "wants all");
	for (unsigned class = 1, first = 1; class <= 8; class++)
		if (value >> (class - 1) & 1) {
			put(l, "%s%u.xx", first ? "not " : ",", class);
			first = 0;
		}
	put(l, ")");
}

static void put_uint(struct line *l, uint32_t number, struct span value)
{
	uint64_t v = 0;

	option_uint(value, &v);
	switch (number) {
	case OPT_CONTENT_FORMAT:
	case OPT_ACCEPT:
		put_format(l, (uint32_t)v);
		break;
	case OPT_BLOCK1:
	case OPT_BLOCK2:
	case OPT_Q_BLOCK1:
	case OPT_Q_BLOCK2:
		put_block(l, value);
		break;
	case OPT_NO_RESPONSE:
		put_no_response(l, (unsigned)v);
		break;
	default:
		put(l, "%llu", (unsigned long long)v);
	}
}

static void put_value(struct line *l, const struct option_def *def, struct span value,
		      bool right_length)
{
	if (def->format == VALUE_STRING)
		put_text(l, value);
	else if (def->format == VALUE_UINT && right_length)
		put_uint(l, def->number, value);
	else
		put_opaque(l, value);
}

static void put_known(struct line *l, const struct option_def *def, uint8_t code,
		      unsigned nth, struct span value)
{
	enum option_flaw flaw = option_flaw(def, code, nth, value);
	bool right_length = value.n >= def->min && value.n <= def->max;
	bool bare = def->format == VALUE_EMPTY && right_length;

	begin(l, DESCRIBE_NAME);
	put(l, "%s%s", def->name, bare ? "" : "=");
	end(l, DESCRIBE_NAME);
	if (!bare) {
		begin(l, DESCRIBE_VALUE);
		put_value(l, def, value, right_length);
		end(l, DESCRIBE_VALUE);
	}
	if (flaw != FLAW_NONE) {
		begin(l, DESCRIBE_ERROR);
		put(l, "(%s)", option_flaw_text(flaw));
		end(l, DESCRIBE_ERROR);
	}
}

static void put_unknown(struct line *l, const struct option *o)
{
	begin(l, DESCRIBE_NAME);
	put(l, "Option-%u", o->number);
	end(l, DESCRIBE_NAME);
	if (option_is_critical(o->number))
		put_as(l, DESCRIBE_ERROR, "(critical)");
	put_as(l, DESCRIBE_NAME, "=");
	begin(l, DESCRIBE_VALUE);
	put_opaque(l, o->value);
	end(l, DESCRIBE_VALUE);
}

static void put_option(struct line *l, uint8_t code, unsigned nth, const struct option *o)
{
	const struct option_def *def = option_def(o->number);

	if (def)
		put_known(l, def, code, nth, o->value);
	else
		put_unknown(l, o);
}

/* --- payloads ---------------------------------------------------------------- */

static bool is_text(struct span s)
{
	uint32_t c;

	for (size_t i = 0, n; i < s.n; i += n) {
		n = utf8_next((const char *)s.p + i, s.n - i, &c);
		if (!n || (c < ' ' && c != '\n' && c != '\r' && c != '\t') ||
		    (c >= 0x7f && c < 0xa0))
			return false;
	}
	return true;
}

static bool is_shown(struct span payload, int format)
{
	enum content_kind kind = format < 0 ? CONTENT_OPAQUE
					    : content_format_kind((uint32_t)format);

	if (content_kind_is_text(kind))
		return true;
	return kind == CONTENT_OPAQUE && is_text(payload);
}

static void put_payload(struct line *l, struct span payload, int format)
{
	begin(l, DESCRIBE_PAYLOAD);
	if (!is_shown(payload, format)) {
		put_count(l, payload.n);
	} else if (quote_write(&l->w, payload, PAYLOAD_MOST, l->style->utf8) < payload.n) {
		put(l, "... (");
		put_count(l, payload.n);
		put(l, ")");
	}
	end(l, DESCRIBE_PAYLOAD);
}

/* --- messages ---------------------------------------------------------------- */

static void put_code(struct line *l, uint8_t code)
{
	bool error = code_is_response(code) && code_class(code) >= 4;
	enum describe_kind kind = error ? DESCRIBE_ERROR : DESCRIBE_CODE;
	const char *name = code_name(code);
	char text[CODE_TEXT];

	begin(l, kind);
	if (code_is_known_method(code))
		put(l, "%s", name);
	else
		put(l, "%s%s%s", code_print(code, text), name ? " " : "", name ? name : "");
	end(l, kind);
}

static void put_head(struct line *l, const struct message *m)
{
	put_as(l, DESCRIBE_TYPE, message_type_name(m->type));
	word(l);
	if (m->code != COAP_EMPTY) {
		put_code(l, m->code);
		word(l);
	}
	put_as(l, DESCRIBE_NAME, "mid=");
	begin(l, DESCRIBE_VALUE);
	put(l, "%u", m->mid);
	end(l, DESCRIBE_VALUE);
	if (m->token.n) {
		word(l);
		put_as(l, DESCRIBE_NAME, "token=");
		begin(l, DESCRIBE_VALUE);
		put_hex(l, m->token);
		end(l, DESCRIBE_VALUE);
	}
}

static void put_options(struct line *l, const struct message *m)
{
	struct option_iter it = option_iter(m->options);
	uint32_t last = 0;
	unsigned nth = 0;
	struct option o;

	while (!l->w.full && option_next(&it, &o)) {
		nth = o.number == last ? nth + 1 : 0;
		last = o.number;
		word(l);
		put_option(l, m->code, nth, &o);
	}
}

static int format_of(const struct message *m)
{
	uint64_t format;

	return message_option_uint(m, OPT_CONTENT_FORMAT, &format) ? (int)format : -1;
}

static void put_message(struct line *l, const struct message *m)
{
	put_head(l, m);
	if (m->code == COAP_EMPTY && m->type <= COAP_NON) {
		word(l);
		put(l, m->type == COAP_CON ? "(ping)" : "(empty)");
	}
	put_options(l, m);
	if (!m->payload.n)
		return;
	word(l);
	put_as(l, DESCRIBE_NAME, "payload=");
	put_payload(l, m->payload, format_of(m));
}

void describe_message(struct writer *w, const struct message *m,
		      const struct describe_style *style)
{
	struct line l = line_open(w, style);

	put_message(&l, m);
	last_word(&l);
	line_close(&l, w);
}

void describe_datagram(struct writer *w, struct span datagram,
		       const struct describe_style *style)
{
	struct line l = line_open(w, style);
	struct message m;

	switch (frame_udp_parse(datagram, &m)) {
	case FRAME_OK:
		put_message(&l, &m);
		break;
	case FRAME_ERROR:
		put_head(&l, &m);
		word(&l);
		/* fall through */
	case FRAME_IGNORE:
		put_as(&l, DESCRIBE_ERROR, "malformed:");
		put(&l, " ");
		put_count(&l, datagram.n);
	}
	last_word(&l);
	line_close(&l, w);
}

void describe_option(struct writer *w, uint8_t code, unsigned nth,
		     const struct option *o, const struct describe_style *style)
{
	struct line l = line_open(w, style);

	put_option(&l, code, nth, o);
	last_word(&l);
	line_close(&l, w);
}

void describe_payload(struct writer *w, struct span payload, int format,
		      const struct describe_style *style)
{
	struct line l = line_open(w, style);

	put_payload(&l, payload, format);
	last_word(&l);
	line_close(&l, w);
}

void describe_text(struct writer *w, struct span text, const struct describe_style *style)
{
	struct line l = line_open(w, style);

	put_text(&l, text);
	last_word(&l);
	line_close(&l, w);
}

/* --- bytes ------------------------------------------------------------------- */

size_t describe_hex(struct writer *w, struct span bytes, size_t offset)
{
	struct span row = span_of(bytes.p + offset, bytes.n - offset);
	char line[DESCRIBE_HEX_LINE];
	int n;

	if (row.n > 16)
		row.n = 16;
	n = snprintf(line, sizeof line, "%04zx ", offset);
	for (size_t i = 0; i < 16; i++) {
		n += snprintf(line + n, sizeof line - (size_t)n, "%s", i == 8 ? "  " : " ");
		if (i < row.n)
			n += snprintf(line + n, sizeof line - (size_t)n, "%02x", row.p[i]);
		else
			n += snprintf(line + n, sizeof line - (size_t)n, "  ");
	}
	n += snprintf(line + n, sizeof line - (size_t)n, "  |");
	for (size_t i = 0; i < row.n; i++)
		line[n++] = row.p[i] >= ' ' && row.p[i] < 0x7f ? (char)row.p[i] : '.';
	line[n++] = '|';
	write_bytes(w, line, (size_t)n);
	return offset + row.n;
}
