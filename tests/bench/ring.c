/* ring - the bare echo by io_uring: what floor.c does, with fewer system calls.
 *
 *	ring PORT
 *
 * One receive that never ends (IORING_RECV_MULTISHOT), into buffers that the kernel picks from a
 * ring of them; a send for each answer, all of a turn handed over by the call that waits for
 * more.  Port 0 is one that the kernel picks; which, it prints.  Without a library: the rings are
 * mapped here, with what the kernel's own headers say. */
#include "echo.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 256u
#define BUFFERS 1024u           /* a power of 2 */
#define ROOM 2048u
#define GROUP 7
#define RECEIVING UINT64_MAX    /* user_data of the receive; answers have their number */

struct answer {
	struct sockaddr_in6 name;
	_Alignas(8) uint8_t control[128];
	uint8_t bytes[ECHO_ANSWER];
	struct iovec iov;
	struct msghdr m;
};

static struct {
	int ring, socket;
	uint8_t *sq, *cq;               /* mapped */
	struct io_uring_sqe *sqe;
	struct io_uring_params p;
	unsigned to_submit;
	struct io_uring_buf_ring *buffers;
	uint16_t given;                 /* buffers that were handed over so far */
	uint8_t (*room)[ROOM];
	struct msghdr shape;            /* of what is received */
	struct answer answer[ENTRIES];
	unsigned answers;               /* of this turn */
} r;

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

/* --- the rings ---------------------------------------------------------------------------- */

static uint32_t *word(uint8_t *ring, uint32_t offset)
{
	return (uint32_t *)(void *)(ring + offset);
}

static void *map(size_t n, off_t what)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r.ring, what);

	if (p == MAP_FAILED)
		fail("mmap");
	return p;
}

