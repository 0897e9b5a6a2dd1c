/* adopt.h - takes a space over after any death of its worker.
 *
 * Steps, each restartable, in this order:
 *   adopt_begin()   rolls back, sweeps the slabs, validates and relinks what the
 *                   engine owns
 *   (layers above validate and relink their own objects here)
 *   adopt_end()     drops what hangs in the air, rebuilds the free lists
 *   request_lost()  what was executing (request.h); the caller resolves it
 *   adopt_batch()   how many datagrams are left to work on, how many to send
 *   adopt_survived() after the first event: the next death starts counting anew
 * Damage of any kind costs objects, never more. */
#ifndef EXCHANGE_ADOPT_H
#define EXCHANGE_ADOPT_H

#include "exchange/engine.h"

/* A slot whose adoption died twice, or whose first event after it died again and
 * again, is wiped and counted: false then, and the space is as new. */
bool adopt_begin(struct engine *e);
void adopt_end(struct engine *e);

/* Number of datagrams in the batch; those below space_rx_next() are done, the
 * others must be worked on, with a mark on the first. */
unsigned adopt_batch(struct engine *e);

void adopt_survived(struct engine *e);

#endif
