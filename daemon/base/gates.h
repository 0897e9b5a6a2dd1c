/* gates.h - which resources are closed for a while, where every process can read it.
 *
 * One word for each mount, in memory that the supervisor makes before it forks and keeps
 * as long as coapd runs: it alone shuts and opens gates (supervisor/crashes.h).  Workers
 * can only read, and do so at each request; one that starts finds them as they are. */
#ifndef BASE_GATES_H
#define BASE_GATES_H

#include "base/err.h"
#include "base/shared.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each process has its own copy of this, by fork. */
struct gates {
	uint32_t *shut;         /* [mount], in memory; NULL: there are none, and all are open */
	struct shared memory;
	size_t n;
};

/* In the supervisor, all open: 0, or a negative errno with err. */
int gates_make(struct gates *g, size_t n, struct err *err);

/* The same, as another program left them: its memory's descriptor is ours from now on.
 * -EINVAL: it is not as we would have made it. */
int gates_take_over(struct gates *g, int fd, size_t n, struct err *err);
void gates_free(struct gates *g);
void gates_set(const struct gates *g, size_t mount, bool shut);

/* In a worker, before modules are there: whoever writes here from now on dies of it. */
void gates_protect(const struct gates *g);

/* The word of a mount, for gate_is_shut(); NULL: it has none. */
const uint32_t *gates_word(const struct gates *g, size_t mount);

static inline bool gate_is_shut(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED) != 0;
}

#endif