static void open_ring(void)
{
	uint32_t *array;

	r.p.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
	r.p.cq_entries = 4096;
	r.ring = (int)syscall(__NR_io_uring_setup, ENTRIES, &r.p);
	if (r.ring < 0)
		fail("io_uring_setup");
	r.sq = map(r.p.sq_off.array + r.p.sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
	r.cq = map(r.p.cq_off.cqes + r.p.cq_entries * sizeof(struct io_uring_cqe),
		   IORING_OFF_CQ_RING);
	r.sqe = map(r.p.sq_entries * sizeof *r.sqe, IORING_OFF_SQES);
	array = word(r.sq, r.p.sq_off.array);
	for (uint32_t i = 0; i < r.p.sq_entries; i++)
		array[i] = i;
}

static struct io_uring_sqe *entry(void)
{
	uint32_t *tail = word(r.sq, r.p.sq_off.tail);
	struct io_uring_sqe *e = &r.sqe[*tail & (r.p.sq_entries - 1)];

	memset(e, 0, sizeof *e);
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	r.to_submit++;
	return e;
}

/* Hands over what there is; least: completions to wait for. */
static void enter(unsigned least)
{
	int n;

	do
		n = (int)syscall(__NR_io_uring_enter, r.ring, r.to_submit, least,
				 IORING_ENTER_GETEVENTS, NULL, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		fail("io_uring_enter");
	r.to_submit -= (unsigned)n;
}

/* --- buffers ------------------------------------------------------------------------------ */

static void give(uint16_t id)
{
	struct io_uring_buf *b = &r.buffers->bufs[r.given & (BUFFERS - 1)];

	b->addr = (uint64_t)(uintptr_t)r.room[id];
	b->len = ROOM;
	b->bid = id;
	__atomic_store_n(&r.buffers->tail, ++r.given, __ATOMIC_RELEASE);
}

static void open_buffers(void)
{
	size_t n = BUFFERS * sizeof(struct io_uring_buf);
	struct io_uring_buf_reg reg = { .ring_entries = BUFFERS, .bgid = GROUP };

	r.buffers = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	r.room = mmap(NULL, BUFFERS * ROOM, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (r.buffers == MAP_FAILED || r.room == MAP_FAILED)
		fail("mmap");
	reg.ring_addr = (uint64_t)(uintptr_t)r.buffers;
	if (syscall(__NR_io_uring_register, r.ring, IORING_REGISTER_PBUF_RING, &reg, 1) < 0)
		fail("IORING_REGISTER_PBUF_RING");
	for (uint16_t i = 0; i < BUFFERS; i++)
		give(i);
}

/* --- the echo ----------------------------------------------------------------------------- */

static void receive(void)
{
	struct io_uring_sqe *e = entry();

	r.shape = (struct msghdr){ .msg_namelen = sizeof(struct sockaddr_in6),
				   .msg_controllen = 128 };
	e->opcode = IORING_OP_RECVMSG;
	e->fd = r.socket;
	e->addr = (uint64_t)(uintptr_t)&r.shape;
	e->len = 1;
	e->ioprio = IORING_RECV_MULTISHOT;
	e->flags = IOSQE_BUFFER_SELECT;
	e->buf_group = GROUP;
	e->user_data = RECEIVING;
}

/* What is said to it, if anything; it is sent with others by the next enter(), within which it
 * is over: such a socket is never waited for. */
static void answer_to(const uint8_t *buffer, size_t n)
{
	struct io_uring_recvmsg_out out;
	struct answer *a = &r.answer[r.answers];
	struct msghdr from;
	struct io_uring_sqe *e;
	const uint8_t *payload = buffer + sizeof out + r.shape.msg_namelen + r.shape.msg_controllen;

	if (n < (size_t)(payload - buffer))
		return;
	memcpy(&out, buffer, sizeof out);
	a->iov = (struct iovec){ a->bytes, echo_answer(payload, out.payloadlen, a->bytes) };
	if (!a->iov.iov_len)
		return;
	memcpy(&a->name, buffer + sizeof out, sizeof a->name);
	memcpy(a->control, buffer + sizeof out + r.shape.msg_namelen,
	       out.controllen < sizeof a->control ? out.controllen : sizeof a->control);
	from = (struct msghdr){ .msg_name = &a->name, .msg_namelen = sizeof a->name,
				.msg_control = a->control, .msg_controllen = out.controllen };
	echo_address(&a->m, &from);
	a->m.msg_iov = &a->iov;
	a->m.msg_iovlen = 1;
	e = entry();
	e->opcode = IORING_OP_SENDMSG;
	e->fd = r.socket;
	e->addr = (uint64_t)(uintptr_t)&a->m;
	e->len = 1;
	e->msg_flags = MSG_DONTWAIT;
	e->flags = IOSQE_CQE_SKIP_SUCCESS;
	e->user_data = r.answers++;
}

/* True: the receive goes on by itself. */
static bool take(const struct io_uring_cqe *c)
{
	uint16_t id = (uint16_t)(c->flags >> IORING_CQE_BUFFER_SHIFT);

	if (c->user_data != RECEIVING)
		return true;            /* one that could not be sent is lost */
	if (c->flags & IORING_CQE_F_BUFFER) {
		if (c->res > 0)
			answer_to(r.room[id], (size_t)c->res);
		give(id);
	}
	return c->flags & IORING_CQE_F_MORE;
}

/* One turn: as many as answers have room. */
static void turn(void)
{
	uint32_t *head = word(r.cq, r.p.cq_off.head), mask = *word(r.cq, r.p.cq_off.ring_mask);
	uint32_t tail = __atomic_load_n(word(r.cq, r.p.cq_off.tail), __ATOMIC_ACQUIRE), at = *head;
	const struct io_uring_cqe *c = (const void *)(r.cq + r.p.cq_off.cqes);
	bool goes_on = true;

	for (r.answers = 0; at != tail && r.answers < ENTRIES - 1; at++)
		goes_on &= take(&c[at & mask]);
	__atomic_store_n(head, at, __ATOMIC_RELEASE);
	if (!goes_on)
		receive();
	enter(at == tail);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: ring PORT\n");
		return 2;
	}
	open_ring();
	open_buffers();
	r.socket = echo_socket((uint16_t)atoi(argv[1]));
	if (r.socket < 0)
		fail("ring");
	receive();
	enter(1);
	for (;;)
		turn();
}
