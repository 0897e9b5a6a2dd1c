/* loss.h - which datagrams are lost on purpose: so many in a thousand, by chance. */
#ifndef CLIENT_LOSS_H
#define CLIENT_LOSS_H

#include <stdbool.h>
#include <stdint.h>

struct loss {
	unsigned permille;
	uint64_t dice;          /* where chance begins; any number */
};

/* Whether the next one is lost. */
bool loss_strikes(struct loss *l);

#endif
