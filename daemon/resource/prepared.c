#include "resource/prepared.h"

#include "resource/resources.h"

void prepared_send(struct engine *e, struct request *r, const struct prepared_answer *a)
{
	struct writer w = request_answer(e, r);

	bytes_copy(w.p, a->body, a->nbody);
	w.p += a->nbody;
	request_done(e, r, a->code, &w);
}

/* Whether nothing but its options makes the request what it is, and the answer says no more
 * than the representation. */
static bool is_constant(const struct coapd_task *t)
{
	const struct request *r = t->request;
	const struct message *m = &r->msg;

	return t->mount->desc->flags & COAPD_F_CONSTANT && m->code == COAP_GET && !m->payload.n &&
	       !r->waiting && !t->is_private && !t->observes && t->reply.code == COAP_CONTENT &&
	       message_lacks(m, OPT_OBSERVE) && message_lacks(m, OPT_BLOCK1);
}

void prepared_keep(const struct coapd_task *t, struct span body)
{
	const struct message *m = &t->request->msg;
	struct resources *R = t->mount->resources;
	struct prepared_answer *a;
	size_t segments;
	uint32_t i;

	/* Where there are hosts, the listener says as well what is asked for. */
	if (!R || R->hosts.n || !is_constant(t) || m->options.n > PREPARED_OPTIONS ||
	    body.n > PREPARED_BODY)
		return;
	/* One that declined may want the next. */
	i = resources_route(R, t->request, &segments);
	if (i == ROUTER_NONE || &R->mount[i] != t->mount)
		return;
	a = &R->prepared.answer[prepared_place(m)];
	a->mount = t->mount;
	a->code = t->reply.code;
	a->noptions = (uint8_t)m->options.n;
	a->nbody = (uint8_t)body.n;
	bytes_copy(a->options, m->options.p, m->options.n);
	bytes_copy(a->body, body.p, body.n);
}
