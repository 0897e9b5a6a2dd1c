#include "exchange/kinds.h"

#include "base/batch.h"
#include "exchange/assembly.h"
#include "exchange/body.h"
#include "exchange/dedup.h"
#include "exchange/exchange.h"
#include "exchange/obs.h"
#include "exchange/observer.h"

/* --- parts ------------------------------------------------------------------------ */

static const struct mem_field addr_rows[] = {
	FIELD_ARRAY(struct addr, ip),
	FIELD(struct addr, scope),
	FIELD(struct addr, port),
	FIELD(struct addr, zero),
};

const struct mem_kind addr_kind = KIND("addr", struct addr, addr_rows);

static const struct mem_field local_rows[] = {
	FIELD_ARRAY(struct local, ip),
	FIELD(struct local, ifindex),
	FIELD_AS(struct local, sock, FIELD_SOCK),
	FIELD(struct local, zero),
};

const struct mem_kind local_kind = KIND("local", struct local, local_rows);

static const struct mem_field stored_rows[] = {
	FIELD(struct stored, len),
	FIELD(struct stored, blob),
};

static const struct mem_kind stored_kind = KIND("stored", struct stored, stored_rows);

static const struct mem_field chain_rows[] = {
	FIELD(struct chain, head),
	FIELD(struct chain, tail),
};

static const struct mem_kind chain_kind = KIND("chain", struct chain, chain_rows);

/* --- objects ---------------------------------------------------------------------- */

static const struct mem_field endpoint_rows[] = {
	FIELD_KIND(struct endpoint, o, struct object, &object_kind),
	FIELD_KIND(struct endpoint, remote, struct addr, &addr_kind),
	FIELD_KIND(struct endpoint, local, struct local, &local_kind),
	FIELD(struct endpoint, seen_s),
	FIELD(struct endpoint, dealings),
	FIELD(struct endpoint, ndedup),
	FIELD(struct endpoint, nkept),
	FIELD(struct endpoint, dedup_head),
	FIELD(struct endpoint, dedup_tail),
};

const struct mem_kind endpoint_kind = KIND("endpoint", struct endpoint, endpoint_rows);

static const struct mem_field window_rows[] = {
	FIELD(struct window, hi),
	FIELD(struct window, since_s),
	FIELD(struct window, half),
};

static const struct mem_kind window_kind = KIND("window", struct window, window_rows);

static const struct mem_field dealings_rows[] = {
	FIELD_KIND(struct dealings, o, struct object, &object_kind),
	FIELD_REFS(struct dealings, peer),
	FIELD(struct dealings, last_non),
	FIELD(struct dealings, next_non),
	FIELD(struct dealings, forgot_s),
	FIELD(struct dealings, forgot_n),
	FIELD_KIND(struct dealings, window, struct window, &window_kind),
	FIELD(struct dealings, next_mid),
	FIELD_ARRAY(struct dealings, quarter_s),
	FIELD(struct dealings, zero),
	FIELD(struct dealings, nexchanges),
	FIELD(struct dealings, nassemblies),
	FIELD(struct dealings, observers),
	FIELD(struct dealings, nobservers),
	FIELD(struct dealings, nactive),
	FIELD(struct dealings, nnamed),
	FIELD_KIND(struct dealings, queue, struct chain, &chain_kind),
	FIELD_KIND(struct dealings, sent, struct chain, &chain_kind),
};

const struct mem_kind dealings_kind = KIND("dealings", struct dealings, dealings_rows);

static const struct mem_field dedup_rows[] = {
	FIELD_KIND(struct dedup, o, struct object, &object_kind),
	FIELD_REFS(struct dedup, peer),
	FIELD_REFS(struct dedup, exchange),
	FIELD(struct dedup, mid),
	FIELD(struct dedup, state),
	FIELD(struct dedup, print),
	FIELD(struct dedup, at_s),
	FIELD(struct dedup, order),
	FIELD(struct dedup, kind),
	FIELD_KIND(struct dedup, answer, struct stored, &stored_kind),
	FIELD(struct dedup, next),
	FIELD(struct dedup, prev),
	FIELD_ARRAY(struct dedup, inside),
};

const struct mem_kind dedup_kind = KIND("dedup", struct dedup, dedup_rows);

static const struct mem_field exchange_rows[] = {
	FIELD_KIND(struct exchange, o, struct object, &object_kind),
	FIELD_REFS(struct exchange, peer),
	FIELD_REFS(struct exchange, dedup),
	FIELD_REFS(struct exchange, assembly),
	FIELD_REFS(struct exchange, owner),
	FIELD(struct exchange, deadline),
	FIELD(struct exchange, state),
	FIELD(struct exchange, role),
	FIELD(struct exchange, type),
	FIELD(struct exchange, code),
	FIELD(struct exchange, order),
	FIELD(struct exchange, mid),
	FIELD(struct exchange, acked),
	FIELD(struct exchange, retries),
	FIELD(struct exchange, timeout_ms),
	FIELD(struct exchange, wait_ms),
	FIELD(struct exchange, secret),
	FIELD(struct exchange, flags),
	FIELD_KIND(struct exchange, msg, struct stored, &stored_kind),
	FIELD(struct exchange, next),
	FIELD(struct exchange, prev),
	FIELD_ARRAY(struct exchange, inside),
};

