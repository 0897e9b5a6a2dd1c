/* json_line.h - writing JSON (RFC 8259), piece by piece, to a descriptor.
 *
 * Within an object each value has a key, within an array none (NULL).  Commas come by
 * themselves.  What is wrong with the descriptor sticks, and json_line_close() tells. */
#ifndef CLIENT_JSON_LINE_H
#define CLIENT_JSON_LINE_H

#include "client/pour.h"

#include <stdbool.h>

struct json_line {
	struct pour out;
	bool comma;             /* before the next value */
};

static inline void json_line_open(struct json_line *j, int fd)
{
	pour_begin(&j->out, fd);
	j->comma = false;
}

/* bracket: '{' or '['; and '}' or ']'. */
void json_line_begin(struct json_line *j, const char *key, char bracket);
void json_line_end(struct json_line *j, char bracket);

/* Bytes that are not UTF-8 become U+FFFD. */
void json_line_string(struct json_line *j, const char *key, struct span text);
void json_line_base64(struct json_line *j, const char *key, struct span bytes);

/* Bytes as "0x1a2b". */
void json_line_hex(struct json_line *j, const char *key, struct span bytes);
void json_line_uint(struct json_line *j, const char *key, uint64_t v);

/* With so many decimals; what is no finite number becomes null. */
void json_line_real(struct json_line *j, const char *key, double v, unsigned decimals);
void json_line_bool(struct json_line *j, const char *key, bool v);
void json_line_null(struct json_line *j, const char *key);

/* Ends the line.  0, or a negative errno. */
int json_line_close(struct json_line *j);

#endif
