/* talk.h - transfers of the client role and an invented server that answers them
 * block by block.
 *
 * There is one of everything: the engine, the client's last message, what came of
 * the server's last answer.  Bodies in either direction follow one pattern. */
#ifndef TESTS_TALK_H
#define TESTS_TALK_H

#include "coap/block.h"
#include "exchange/xfer.h"
#include "rig.h"

#define TALK_OWNER 4711u

struct talk {
	struct rig *r;
	ref_t xfer;                     /* the last one begun */
	struct rig_sent out;            /* the client's last message */
	uint8_t token[CLIENT_TOKEN];    /* its token */
	size_t token_n;
	struct block block1, block2;    /* its options, where it has them */
	bool has1, has2;
	struct xfer_event event;        /* what came of the last answer */
	enum xfer_verdict verdict;
	bool mute;                      /* the source gives nothing */
};

extern struct talk talk;

void talk_setup(void);
void talk_teardown(void);

uint8_t talk_pattern(uint64_t i);

/* --- the client's side ----------------------------------------------------------- */

/* Takes its last message; false if it is silent. */
bool talk_said(void);

/* Begins a transfer with these options (rig.h); peer and owner are filled in. */
int talk_start(struct xfer_request q, const char *options);

/* The same for resource "r", and its first message is taken. */
void talk_begin(uint8_t code, uint8_t szx, uint64_t body_n);

/* An option of its last message as a number; UINT64_MAX if it has none. */
uint64_t talk_uint(uint16_t number);

void talk_expect_failed(int status);

/* Nothing is left of it: no object, no deadline. */
void talk_expect_gone(void);

/* --- the server's side ------------------------------------------------------------- */

/* "27=#0e" and the like. */
const char *talk_block(unsigned number, uint32_t num, bool more, uint32_t szx);

/* An acknowledgement of the last message with this code, options and n bytes of the
 * response's body from offset on; the client takes it up. */
enum xfer_verdict talk_answer_body(uint8_t code, const char *options, uint64_t offset, size_t n);
enum xfer_verdict talk_answer(uint8_t code, const char *options);

/* The same without the client's part: the response is in talk.r->in.response. */
size_t talk_build(uint8_t *buf, size_t cap, uint8_t type, uint8_t code, uint16_t mid,
		  const char *options, uint64_t offset, size_t n);

/* A response's body of n bytes in blocks of szx at most, with entity tag and length;
 * what the client hands on is what there is.  The number of messages. */
unsigned talk_serve(uint8_t code, uint64_t n, uint32_t szx);

/* Takes an upload of n bytes, in blocks of szx at most, up to the last message, which
 * is left to be answered.  The number of messages. */
unsigned talk_take(uint64_t n, uint32_t szx);

#endif
