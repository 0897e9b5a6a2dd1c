#include "client/json_out.h"

#include "base/utf8.h"
#include "client/json_line.h"
#include "coap/content_format.h"

#include <errno.h>

static void put_value(struct json_line *j, const struct option_def *def, struct span value)
{
	uint64_t v;

	if (def && def->format == VALUE_UINT && option_uint(value, &v))
		json_line_uint(j, "value", v);
	else if (def && def->format == VALUE_STRING &&
		 utf8_valid((const char *)value.p, value.n))
		json_line_string(j, "value", value);
	else if (def && def->format == VALUE_EMPTY && value.n == 0)
		json_line_null(j, "value");
	else
		json_line_hex(j, "value", value);
}

static void put_options(struct json_line *j, struct span options)
{
	struct option_iter it = option_iter(options);
	struct option o;

	json_line_begin(j, "options", '[');
	while (option_next(&it, &o)) {
		const struct option_def *def = option_def(o.number);

		json_line_begin(j, NULL, '{');
		json_line_uint(j, "number", o.number);
		if (def)
			json_line_string(j, "name", span_str(def->name));
		put_value(j, def, o.value);
		json_line_end(j, '}');
	}
	json_line_end(j, ']');
}

/* Whether a payload is given as text: if its format says so, or says nothing and it
 * looks like text. */
static bool is_text(const struct content_format *format, bool given, struct span body)
{
	if (given && (!format || !content_kind_is_text(format->kind)))
		return false;
	for (size_t i = 0; !given && i < body.n; i++)
		if ((body.p[i] < 0x20 && !strchr("\t\n\r", body.p[i])) || body.p[i] == 0)
			return false;
	return utf8_valid((const char *)body.p, body.n);
}

static int put_payload(struct json_line *j, const struct errand *e, const struct answer *a)
{
	struct message m = { .code = a->code, .options = a->options };
	const struct content_format *format = NULL;
	uint64_t number;
	bool given = message_option_uint(&m, OPT_CONTENT_FORMAT, &number);
	struct span body = spool_span(a->body);

	if (given) {
		format = content_format((uint32_t)number);
		json_line_uint(j, "content_format", number);
	}
	if (format)
		json_line_string(j, "media_type", span_str(format->name));
	json_line_uint(j, "size", spool_size(a->body));
	if (e->output)
		json_line_string(j, "file", span_str(e->output));
	else if (body.n != spool_size(a->body))
		return -ENOMEM;
	else if (is_text(format, given, body))
		json_line_string(j, "payload", body);
	else
		json_line_base64(j, "payload_base64", body);
	return 0;
}

int json_out_answer(const struct errand *e, const struct answer *a, int fd)
{
	const char *name = code_name(a->code);
	char peer[ADDR_TEXT], code[CODE_TEXT];
	struct json_line j;
	int rc, written;

	json_line_open(&j, fd);
	json_line_begin(&j, NULL, '{');
	json_line_string(&j, "uri", span_str(e->text));
	json_line_string(&j, "peer", span_str(addr_print(&a->peer, peer, sizeof peer)));
	json_line_string(&j, "type", span_str(message_type_name((enum message_type)a->type)));
	json_line_string(&j, "code", span_str(code_print(a->code, code)));
	if (name)
		json_line_string(&j, "name", span_str(name));
	json_line_hex(&j, "token", span_of(a->token.bytes, a->token.n));
	put_options(&j, a->options);
	rc = put_payload(&j, e, a);
	json_line_real(&j, "duration_ms", (a->ended - a->began) * 1000, 3);
	json_line_uint(&j, "retransmissions", a->again);
	json_line_end(&j, '}');
	written = json_line_close(&j);
	return rc ? rc : written;
}

int json_out_failure(const struct errand *e, int fd)
{
	const char *error = e->outcome.err.text;
	size_t n = strlen(e->text);
	struct json_line j;

	if (strncmp(error, e->text, n) == 0 && strncmp(error + n, ": ", 2) == 0)
		error += n + 2;
	json_line_open(&j, fd);
	json_line_begin(&j, NULL, '{');
	json_line_string(&j, "uri", span_str(e->text));
	if (e->outcome.exit != OUTCOME_OK)
		json_line_string(&j, "error", span_str(error));
	json_line_end(&j, '}');
	return json_line_close(&j);
}
