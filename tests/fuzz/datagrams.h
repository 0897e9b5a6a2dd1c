/* datagrams.h - what the peers of a slot that is fuzzed send: requests with what they
 * may have of Observe, blocks, tags and conditions, bodies block by block, and answers to what the
 * slot sent.  The input chooses (choice.h). */
#ifndef TESTS_DATAGRAMS_H
#define TESTS_DATAGRAMS_H

#include "rig.h"

#define DATAGRAM_PEERS 6u       /* from 1 on, as rig_peer() has them */

/* Begins a life; noise: some datagrams are damaged. */
void datagrams_begin(bool noise);

/* The slot sent one. */
void datagrams_said(const struct tx_dgram *t);

/* One that is received next: at most DGRAM_RX_MAX bytes, and whose it is. */
size_t datagrams_next(uint8_t *out, unsigned *peer);

/* One that was sent, for an error that quotes it. */
struct span datagrams_quote(unsigned *peer);

#endif
