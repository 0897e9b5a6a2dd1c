#include "client/question.h"

#include "client/head.h"
#include "coap/block.h"
#include "exchange/exchange.h"

#include <errno.h>
#include <unistd.h>

#define UNWANTED_MS 3000u       /* for an answer that --no-response may suppress */

static struct head head_of(const struct errand *e)
{
	return (struct head){ .args = e->tool->args, .text = e->text,
			      .uri = e->target.foreign ? NULL : &e->target.uri,
			      .proxy = e->tool->args->proxy != NULL, .extra = e->extra };
}

/* How long to wait for the response; not long if it may be one that is not wanted. */
static uint32_t wait_ms(const struct errand *e)
{
	if (e->wait_ms || e->tool->args->no_response <= 0)
		return e->wait_ms;
	return UNWANTED_MS;
}

/* One message each way: options and payload go together. */
static int send_single(struct errand *e, struct span options, struct writer *w)
{
	const struct arguments *a = e->tool->args;
	bool group = e->kind == ERRAND_GROUP;
	struct client_request c = {
		.to = e->peer, .from = net_local(e->tool->net, 0), .non = a->non || group,
		.keep = group, .code = e->code, .timeout_ms = wait_ms(e), .owner = e->owner,
		.token = span_of(a->token.bytes, a->token.n),
	};
	uint64_t n = e->tool->source.n;

	c.from.ifindex = e->ifindex;
	if (e->kind == ERRAND_PING) {
		c.code = COAP_EMPTY;
		c.non = false;
		c.token.n = 0;
		return client_send(net_engine(e->tool->net), &c, &e->ref);
	}
	if (n) {
		write_u8(w, 0xff);
		if (n > writer_left(w))
			return -EMSGSIZE;
		if (!source_read(&e->tool->source, 0, w->p, (size_t)n))
			return -EIO;
		w->p += n;
	}
	c.body = span_of(options.p, (size_t)(w->p - options.p));
	return client_send(net_engine(e->tool->net), &c, &e->ref);
}

int question_send(struct errand *e)
{
	const struct arguments *a = e->tool->args;
	uint8_t bytes[DGRAM_TX_MAX];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct head h = head_of(e);
	struct xfer_request q = {
		.to = e->peer, .from = net_local(e->tool->net, 0), .non = a->non != 0,
		.code = e->code, .szx = a->szx >= 0 ? (uint8_t)a->szx : BLOCK_SZX_MAX,
		.token = span_of(a->token.bytes, a->token.n),
		.body_n = e->tool->source.n, .timeout_ms = wait_ms(e), .owner = e->owner,
	};

	if (e->kind != ERRAND_PING && head_write(&h, &e->peer, &w, NULL))
		return -EMSGSIZE;
	q.options = span_of(bytes, (size_t)(w.p - bytes));
	if (e->kind == ERRAND_TRANSFER)
		return xfer_start(net_engine(e->tool->net), &q, &e->ref);
	if (e->kind == ERRAND_OBSERVATION)
		return obs_start(net_engine(e->tool->net), &q, &e->ref);
	return send_single(e, q.options, &w);
}

/* Its message under way, or NULL. */
static const struct exchange *under_way(const struct errand *e)
{
	struct engine *engine = net_engine(e->tool->net);
	const struct xfer *transfer = xfer_get(engine, e->ref);
	const struct obs *observation = obs_get(engine, e->ref);

	if (!e->asking)
		return NULL;
	return exchange_get(engine, transfer ? transfer->exchange :
			    observation ? observation->exchange : e->ref);
}

bool question_is_heard(const struct errand *e)
{
	const struct exchange *x = under_way(e);

	return x && x->state == EXCHANGE_ACKED;
}

bool question_is_taken(const struct errand *e)
{
	const struct xfer *transfer = xfer_get(net_engine(e->tool->net), e->ref);
	const struct exchange *x = under_way(e);

	return x && exchange_is_taken(x) && !(transfer && transfer->s.phase == XFER_UPLOAD);
}

int question_try(const struct errand *e, struct err *err)
{
	uint8_t bytes[DGRAM_TX_MAX];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct head h = head_of(e);

	return head_write(&h, &(struct addr){ .port = 1 }, &w, err);
}

int question_way(const struct addr *a)
{
	struct sockaddr_in6 to = addr_to_sin6(a);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0, off = 0;

	if (fd < 0)
		return 0;
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		rc = -errno;
	close(fd);
	return rc;
}