const struct mem_kind exchange_kind = KIND("exchange", struct exchange, exchange_rows);

static const struct mem_field blob_rows[] = {
	FIELD_KIND(struct blob, o, struct object, &object_kind),
	FIELD_REFS(struct blob, owner),
	FIELD(struct blob, len),
	FIELD(struct blob, zero),
	FIELD_ARRAY(struct blob, data),
};

const struct mem_kind blob_kind = KIND("blob", struct blob, blob_rows);

static const struct mem_field xfer_state_rows[] = {
	FIELD(struct xfer_state, phase),
	FIELD(struct xfer_state, szx),
	FIELD(struct xfer_state, offset),
	FIELD(struct xfer_state, sent),
	FIELD(struct xfer_state, tag),
	FIELD(struct xfer_state, challenged),
	FIELD(struct xfer_state, code),
	FIELD(struct xfer_state, format),
	FIELD(struct xfer_state, total),
	FIELD(struct xfer_state, etag_n),
	FIELD(struct xfer_state, echo_n),
	FIELD(struct xfer_state, again),
	FIELD_ARRAY(struct xfer_state, etag),
	FIELD_ARRAY(struct xfer_state, echo),
};

static const struct mem_kind xfer_state_kind =
	KIND("xfer_state", struct xfer_state, xfer_state_rows);

static const struct mem_field xfer_rows[] = {
	FIELD_KIND(struct xfer, o, struct object, &object_kind),
	FIELD_REFS(struct xfer, owner),
	FIELD_REFS(struct xfer, exchange),
	FIELD_KIND(struct xfer, to, struct addr, &addr_kind),
	FIELD_KIND(struct xfer, from, struct local, &local_kind),
	FIELD(struct xfer, non),
	FIELD(struct xfer, code),
	FIELD(struct xfer, szx),
	FIELD(struct xfer, body_n),
	FIELD(struct xfer, timeout_ms),
	FIELD(struct xfer, zero),
	FIELD_KIND(struct xfer, s, struct xfer_state, &xfer_state_kind),
	FIELD_KIND(struct xfer, options, struct stored, &stored_kind),
	FIELD_ARRAY(struct xfer, inside),
};

const struct mem_kind xfer_kind = KIND("xfer", struct xfer, xfer_rows);

static const struct mem_field obs_rows[] = {
	FIELD_KIND(struct obs, o, struct object, &object_kind),
	FIELD_REFS(struct obs, owner),
	FIELD_REFS(struct obs, exchange),
	FIELD_REFS(struct obs, rest),
	FIELD(struct obs, heard),
	FIELD(struct obs, due),
	FIELD_KIND(struct obs, to, struct addr, &addr_kind),
	FIELD_KIND(struct obs, from, struct local, &local_kind),
	FIELD(struct obs, state),
	FIELD(struct obs, known),
	FIELD(struct obs, value),
	FIELD(struct obs, non),
	FIELD(struct obs, szx),
	FIELD(struct obs, body_n),
	FIELD(struct obs, timeout_ms),
	FIELD(struct obs, challenged),
	FIELD(struct obs, tries),
	FIELD(struct obs, zero),
};

const struct mem_kind obs_kind = KIND("obs", struct obs, obs_rows);

static const struct mem_field body_rows[] = {
	FIELD_KIND(struct body, o, struct object, &object_kind),
	FIELD_REFS(struct body, owner),
	FIELD(struct body, length),
	FIELD(struct body, end),
	FIELD(struct body, pages),
	FIELD(struct body, touched),
};

const struct mem_kind body_kind = KIND("body", struct body, body_rows);

static const struct mem_field assembly_rows[] = {
	FIELD_KIND(struct assembly, o, struct object, &object_kind),
	FIELD_REFS(struct assembly, peer),
	FIELD_REFS(struct assembly, body),
	FIELD_REFS(struct assembly, waiting),
	FIELD_REFS(struct assembly, owner),
	FIELD(struct assembly, next),
	FIELD(struct assembly, key),
	FIELD(struct assembly, deadline),
	FIELD(struct assembly, state),
	FIELD(struct assembly, szx),
	FIELD(struct assembly, code),
	FIELD(struct assembly, options_n),
};

const struct mem_kind assembly_kind = KIND("assembly", struct assembly, assembly_rows);

