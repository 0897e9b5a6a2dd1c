#include "worker/accessline.h"

#include "base/log_text.h"
#include "coap/code.h"
#include "coap/option.h"
#include "coap/percent.h"

#include <inttypes.h>
#include <stdio.h>

void accessline_path(const struct message *request, char out[ACCESSLINE_PATH])
{
	struct message_walk walk = message_walk(request, OPT_URI_PATH);
	struct writer w = writer_of((uint8_t *)out, ACCESSLINE_PATH - 4);
	struct span segment;
	size_t n;

	while (message_walk_next(&walk, &segment) && !w.full) {
		write_u8(&w, '/');
		percent_write(&w, segment, ":@", 0);
	}
	n = (size_t)(w.p - (uint8_t *)out);
	if (n == 0 && !w.full)
		out[n++] = '/';
	if (w.full) {
		memcpy(out + n, "...", 3);
		n += 3;
	}
	out[n] = '\0';
}

/* "GET", or its number as "0.09" for a method that has no name. */
static const char *method_name(uint8_t method, char out[8])
{
	const char *name = code_is_known_method(method) ? code_name(method) : NULL;

	if (name)
		return name;
	snprintf(out, 8, "%u.%02u", code_class(method), code_detail(method));
	return out;
}

struct texts {
	char time[LOG_TIME_TEXT], peer[ADDR_TEXT], number[8];
	const char *method;
};

static void write_texts(const struct accessline *l, struct texts *t)
{
	log_time(l->at, t->time);
	addr_print(&l->peer, t->peer, sizeof t->peer);
	t->method = method_name(l->method, t->number);
}

size_t accessline_text(const struct accessline *l, char out[ACCESSLINE_MAX])
{
	struct texts t;

	write_texts(l, &t);
	return (size_t)snprintf(out, ACCESSLINE_MAX, "%s %s %s %s %u.%02u received=%" PRIu64
				" bytes=%" PRIu64 " block=%u retransmissions=%u us=%" PRIu64 "\n",
				t.time, t.peer, t.method, l->path, code_class(l->code),
				code_detail(l->code), l->received, l->bytes, l->block,
				l->retransmissions, l->us);
}

/* Nothing in it needs to be escaped: a path has neither quotes nor backslashes. */
size_t accessline_json(const struct accessline *l, char out[ACCESSLINE_MAX])
{
	struct texts t;

	write_texts(l, &t);
	return (size_t)snprintf(out, ACCESSLINE_MAX, "{\"time\":\"%s\",\"peer\":\"%s\",\"method\":"
				"\"%s\",\"path\":\"%s\",\"code\":\"%u.%02u\",\"received\":%" PRIu64
				",\"bytes\":%" PRIu64 ",\"block\":%u,\"retransmissions\":%u,"
				"\"microseconds\":%" PRIu64 "}\n", t.time, t.peer, t.method, l->path,
				code_class(l->code), code_detail(l->code), l->received, l->bytes,
				l->block, l->retransmissions, l->us);
}
