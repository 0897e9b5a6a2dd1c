/* ctl_figures.h - the answer to "status" of a coapd, kept and added up.
 *
 * What a daemon does not tell counts as 0: it may be of another version.  Owned by the
 * verb. */
#ifndef CLIENT_CTL_FIGURES_H
#define CLIENT_CTL_FIGURES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct ctl_figures {
	json_t *daemon;         /* an object, or NULL: none was told */
	json_t *workers, *slots, *resources;    /* arrays of objects */
};

#define CTL_ALL (-1)            /* workers */

void ctl_figures_begin(struct ctl_figures *f);
void ctl_figures_end(struct ctl_figures *f);

/* A line of the answer; for ctl_link_ask(). */
bool ctl_figures_take(void *figures, json_t *line);

/* A member that is a number; 0 if it is none. */
uint64_t ctl_member(const json_t *object, const char *name);

/* Whether workers died in any resource. */
bool ctl_has_troubles(const struct ctl_figures *f);

/* Sums over the slots of a worker, or of all. */
uint64_t ctl_sum(const struct ctl_figures *f, int worker, const char *group, const char *name);
uint64_t ctl_sum_slab(const struct ctl_figures *f, int worker, const char *slab,
		      const char *name);

/* Of codes: those whose name begins so, "2." for example. */
uint64_t ctl_sum_codes(const struct ctl_figures *f, int worker, const char *prefix);

/* How long requests took: "served", or "waited" of those that waited for their answer. */
#define CTL_BUCKETS 64
struct ctl_served {
	unsigned n;             /* buckets */
	uint64_t most_ns[CTL_BUCKETS];          /* UINT64_MAX for the last */
	uint64_t count[CTL_BUCKETS];
	uint64_t all, sum_ns;
};
void ctl_served(const struct ctl_figures *f, int worker, const char *which,
		struct ctl_served *out);

/* What share_ppm millionths of them took at most, in ns; 0: there were none. */
uint64_t ctl_served_at(const struct ctl_served *s, uint32_t share_ppm);

#endif
