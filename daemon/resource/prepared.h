/* prepared.h - answers of modules that say the same thing each time (COAPD_F_CONSTANT), as
 * they travel: such a hook is run once for each way of asking.
 *
 * What asks in the same way has the same method and the same options, byte by byte.  A
 * table of fixed size in private memory of the worker; the newer of two that collide stays,
 * and a successor begins with none. */
#ifndef RESOURCE_PREPARED_H
#define RESOURCE_PREPARED_H

#include "exchange/request.h"

#define PREPARED_ANSWERS 64u    /* a power of 2 */
#define PREPARED_OPTIONS 48u
#define PREPARED_BODY 192u

struct coapd_mount;
struct coapd_task;

struct prepared_answer {
	const struct coapd_mount *mount;        /* NULL: there is none */
	uint8_t code, noptions, nbody;
	uint8_t options[PREPARED_OPTIONS];      /* of the request */
	uint8_t body[PREPARED_BODY];            /* options and payload */
};

struct prepared {
	struct prepared_answer answer[PREPARED_ANSWERS];
};

static inline uint32_t prepared_place(const struct message *m)
{
	return (uint32_t)(m->path_hash ^ m->options.n) % PREPARED_ANSWERS;
}

/* The answer to a fresh request, NULL if there is none. */
static inline const struct prepared_answer *prepared_find(const struct prepared *p,
							  const struct message *m)
{
	const struct prepared_answer *a = &p->answer[prepared_place(m)];

	return m->code == COAP_GET && a->mount && a->noptions == m->options.n && !m->payload.n &&
	       bytes_equal(a->options, m->options.p, m->options.n) ? a : NULL;
}

/* Ends the request with it. */
void prepared_send(struct engine *e, struct request *r, const struct prepared_answer *a);

/* Keeps the answer that the task is about to give to its request, whose options and payload
 * are body, if it is one that will always be the same. */
void prepared_keep(const struct coapd_task *t, struct span body);

#endif