static const struct mem_field representation_rows[] = {
	FIELD_KIND(struct representation, o, struct object, &object_kind),
	FIELD(struct representation, key),
	FIELD(struct representation, mount),
	FIELD(struct representation, seen),
	FIELD(struct representation, word),
	FIELD(struct representation, format),
	FIELD(struct representation, private),
	FIELD(struct representation, attempts),
	FIELD(struct representation, nobservers),
	FIELD_KIND(struct representation, idle, struct chain, &chain_kind),
	FIELD(struct representation, word_prev),
	FIELD(struct representation, word_next),
	FIELD(struct representation, held_prev),
	FIELD(struct representation, held_next),
	FIELD(struct representation, held),
};

const struct mem_kind representation_kind =
	KIND("representation", struct representation, representation_rows);

static const struct mem_field observer_rows[] = {
	FIELD_KIND(struct observer, o, struct object, &object_kind),
	FIELD_REFS(struct observer, peer),
	FIELD_REFS(struct observer, representation),
	FIELD_REFS(struct observer, exchange),
	FIELD(struct observer, sequence),
	FIELD(struct observer, told),
	FIELD(struct observer, con_by),
	FIELD(struct observer, pause),
	FIELD(struct observer, again),
	FIELD(struct observer, non),
	FIELD(struct observer, mid),
	FIELD(struct observer, since_con),
	FIELD(struct observer, aged),
	FIELD(struct observer, retries),
	FIELD(struct observer, timeout_ms),
	FIELD(struct observer, turn),
	FIELD_KIND(struct observer, request, struct stored, &stored_kind),
	FIELD(struct observer, next),
	FIELD(struct observer, prev),
	FIELD(struct observer, peer_next),
	FIELD(struct observer, peer_prev),
	FIELD(struct observer, chained),
	FIELD(struct observer, zero),
	FIELD_ARRAY(struct observer, inside),
};

const struct mem_kind observer_kind = KIND("observer", struct observer, observer_rows);

/* --- the rest --------------------------------------------------------------------- */

static const struct mem_field engine_root_rows[] = {
	FIELD_REFS(struct engine_root, exec),
	FIELD_REFS(struct engine_root, running),
	FIELD(struct engine_root, order),
	FIELD(struct engine_root, draw),
	FIELD(struct engine_root, mid),
	FIELD(struct engine_root, hand_endpoint),
	FIELD(struct engine_root, hand_dedup),
	FIELD(struct engine_root, zero),
	FIELD(struct engine_root, body_pages),
};

const struct mem_kind engine_root_kind = KIND("root", struct engine_root, engine_root_rows);

static const struct mem_field rx_dgram_rows[] = {
	FIELD(struct rx_dgram, from),
	FIELD_KIND(struct rx_dgram, to, struct local, &local_kind),
	FIELD(struct rx_dgram, tries),
	FIELD(struct rx_dgram, len),
	FIELD(struct rx_dgram, zero),
	FIELD_ARRAY(struct rx_dgram, control),
	FIELD_ARRAY(struct rx_dgram, data),
};

static const struct mem_kind rx_dgram_kind = KIND("rx_dgram", struct rx_dgram, rx_dgram_rows);

static const struct mem_field tx_dgram_rows[] = {
	FIELD_KIND(struct tx_dgram, to, struct addr, &addr_kind),
	FIELD_KIND(struct tx_dgram, from, struct local, &local_kind),
	FIELD(struct tx_dgram, len),
	FIELD(struct tx_dgram, rx),
	FIELD_ARRAY(struct tx_dgram, data),
};

static const struct mem_kind tx_dgram_kind = KIND("tx_dgram", struct tx_dgram, tx_dgram_rows);

static const struct mem_field batch_rows[] = {
	FIELD(struct batch, rx_n),
	FIELD_AS(struct batch, rx_sock, FIELD_SOCK),
	FIELD(struct batch, tx_sent),
	FIELD(struct batch, zero),
	FIELD_ROW(struct batch, rx_hdr, sizeof(struct mmsghdr), FIELD_PLAIN, NULL),
	FIELD_ROW(struct batch, tx_hdr, sizeof(struct mmsghdr), FIELD_PLAIN, NULL),
	FIELD_ROW(struct batch, rx_iov, sizeof(struct iovec), FIELD_PLAIN, NULL),
	FIELD_ROW(struct batch, tx_iov, sizeof(struct iovec), FIELD_PLAIN, NULL),
	FIELD_ROW(struct batch, tx_name, sizeof(struct sockaddr_in6), FIELD_PLAIN, NULL),
	FIELD(struct batch, tx_control),
	FIELD_KIND(struct batch, rx, struct rx_dgram, &rx_dgram_kind),
	FIELD_KIND(struct batch, tx, struct tx_dgram, &tx_dgram_kind),
};

const struct mem_kind batch_kind = KIND("batch", struct batch, batch_rows);
