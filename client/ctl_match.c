#include "client/ctl_match.h"

#include "client/ctl_list.h"
#include "coap/code.h"
#include "coap/frame_udp.h"

static void remember(struct ctl_match *t, const struct addr *peer, bool sent,
		     const struct message *m)
{
	struct ctl_matched *r = &t->made[t->next++ % CTL_MATCHES];

	*r = (struct ctl_matched){ .peer = *peer, .mid = m->mid, .used = true, .ours = sent };
	r->ntoken = m->token.n <= sizeof r->token ? (uint8_t)m->token.n : 255;
	if (r->ntoken != 255 && m->token.n)
		memcpy(r->token, m->token.p, m->token.n);
}

static bool has_token(const struct ctl_matched *r, const struct message *m)
{
	return m->code != 0 && m->token.n == r->ntoken &&
	       (!r->ntoken || memcmp(m->token.p, r->token, r->ntoken) == 0);
}

/* What comes back has the message ID, or the token of the request; so has what is said to
 * that. */
static bool belongs(const struct ctl_matched *r, const struct addr *peer, bool sent,
		    const struct message *m)
{
	if (!r->used || !addr_eq(&r->peer, peer))
		return false;
	if (has_token(r, m))
		return true;
	return sent != r->ours && (m->type == COAP_ACK || m->type == COAP_RST) &&
	       m->mid == r->mid;
}

static bool is_request(uint8_t code)
{
	return code && code < 32;
}

bool ctl_match(struct ctl_match *t, const struct addr *peer, bool sent, struct span datagram)
{
	struct message m;
	char path[1024];

	if (frame_udp_parse(datagram, &m) != FRAME_OK)
		return false;
	if (is_request(m.code)) {
		ctl_list_message_path(&m, path, sizeof path);
		if (!ctl_list_is_below(path, t->path))
			return false;
		remember(t, peer, sent, &m);
		return true;
	}
	for (unsigned i = 0; i < CTL_MATCHES; i++)
		if (belongs(&t->made[i], peer, sent, &m)) {
			/* What acknowledges this one belongs to it as well. */
			if (m.type == COAP_CON)
				remember(t, peer, sent, &m);
			return true;
		}
	return false;
}
