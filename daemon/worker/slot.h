/* slot.h - one slot's memory: how large it is, how it is laid out, and what may
 * be read in it from outside.
 *
 * The supervisor owns the memory (a sealed memfd) for its whole life; the worker
 * that holds the slot opens an engine over it.  Whoever makes the memory decides on
 * its layout, and hands it on: it is never read from the memory that is in use.  It
 * follows from the site, but for what is taken over from memory of another layout
 * (slot_hold()). */
#ifndef WORKER_SLOT_H
#define WORKER_SLOT_H

#include "base/counter.h"
#include "base/space.h"
#include "config/site.h"
#include "exchange/body.h"

/* A slot's share of the site's limits. */
struct engine_limits slot_limits(const struct site *site);

/* How the engine of a slot behaves: parameters, limits, options. */
struct engine_conf slot_conf(const struct site *site);

/* Fills in the definition of every slot of this site: the engine's slabs, the
 * tasks', the batch, and the windows for bodies behind them. */
void slot_def(const struct site *site, struct space_def *def);

/* Makes room in the definition of new memory for whatever is in memory of another layout,
 * of which the first n bytes are mapped at old and which has size bytes in all: lowering a
 * limit evicts nobody.  That memory may be in use meanwhile, so its capacities are what
 * counts, not what is in it; new memory is never smaller, until all is begun anew.  To be
 * called for each slot, and the definition is that of all.  0; -ENODATA: there is nothing
 * in it; -EINVAL: it is damaged, err says how, def is as it was. */
int slot_hold(struct space_def *def, const void *old, size_t n, uint64_t size, struct err *err);

/* Whether memory can go on as it is with this definition; else it is imported into new
 * memory.  As slot_hold(). */
bool slot_same(const struct space_def *def, const void *old, uint64_t size);

/* Bytes that a slot of that definition needs, a multiple of the page size, without its
 * windows (windows_size(&def->windows)); 0: more than SLOT_SIZE_MAX. */
size_t slot_def_size(const struct space_def *def);

/* Bytes that one slot needs, a multiple of the page size; 0 when the limits ask
 * for more than SLOT_SIZE_MAX. */
#define SLOT_SIZE_MAX SPACE_SIZE_MAX
size_t slot_size(const struct site *site);

/* Room for bodies behind the slot's own memory, as address space: memory only where
 * it is used (base/windows.h). */
struct windows_def slot_windows(const struct site *site);

/* --- for those who look on: mem is a mapping of the slot's memory, zeroed or in
 *     use, of at least slot_size() bytes; nothing in it is trusted ------------- */

/* A counter's value; values of different slots are summed by the reader. */
uint64_t slot_counter(const void *mem, enum counter c);

/* How many peers are known, and observers of resources of ours there are. */
uint32_t slot_peers(const void *mem);
uint32_t slot_observers(const void *mem);

/* Where the pages that bodies hold are told; mem must stay mapped. */
const uint64_t *slot_body_pages(const void *mem);

/* The mount whose hook was running, an index into site->mounts; -1 none (or
 * nonsense).  Meant for the obituary of a dead worker. */
int slot_where(const void *mem, const struct site *site);

#endif
