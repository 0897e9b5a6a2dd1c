/* budget.h - what bodies of all slots may hold together: the sum of what each slot
 * says it holds, read where it stands.
 *
 * Each slot's figure is a word in its own memory and changes in its own transactions,
 * so no death can leave the sum wrong, as it could a shared one.  Made by a worker at
 * boot, before it closes the descriptors of slots that are not its own. */
#ifndef WORKER_BUDGET_H
#define WORKER_BUDGET_H

#include "base/err.h"
#include "exchange/body.h"

struct budget {
	struct body_budget limit;       /* for struct bodies */
	const uint64_t **used;          /* owned */
	void **at;                      /* owned; the start of each slot's memory, mapped
					 * to be read */
};

/* Of n slots, whose memories are given, and for bytes in all.  0, or a negative errno
 * with err; nothing is left open then. */
int budget_open(struct budget *b, const int *memfds, unsigned n, uint64_t bytes,
		struct err *err);
void budget_close(struct budget *b);

#endif
