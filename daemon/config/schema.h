/* schema.h - a setting is a row; everything known about it is in the row.
 *
 * The loader, the effective dump and the manual page all come from rows, and
 * modules bring rows of their own in the same shape (coapd_row of the public
 * header).  Rows are constant tables that live as long as the program or the
 * module.  Pure; used in every process that reads a site.
 *
 * Types, what a person writes, and what the loader stores at the offset:
 *
 *	bool       true, false, yes, no, on, off         bool
 *	uint       10                                    uint64_t
 *	count      10, at most 4294967295                uint32_t
 *	duration   100ms, 2s, 1.5s, 5m, 1h, 1d           uint64_t, milliseconds
 *	size       512, 64KiB, 1.5MiB, 1GiB              uint64_t, bytes
 *	ratio      1.5, up to three decimals             uint32_t, thousandths
 *	string     any text without a zero byte          const char *, borrowed
 *	uints      "0 50", numbers between spaces        const char *, borrowed
 *	enum a|b   one of the words                      unsigned, position of it
 *
 * " or auto" behind uint, count, duration and size allows the word auto, which
 * is stored as 0.  The types "section", "include", "listen", "resources" and "hosts" have a loader
 * of their own and are for the site file alone. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "base/err.h"
#include "config/errors.h"

#include <stddef.h>
#include <stdint.h>

struct config_row {
	const char *name;
	const char *type;
	const char *deflt;      /* as a person would write it; NULL: must be given */
	const char *range;      /* "1..256", "8..", NULL for any; of a string: its length */
	const char *unit;       /* what is counted, for the manual; NULL: nothing to say */
	const char *text;       /* one or more sentences */
	size_t offset;          /* of the storage within the structure that is filled */
};

/* One "key: value" as it stands in the file. */
struct config_pair {
	const char *key;
	const char *value;      /* NULL: wrong, and an error tells so already */
	const char *written;    /* NULL, or what to show in place of a value that may be
				 * secret (variable.h) */
	struct config_place key_at, value_at;
};

/* The row of that name, or NULL. */
const struct config_row *schema_find(const struct config_row *rows, size_t nrows,
				     const char *name);

/* True for a row whose value is more than one text ("section" and the like). */
bool schema_foreign(const struct config_row *row);

/* Reads text as the row's type says, checks the range, and stores the value in
 * base + offset; strings are borrowed from text.  0, or -EINVAL: err says what is
 * wrong, without the row's name, and nothing was stored.  err may be NULL. */
int schema_store(const struct config_row *row, const char *text, void *base,
		  struct err *err);

/* The stored value as a person would write it; schema_store() reads it back to
 * the same value.  Returns a borrowed string or out, never NULL. */
#define SCHEMA_TEXT 32
const char *schema_print(const struct config_row *row, const void *base,
			 char out[SCHEMA_TEXT]);

/* 0 when every row has a known type, a range that can be read, a default that
 * fits both, and a name nobody else has.  A module's rows are foreign: ask this
 * before they are used.  -EINVAL: err names the row. */
int schema_sane(const struct config_row *rows, size_t nrows, struct err *err);

/* Stores all defaults, then all pairs, in conf.  Unknown keys (with the nearest
 * name), values that do not fit and missing rows are added to errors, all of
 * them; at is where a missing row is reported.  True when none was added.
 * Strings in conf are borrowed from pairs and rows; what is reported as missing
 * is not touched, so conf is zeroed before. */
bool config_apply_rows(const struct config_row *rows, size_t nrows, void *conf,
		       const struct config_pair *pairs, size_t npairs,
		       struct config_place at, struct config_errors *errors);

#endif
