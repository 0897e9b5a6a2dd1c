#include "wire.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OBSERVE 6
#define URI_PATH 11

/* last is the option before it. */
static uint8_t *put_path(uint8_t *p, const char *path, unsigned last)
{

	while (*path == '/') {
		size_t n = strcspn(++path, "/");

		if (n > 12)
			abort();        /* our own paths are short */
		*p++ = (uint8_t)((URI_PATH - last) << 4 | n);
		memcpy(p, path, n);
		p += n;
		path += n;
		last = URI_PATH;
	}
	return p;
}

size_t wire_empty(uint8_t *out, unsigned type, unsigned mid)
{
	out[0] = (uint8_t)(0x40 | type << 4);
	out[1] = WIRE_EMPTY;
	out[2] = (uint8_t)(mid >> 8);
	out[3] = (uint8_t)mid;
	return 4;
}

static uint8_t *put_head(uint8_t *out, unsigned type, unsigned code, unsigned mid, uint32_t token)
{
	uint8_t *p = out + wire_empty(out, type, mid);

	out[0] |= WIRE_TOKEN;
	out[1] = (uint8_t)code;
	memcpy(p, &token, WIRE_TOKEN);
	return p + WIRE_TOKEN;
}

size_t wire_request(uint8_t *out, unsigned type, unsigned code, unsigned mid,
		    uint32_t token, const char *path, const char *text)
{
	uint8_t *p = put_path(put_head(out, type, code, mid, token), path, 0);

	if (text) {
		*p++ = 0xff;
		memcpy(p, text, strlen(text));
		p += strlen(text);
	}
	return (size_t)(p - out);
}

size_t wire_observe(uint8_t *out, unsigned type, unsigned mid, uint32_t token,
		    const char *path, unsigned value)
{
	uint8_t *p = put_head(out, type, WIRE_GET, mid, token);

	*p++ = (uint8_t)(OBSERVE << 4 | !!value);
	if (value)
		*p++ = (uint8_t)value;
	return (size_t)(put_path(p, path, OBSERVE) - out);
}

int wire_head(const uint8_t *p, size_t n, struct wire_head *head)
{
	if (n < 4 || p[0] >> 6 != 1)
		return -1;
	head->type = p[0] >> 4 & 3;
	head->code = p[1];
	head->mid = (unsigned)p[2] << 8 | p[3];
	head->token_length = p[0] & 15;
	head->token = 0;
	if (head->token_length == WIRE_TOKEN) {
		if (n < 4 + WIRE_TOKEN)
			return -1;
		memcpy(&head->token, p + 4, WIRE_TOKEN);
	}
	return 0;
}

/* A delta or length of four bits and what extends it; -1: malformed. */
static int long_number(const uint8_t **p, const uint8_t *end, unsigned nibble)
{
	unsigned more = nibble == 13 ? 1 : nibble == 14 ? 2 : 0, v = 0;

	if (nibble == 15 || (size_t)(end - *p) < more)
		return -1;
	for (unsigned i = 0; i < more; i++)
		v = v << 8 | *(*p)++;
	return (int)(more == 0 ? nibble : more == 1 ? v + 13 : v + 269);
}

int wire_rest(const uint8_t *p, size_t n, struct wire_rest *rest)
{
	const uint8_t *end = p + n;
	int number = 0;

	*rest = (struct wire_rest){ .observe = -1 };
	if (n < 4 || (p[0] & 15) > 8 || n < 4u + (p[0] & 15))
		return -1;
	for (p += 4 + (p[0] & 15); p < end && *p != 0xff;) {
		unsigned first = *p++;
		int delta = long_number(&p, end, first >> 4);
		int length = long_number(&p, end, first & 15);

		if (delta < 0 || length < 0 || end - p < length)
			return -1;
		number += delta;
		if (number == OBSERVE)
			rest->observe = 0;
		for (int i = 0; number == OBSERVE && i < length; i++)
			rest->observe = rest->observe << 8 | p[i];
		p += length;
	}
	if (p < end) {
		rest->payload = ++p;
		rest->n = (size_t)(end - p);
	}
	return 0;
}

int wire_socket(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM,
				  .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *ai;
	int rc = getaddrinfo(host, port, &hints, &ai), fd;

	if (rc) {
		fprintf(stderr, "%s: %s\n", host, gai_strerror(rc));
		exit(2);
	}
	fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
		perror("connect");
		exit(2);
	}
	freeaddrinfo(ai);
	return fd;
}

ssize_t wire_receive(int fd, uint8_t *in, uint64_t *refused)
{
	ssize_t n = recv(fd, in, WIRE_MAX, 0);

	if (n < 0 && errno != EAGAIN)
		++*refused;
	return n;
}

uint64_t wire_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t wire_ms(void)
{
	return wire_ns() / 1000000u;
}
