/* wire.h - just enough CoAP over UDP for the load generators, independent of the
 * daemon's own code.  Each generator owns what it makes; no allocation. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { WIRE_CON, WIRE_NON, WIRE_ACK, WIRE_RST };
enum { WIRE_EMPTY = 0, WIRE_GET = 1, WIRE_POST = 2 };
#define WIRE_CODE(class, detail) ((class) << 5 | (detail))
#define WIRE_TOKEN 4u           /* bytes of every token we send */
#define WIRE_MAX 1500u          /* of the buffers given */

/* The header of a received message and its token of WIRE_TOKEN bytes. */
struct wire_head {
	unsigned type, code, mid, token_length;
	uint32_t token;         /* 0 when it is of another length */
};

/* What a message has behind its token, as far as the generators ask. */
struct wire_rest {
	int64_t observe;        /* -1: without */
	const uint8_t *payload;
	size_t n;
};

/* Writes a request with path "/a/b" and, unless it is NULL, text as payload;
 * returns its length. */
size_t wire_request(uint8_t *out, unsigned type, unsigned code, unsigned mid,
		    uint32_t token, const char *path, const char *text);

/* Writes a GET with the option Observe: 0 to begin, 1 to end. */
size_t wire_observe(uint8_t *out, unsigned type, unsigned mid, uint32_t token,
		    const char *path, unsigned value);

/* Writes an Empty message of four bytes; returns 4. */
size_t wire_empty(uint8_t *out, unsigned type, unsigned mid);

/* Reads the head; 0, or -1 for what is no CoAP message. */
int wire_head(const uint8_t *p, size_t n, struct wire_head *head);

/* Reads what is behind the head; borrows from p.  0, or -1 when it is malformed. */
int wire_rest(const uint8_t *p, size_t n, struct wire_rest *rest);

/* A UDP socket connected to a numeric address and port, non-blocking; ends the
 * program with status 2 when that fails. */
int wire_socket(const char *host, const char *port);

/* The next datagram of at most WIRE_MAX bytes: its length, or -1 when there is none now; any other
 * error counts as one in refused. */
ssize_t wire_receive(int fd, uint8_t *in, uint64_t *refused);

/* Milliseconds and nanoseconds of CLOCK_MONOTONIC. */
uint64_t wire_ms(void);
uint64_t wire_ns(void);

#endif
