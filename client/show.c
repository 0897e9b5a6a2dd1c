#include "client/show.h"

#include "base/excerpt.h"
#include "coap/describe.h"
#include "coap/frame_udp.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#define SENT 4096u              /* messages of ours whose repetitions are told */
#define LINE (DESCRIBE_LINE + ADDR_TEXT + 80)

struct show_sent {
	struct addr peer;
	uint32_t again;
	uint16_t mid;
	bool used;
};

static const struct describe_style plain = { .utf8 = false }, plain_utf8 = { .utf8 = true };

#define COLOR(n) { "\033[" n "m", "\033[0m" }
#define COLORS { \
	[DESCRIBE_TYPE] = COLOR("2"), [DESCRIBE_CODE] = COLOR("1;32"), \
	[DESCRIBE_ERROR] = COLOR("1;31"), [DESCRIBE_NAME] = COLOR("36"), \
	[DESCRIBE_PAYLOAD] = COLOR("33") }
static const struct describe_style colors = { .kinds = COLORS, .utf8 = false },
				   colors_utf8 = { .kinds = COLORS, .utf8 = true };

static const struct describe_style *style(const struct show *s)
{
	if (s->color)
		return s->utf8 ? &colors_utf8 : &colors;
	return s->utf8 ? &plain_utf8 : &plain;
}

bool show_wants_color(const struct arguments *args, int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (args->color)
		return args->color > 0;
	return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

/* What the user's locale says, as the first of the three that is set. */
static bool reads_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (unsigned i = 0; i < 3; i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
	}
	return false;
}

void show_open(struct show *s, const struct arguments *args, FILE *out)
{
	*s = (struct show){ .out = out, .quiet = args->quiet > 0, .utf8 = reads_utf8(),
			    .color = show_wants_color(args, fileno(out)),
			    .terminal = isatty(fileno(out)), .verbose = (unsigned)args->verbose };
	if (s->verbose)
		s->sent = calloc(SENT, sizeof *s->sent);
}

void show_close(struct show *s)
{
	show_progress(s, "");
	free(s->sent);
	s->sent = NULL;
}

/* --- lines ------------------------------------------------------------------------ */

static void put(struct show *s, const char *line, size_t n)
{
	show_progress(s, "");
	fwrite(line, 1, n, s->out);
	fflush(s->out);
}

/* Names of files, what was typed: whoever wrote them, they command no terminal. */
static void tame(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)text[i], next = i + 1 < n ? (uint8_t)text[i + 1] : 0;

		if (c < 0x20 || c == 0x7f)
			text[i] = '?';
		else if (c == 0xc2 && next >= 0x80 && next < 0xa0)      /* U+0080 to U+009F */
			text[i] = text[i + 1] = '?';
	}
}

static void __attribute__((format(printf, 3, 0)))
say(struct show *s, const char *before, const char *fmt, va_list args)
{
	char line[1024];
	int from = snprintf(line, sizeof line, "%s", before), n = from;

	n += vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, args);
	if ((size_t)n > sizeof line - 2)
		n = sizeof line - 2;
	tame(line + from, (size_t)(n - from));
	line[n++] = '\n';
	put(s, line, (size_t)n);
}

void show_error(struct show *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(s, s->color ? "\033[1;31mcoap:\033[0m " : "coap: ", fmt, args);
	va_end(args);
}

void show_remark(struct show *s, const char *fmt, ...)
{
	va_list args;

	if (s->quiet)
		return;
	va_start(args, fmt);
	say(s, "", fmt, args);
	va_end(args);
}

void show_mark(struct show *s, const char *text, size_t at)
{
	char line[EXCERPT_MAX + 1];
	struct writer w = writer_of(line, sizeof line);

	excerpt_write(&w, span_str(text), at, 2);
	write_u8(&w, '\n');
	put(s, line, (size_t)((char *)w.p - line));
}

void show_progress(struct show *s, const char *line)
{
	if (!s->progress && !*line)
		return;
	fprintf(s->out, "\r%s\033[K", line);
	fflush(s->out);
	s->progress = *line != 0;
}

/* --- the trace ----------------------------------------------------------------------- */

/* How often this message of ours was sent before: a confirmable one that bears the
 * message ID of the last one to this peer in its place.  Two that share a place hide
 * each other's repetitions; with 4,096 places that is rare, and only for show. */
static uint32_t sent_before(struct show *s, const struct net_datagram *d)
{
	struct show_sent *p;
	struct message m;

	if (!d->out || !s->sent || frame_udp_parse(d->bytes, &m) != FRAME_OK ||
	    m.type != COAP_CON)
		return 0;
	p = &s->sent[(m.mid ^ d->peer.port ^ d->peer.ip[15]) % SENT];
	if (p->used && p->mid == m.mid && addr_eq(&p->peer, &d->peer))
		return ++p->again;
	*p = (struct show_sent){ .used = true, .mid = m.mid, .peer = d->peer };
	return 0;
}

static void show_bytes(struct show *s, struct span bytes)
{
	for (size_t at = 0; at < bytes.n;) {
		char line[DESCRIBE_HEX_LINE + 16] = "           ";
		struct writer w = writer_of(line + 11, sizeof line - 12);

		at = describe_hex(&w, bytes, at);
		write_u8(&w, '\n');
		put(s, line, (size_t)((char *)w.p - line));
	}
}

void show_datagram(struct show *s, const struct net_datagram *d)
{
	uint8_t line[LINE];
	struct writer w = writer_of(line, sizeof line - 64);
	char head[ADDR_TEXT + 40], who[ADDR_TEXT];
	uint32_t again = sent_before(s, d);

	snprintf(head, sizeof head, "%9.3f %s %s ", d->at, d->out ? "->" : "<-",
		 addr_print(&d->peer, who, sizeof who));
	write_span(&w, span_str(head));
	describe_datagram(&w, d->bytes, style(s));
	w.end += 64;
	w.full = false;
	if (again) {
		snprintf(head, sizeof head, " (again %u)", again);
		write_span(&w, span_str(head));
	}
	if (d->lost)
		write_span(&w, span_str(" (lost on purpose)"));
	write_u8(&w, '\n');
	put(s, (const char *)line, (size_t)(w.p - line));
	if (s->verbose > 1)
		show_bytes(s, d->bytes);
}
