/* whoami - tells who asks how the request came here: transport, both addresses, and
 * the identity that was proved.  As text, JSON or CBOR. */
#include <coapd/module.h>

#include <stdio.h>

struct answer {
	const struct coapd_peer *peer;
	coapd_span identity;
};

static void
put(coapd_task *task, const char *text)
{
	coapd_reply_data(task, coapd_text(text));
}

/* --- text ------------------------------------------------------------------------ */

static void
put_end(coapd_task *task, const char *name, const char *address, unsigned port)
{
	char text[160];

	snprintf(text, sizeof text, strchr(address, ':') ? "%s: [%s]:%u\n" : "%s: %s:%u\n",
		 name, address, port);
	put(task, text);
}

static void
as_text(coapd_task *task, const struct answer *a)
{
	put(task, "transport: ");
	put(task, a->peer->transport);
	put(task, "\n");
	put_end(task, "from", a->peer->address, a->peer->port);
	put_end(task, "to", a->peer->local_address, a->peer->local_port);
	put(task, "identity: ");
	coapd_reply_data(task, a->identity.n ? a->identity : coapd_text("none"));
	put(task, "\n");
}

/* --- JSON ------------------------------------------------------------------------- */

static void
put_quoted(coapd_task *task, coapd_span s)
{
	char text[8];

	put(task, "\"");
	for (size_t i = 0; i < s.n; i++) {
		bool plain = s.p[i] >= 0x20 && s.p[i] != '"' && s.p[i] != '\\';

		snprintf(text, sizeof text, "\\u%04x", s.p[i]);
		coapd_reply_data(task, plain ? (coapd_span){ s.p + i, 1 } : coapd_text(text));
	}
	put(task, "\"");
}

static void
put_object(coapd_task *task, const char *name, const char *address, unsigned port)
{
	char text[160];

	snprintf(text, sizeof text, ",\"%s\":{\"address\":\"%s\",\"port\":%u}", name, address, port);
	put(task, text);
}

static void
as_json(coapd_task *task, const struct answer *a)
{
	put(task, "{\"transport\":");
	put_quoted(task, coapd_text(a->peer->transport));
	put_object(task, "from", a->peer->address, a->peer->port);
	put_object(task, "to", a->peer->local_address, a->peer->local_port);
	put(task, ",\"identity\":");
	put_quoted(task, a->identity);
	put(task, "}");
}

/* --- CBOR (RFC 8949, 3) ---------------------------------------------------------------- */

enum { UINT = 0 << 5, TEXT = 3 << 5, MAP = 5 << 5 };

/* A head: major type, and a number below 65536. */
static void
put_head(coapd_task *task, unsigned major, size_t v)
{
	const uint8_t tiny[] = { (uint8_t)(major | v) };
	const uint8_t one[] = { (uint8_t)(major | 24), (uint8_t)v };
	const uint8_t two[] = { (uint8_t)(major | 25), (uint8_t)(v >> 8), (uint8_t)v };

	coapd_reply_data(task, v < 24 ? (coapd_span){ tiny, sizeof tiny } :
			 v < 256 ? (coapd_span){ one, sizeof one } :
			 (coapd_span){ two, sizeof two });
}

static void
put_string(coapd_task *task, coapd_span s)
{
	put_head(task, TEXT, s.n);
	coapd_reply_data(task, s);
}

static void
put_map(coapd_task *task, const char *name, const char *address, unsigned port)
{
	put_string(task, coapd_text(name));
	put_head(task, MAP, 2);
	put_string(task, coapd_text("address"));
	put_string(task, coapd_text(address));
	put_string(task, coapd_text("port"));
	put_head(task, UINT, port);
}

static void
as_cbor(coapd_task *task, const struct answer *a)
{
	put_head(task, MAP, 4);
	put_string(task, coapd_text("transport"));
	put_string(task, coapd_text(a->peer->transport));
	put_map(task, "from", a->peer->address, a->peer->port);
	put_map(task, "to", a->peer->local_address, a->peer->local_port);
	put_string(task, coapd_text("identity"));
	put_string(task, a->identity);
}

/* --- the hook --------------------------------------------------------------------------- */

static const struct format {
	uint16_t number;
	void (*write)(coapd_task *, const struct answer *);
} formats[] = {
	{ COAPD_TEXT_PLAIN, as_text }, { COAPD_JSON, as_json }, { COAPD_CBOR, as_cbor },
};

/* The one that the client accepts, the first if it names none; NULL. */
static const struct format *
format_of(const coapd_msg *request)
{
	uint64_t accept = COAPD_TEXT_PLAIN;

	coapd_opt_uint(request, COAPD_OPT_ACCEPT, &accept);
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (formats[i].number == accept)
			return &formats[i];
	return NULL;
}

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	const struct format *format = format_of(coapd_request(task));
	struct answer a;

	(void)self;
	(void)event;
	if (!coapd_allow(task, COAPD_ALLOW_GET))
		return COAPD_DONE;
	coapd_reply(task, format ? COAPD_205_CONTENT : COAPD_406_NOT_ACCEPTABLE);
	if (!format)
		return COAPD_DONE;
	a = (struct answer){ coapd_peer(task), coapd_identity(task) };
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, format->number);
	format->write(task, &a);
	return COAPD_DONE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof coapd_module,
	.name = "whoami",
	.version = "1",
	.summary = "tells clients who they are here",
	.handle = handle,
};
