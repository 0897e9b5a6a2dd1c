/* The functions of coapd/module.h that tell who asks. */
#include "resource/call.h"

/* The core's own: tasks are constant to those who only read, but for this. */
static struct coapd_task *looked_at(const coapd_task *task)
{
	struct coapd_task *t = (struct coapd_task *)(uintptr_t)task;

	call_private(t);
	return t;
}

/* Over UDP anybody can say to be anybody. */
coapd_span coapd_identity(const coapd_task *task)
{
	looked_at(task);
	return (coapd_span){ (const uint8_t *)"", 0 };
}

static uint16_t local_port(const struct coapd_task *t)
{
	const struct engine_conf *conf = &t->engine->conf;
	uint16_t sock = t->request->to.sock;

	/* What is kept of a waiting request may be damaged. */
	return sock < conf->nports ? conf->ports[sock] : 0;
}

const struct coapd_peer *coapd_peer(const coapd_task *task)
{
	struct coapd_task *t = looked_at(task);
	const struct request *r = t->request;

	addr_print_ip(r->from.ip, r->from.scope, t->peer_text, sizeof t->peer_text);
	addr_print_ip(r->to.ip, r->to.ifindex, t->local_text, sizeof t->local_text);
	t->peer = (struct coapd_peer){ "udp", t->peer_text, r->from.port,
				       t->local_text, local_port(t) };
	return &t->peer;
}
