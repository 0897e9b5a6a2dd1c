#include "transport/segment.h"

#include <errno.h>
#include <netinet/udp.h>

/* Behind the address of ours that may be in the control message already. */
#define SEGMENT_CONTROL (CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t)))

_Static_assert(BATCH_TX <= 64, "a bit for each");
_Static_assert(SEGMENT_CONTROL <= sizeof((struct batch *)0)->tx_control[0], "control message");

/* The end of the piece that begins with i. */
static unsigned piece_end(uint64_t goes_on, unsigned i, unsigned end)
{
	unsigned k = i + 1;

	while (k < end && goes_on >> k & 1)
		k++;
	return k;
}

static void put_size(struct msghdr *m, uint8_t *control, uint32_t len)
{
	uint16_t size = (uint16_t)len;
	struct cmsghdr c = { .cmsg_len = CMSG_LEN(sizeof size), .cmsg_level = SOL_UDP,
			     .cmsg_type = UDP_SEGMENT };

	memcpy(control + m->msg_controllen, &c, sizeof c);
	memcpy(control + m->msg_controllen + CMSG_LEN(0), &size, sizeof size);
	m->msg_controllen += CMSG_SPACE(sizeof size);
}

int segment_send(int fd, struct batch *b, uint64_t goes_on, unsigned i, unsigned end)
{
	struct mmsghdr piece[BATCH_TX];
	unsigned first[BATCH_TX + 1], n = 0;
	int sent;

	for (unsigned k = i; k < end; n++) {
		first[n] = k;
		piece[n] = b->tx_hdr[k];
		k = piece_end(goes_on, k, end);
		piece[n].msg_hdr.msg_iovlen = k - first[n];
		if (k - first[n] > 1)
			put_size(&piece[n].msg_hdr, b->tx_control[first[n]], b->tx[first[n]].len);
	}
	first[n] = end;
	sent = sendmmsg(fd, piece, n, MSG_DONTWAIT);
	if (sent <= 0)
		return sent;
	for (unsigned k = i; k < first[sent]; k++)
		b->tx_hdr[k].msg_len = b->tx[k].len;
	return (int)(first[sent] - i);
}
