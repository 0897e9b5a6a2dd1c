#include "client/state_env.h"

#include "coap/code.h"
#include "coap/message.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Where the texts end up to now, and their own end. */
struct tail {
	struct state_env *env;
	char *at, *end;
};

__attribute__((format(printf, 2, 3)))
static void add(struct tail *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->at, (size_t)(t->end - t->at), fmt, args);
	va_end(args);
	if (n >= t->end - t->at)        /* too long a URI: it is not there */
		return;
	assert(t->env->n < STATE_ENV);
	t->env->v[t->env->n++] = t->at;
	t->at += n + 1;
}

static void add_number(struct tail *t, const char *name, const struct message *m,
		       uint32_t option)
{
	uint64_t value;

	if (message_option_uint(m, option, &value))
		add(t, "%s=%" PRIu64, name, value);
}

static void add_etag(struct tail *t, const struct message *m)
{
	char hex[2 * 8 + 1] = "";
	struct span etag;

	if (!message_option(m, OPT_ETAG, 0, &etag))
		return;
	for (size_t i = 0; i < etag.n && i < 8; i++)
		snprintf(hex + 2 * i, 3, "%02x", etag.p[i]);
	add(t, "COAP_ETAG=%s", hex);
}

void state_env_set(struct state_env *env, const char *uri, const struct answer *a,
		   uint64_t state)
{
	struct message m = { .type = a->type, .code = a->code, .options = a->options };
	struct tail t = { env, env->text, env->text + sizeof env->text };
	char text[ADDR_TEXT > CODE_TEXT ? ADDR_TEXT : CODE_TEXT];

	env->n = 0;
	add(&t, "COAP_PEER=%s", addr_print(&a->peer, text, sizeof text));
	add(&t, "COAP_STATE=%" PRIu64, state);
	add(&t, "COAP_CODE=%s", code_print(a->code, text));
	add(&t, "COAP_OBSERVE=%" PRIu64, a->value);
	add_number(&t, "COAP_CONTENT_FORMAT", &m, OPT_CONTENT_FORMAT);
	add_number(&t, "COAP_MAX_AGE", &m, OPT_MAX_AGE);
	add_etag(&t, &m);
	add(&t, "COAP_URI=%s", uri);
}
