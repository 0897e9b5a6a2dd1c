/* ctl_table.h - rows of text in columns, for people.
 *
 * The first column is a text and stands at the left, so does each that is marked; the others
 * are figures.  Nothing is printed that could command a terminal (quote.h). */
#ifndef CLIENT_CTL_TABLE_H
#define CLIENT_CTL_TABLE_H

#include <stdint.h>
#include <stdio.h>

#define CTL_TABLE_COLUMNS 10u

struct ctl_table {
	unsigned columns, cells;
	unsigned left;          /* a bit for each column that is text */
	char **cell;            /* owned, row by row */
};

void ctl_table_begin(struct ctl_table *t, unsigned columns);

/* A row of names, up to NULL. */
void ctl_table_head(struct ctl_table *t, const char *const *names);

/* The next cell, row by row. */
void ctl_table_text(struct ctl_table *t, const char *text);
void ctl_table_format(struct ctl_table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* 1,234,567 */
void ctl_table_number(struct ctl_table *t, uint64_t n);

/* Bytes as "4.2 MiB". */
void ctl_table_bytes(struct ctl_table *t, uint64_t n);

/* Milliseconds as "3d 04:05:06". */
void ctl_table_age(struct ctl_table *t, uint64_t ms);

/* Prints it and gives all back; or only that. */
void ctl_table_end(struct ctl_table *t, FILE *out);
void ctl_table_drop(struct ctl_table *t);

/* The same texts by themselves. */
#define CTL_TEXT 48
const char *ctl_number(uint64_t n, char out[CTL_TEXT]);
const char *ctl_bytes(uint64_t n, char out[CTL_TEXT]);
const char *ctl_age(uint64_t ms, char out[CTL_TEXT]);

#endif
