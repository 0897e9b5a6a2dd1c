/* err.h - an error as a sentence, for what a person will read.
 *
 * Functions that can fail for reasons a person must mend take a struct err and
 * return 0 or a negative errno value; the text says who, what and why in one
 * line without a line end.  The caller decides once whether it is logged. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

struct err {
	char text[512];
};

/* Sets the text and returns code (negative errno), so that it can be written
 * `return err_set(e, -ENOENT, "...")`.  e may be NULL. */
int err_set(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
