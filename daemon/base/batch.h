/* batch.h - the datagrams in hand: those received and not yet finished, those
 * made and not yet sent.
 *
 * Lives in slot memory behind the slabs (struct space.extra), because a worker
 * may die while the kernel fills or empties it.  recvmmsg() and sendmmsg() work
 * on the arrays; msg_len is preset to BATCH_UNTOUCHED, so the successor sees how
 * many datagrams the dead worker's system call had taken or sent.  The commit
 * word says how many received ones are done with (rx_next) and how many are to
 * be sent (tx_n).  The transport layer fills and empties it, the exchange layer
 * reads and appends.  Pointers in the arrays are set anew by every process. */
#ifndef BASE_BATCH_H
#define BASE_BATCH_H

#include "base/addr.h"
#include "base/space.h"

#include <sys/socket.h>

#define BATCH_RX 32
#define BATCH_TX 64
#define BATCH_TX_SPARE 8        /* the most that one event may append */
#define BATCH_UNTOUCHED 0xffffffffu
#define DGRAM_RX_MAX 1536u      /* longer ones are cut and counted */
#define DGRAM_TX_MAX 1472u
#define DGRAM_TRIES 4           /* a datagram that killed so many workers is skipped:
				 * one more than a module's hook may */

struct rx_dgram {
	struct sockaddr_in6 from;       /* written by the kernel */
	struct local to;
	uint32_t tries;                 /* deaths while it was worked on */
	uint32_t len;
	uint32_t zero;
	_Alignas(8) uint8_t control[128];
	_Alignas(8) uint8_t data[DGRAM_RX_MAX];
};

struct tx_dgram {
	struct addr to;
	struct local from;
	uint32_t len;
	uint32_t rx;                    /* not used to send; for traces: answers rx, or ~0 */
	_Alignas(8) uint8_t data[DGRAM_TX_MAX];
};

/* rx_n while recvmmsg() may be under way: count the touched msg_len. */
#define BATCH_RX_UNKNOWN 0xffffffffu

struct batch {
	uint32_t rx_n;                  /* datagrams in rx */
	uint32_t rx_sock;               /* the socket they came from */
	uint32_t tx_sent;               /* how many of tx_n are off, hint only */
	uint32_t zero;
	struct mmsghdr rx_hdr[BATCH_RX], tx_hdr[BATCH_TX];
	struct iovec rx_iov[BATCH_RX], tx_iov[BATCH_TX];
	struct sockaddr_in6 tx_name[BATCH_TX];
	_Alignas(8) uint8_t tx_control[BATCH_TX][64];
	struct rx_dgram rx[BATCH_RX];
	struct tx_dgram tx[BATCH_TX];
};

static inline struct batch *batch_of(const struct space *s)
{
	return (struct batch *)(void *)s->extra;
}

/* Room for one more event: flush before going on when it is false. */
static inline bool batch_has_room(const struct space *s)
{
	return space_tx_n(s) + BATCH_TX_SPARE <= BATCH_TX;
}

#endif
