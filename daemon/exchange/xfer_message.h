/* xfer_message.h - the message of a transfer that its state stands for.
 *
 * What is under way can be made again from the object and the source at any time:
 * for a smaller size of block, or with the answer to a challenge. */
#ifndef EXCHANGE_XFER_MESSAGE_H
#define EXCHANGE_XFER_MESSAGE_H

#include "exchange/xfer.h"

/* What a transfer adds to the caller's options at most, payload marker included:
 * Block2, Block1, Size1, Request-Tag; an Echo option goes where there is room. */
#define XFER_OWN_OPTIONS 32u

/* Bytes of the request's body that belong into the message of state s. */
uint32_t xfer_part(const struct xfer *x, const struct xfer_state *s);

/* Writes options, marker and payload of that message into out, cap bytes.  Their
 * number; -EMSGSIZE; -EIO: the source did not give them. */
int xfer_write(struct engine *e, const struct xfer *x, const struct xfer_state *s,
	       uint8_t *out, size_t cap);

#endif
