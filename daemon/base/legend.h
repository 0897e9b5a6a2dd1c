/* legend.h - how a space is laid out, told in its own memory: a table of the structs that
 * are in it (kind.h) and of its slabs.
 *
 * It lies behind the control block; that begins with struct legend_mark in every version.
 * Who made the memory wrote it; who reads it trusts nothing of it: it is copied once, and
 * the copy is checked.  Numbers are those of the machine. */
#ifndef BASE_LEGEND_H
#define BASE_LEGEND_H

#include "base/err.h"
#include "base/kind.h"
#include "base/space.h"

#define LEGEND_VERSION 1u
#define LEGEND_MAX 32768u       /* bytes */
#define LEGEND_NAME 24u         /* of a name, with its end */
#define LEGEND_NONE 0xffffffffu

/* Where every space begins, whatever its version. */
struct legend_mark {
	uint64_t magic;         /* SPACE_MAGIC: there is a state */
	uint64_t layout;        /* hash of the legend; with the magic: the state is whole */
	uint32_t at, n;         /* bytes of the legend */
};

struct legend_head {
	uint32_t version;
	uint32_t nkinds, nfields, nslabs;
	uint32_t control, root, extra;  /* their kinds; LEGEND_NONE: just bytes */
	uint32_t root_at, root_n;
	uint32_t zero;
	uint64_t extra_at, extra_n;
};

struct legend_kind {
	char name[LEGEND_NAME];
	uint32_t size;
	uint32_t first, n;      /* its fields */
	uint32_t zero;
};

struct legend_field {
	char name[LEGEND_NAME];
	uint32_t off, size, each;
	uint16_t type;
	uint16_t of;            /* a kind before its own, + 1; 0 none */
};

struct legend_slab {
	char name[LEGEND_NAME];
	uint32_t kind;          /* LEGEND_NONE: just bytes */
	uint32_t magic, size, cap;
	uint64_t at;
	uint64_t window_at, window, tail;       /* of its windows (windows.h); window 0: none */
};

/* One that was made or read. */
struct legend {
	_Alignas(8) uint8_t bytes[LEGEND_MAX];
	uint32_t n;
	const struct legend_head *head;
	const struct legend_kind *kind;
	const struct legend_field *field;
	const struct legend_slab *slab;
};

/* That of a definition. */
void legend_make(struct legend *l, const struct space_def *def);
uint64_t legend_hash(const struct legend *l);

/* Reads that of a space whose first `mapped` bytes are at mem, all but windows, of size bytes
 * in all.  0; -ENODATA: there is no state; -EINVAL: err says what is wrong with it. */
int legend_read(struct legend *l, const void *mem, size_t mapped, uint64_t size,
		struct err *err);

/* Where its windows begin, of size bytes in all. */
uint64_t legend_end(const struct legend *l, uint64_t size);

/* The slab of that name, its number; LEGEND_NONE: none. */
uint32_t legend_slab_of(const struct legend *l, const char *name);

/* The field of a kind by name; NULL: none. */
const struct legend_field *legend_field_of(const struct legend *l, uint32_t kind,
					   const char *name);

/* The capacities that it tells of, as a definition without anything else; names are
 * borrowed from l. */
void legend_def(const struct legend *l, struct space_def *def);

#endif
