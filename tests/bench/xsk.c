/* xsk - the bare echo beside the kernel's network stack: AF_XDP, in generic mode.
 *
 *	xsk INTERFACE PORT
 *
 * A small program in front of the stack takes IPv4 datagrams for the port out of queue 0 of the
 * interface, into frames that are shared with this process; each becomes its own answer, with
 * addresses and ports exchanged, and leaves the same way.  All else goes on to the stack, so that
 * it finds neighbours for us.  To be run in a network namespace of its own.  Prints the port once
 * it is there.  Without a library: the program is written down here, the rings are mapped here. */
#include "echo.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAMES 4096u            /* all rings are as long, so that none is ever full */
#define FRAME 2048u
#define TURN 64u
#define SENT_AT_ONCE 32u        /* what the kernel takes by one call */
#define HEADERS 42u             /* Ethernet 14, IPv4 without options 20, UDP 8 */

struct ring {
	uint32_t *producer, *consumer;
	void *entries;
	uint32_t at;                    /* our end of it */
};

static struct {
	int fd;
	uint8_t *memory;
	struct ring fill, done, rx, tx;
} x;

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

/* --- the program in front of the stack ---------------------------------------------------------- */

static int bpf(int what, union bpf_attr *attr)
{
	return (int)syscall(__NR_bpf, what, attr, sizeof *attr);
}

#define LOAD(size, to, from, offset) \
	{ .code = BPF_LDX | BPF_MEM | (size), .dst_reg = to, .src_reg = from, .off = offset }
#define SET(to, value) { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = to, .imm = value }
#define UNLESS(reg, value) { .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = reg, .imm = value }
#define EXIT { .code = BPF_JMP | BPF_EXIT }

/* Jumps lead to the last two. */
static int load_program(int map, uint16_t port)
{
	struct bpf_insn program[] = {
		LOAD(BPF_W, 2, 1, offsetof(struct xdp_md, data)),
		LOAD(BPF_W, 3, 1, offsetof(struct xdp_md, data_end)),
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 4, .src_reg = 2 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 4, .imm = HEADERS },
		{ .code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = 4, .src_reg = 3 },
		LOAD(BPF_H, 5, 2, 12),
		UNLESS(5, htons(0x0800)),
		LOAD(BPF_B, 5, 2, 23),
		UNLESS(5, IPPROTO_UDP),
		LOAD(BPF_H, 5, 2, 36),
		UNLESS(5, htons(port)),
		LOAD(BPF_W, 2, 1, offsetof(struct xdp_md, rx_queue_index)),
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map },
		{ 0 },
		SET(3, XDP_PASS),
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map },
		EXIT,
		SET(0, XDP_PASS),
		EXIT,
	};
	char log[4096] = "";
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_XDP,
				.insns = (uint64_t)(uintptr_t)program,
				.insn_cnt = sizeof program / sizeof *program,
				.license = (uint64_t)(uintptr_t)"MIT", .log_level = 1,
				.log_buf = (uint64_t)(uintptr_t)log, .log_size = sizeof log };
	int fd;

	for (unsigned i = 0; i < sizeof program / sizeof *program; i++)
		if (program[i].code == (BPF_JMP | BPF_JNE | BPF_K) ||
		    program[i].code == (BPF_JMP | BPF_JGT | BPF_X))
			program[i].off = (int16_t)(sizeof program / sizeof *program - 3 - i);
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0) {
		fputs(log, stderr);
		fail("BPF_PROG_LOAD");
	}
	return fd;
}

static void divert(unsigned interface, uint16_t port)
{
	union bpf_attr map = { .map_type = BPF_MAP_TYPE_XSKMAP, .key_size = 4, .value_size = 4,
			       .max_entries = 1 };
	int fd = bpf(BPF_MAP_CREATE, &map);
	uint32_t queue = 0;
	union bpf_attr set = { .map_fd = (uint32_t)fd, .key = (uint64_t)(uintptr_t)&queue,
			       .value = (uint64_t)(uintptr_t)&x.fd };
	union bpf_attr link = { .link_create = { .target_ifindex = interface,
						 .attach_type = BPF_XDP,
						 .flags = XDP_FLAGS_SKB_MODE } };

	if (fd < 0 || bpf(BPF_MAP_UPDATE_ELEM, &set) < 0)
		fail("XSKMAP");
	link.link_create.prog_fd = (uint32_t)load_program(fd, port);
	if (bpf(BPF_LINK_CREATE, &link) < 0)
		fail("BPF_LINK_CREATE");
}

/* --- rings ----------------------------------------------------------------------------------------- */

static void option(int name, const void *value, socklen_t n)
{
	if (setsockopt(x.fd, SOL_XDP, name, value, n))
		fail("setsockopt(SOL_XDP)");
}

static struct ring map(const struct xdp_ring_offset *o, size_t entry, off_t what)
{
	uint8_t *p = mmap(NULL, o->desc + FRAMES * entry, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, x.fd, what);

	if (p == MAP_FAILED)
		fail("mmap");
	return (struct ring){ (uint32_t *)(void *)(p + o->producer),
			      (uint32_t *)(void *)(p + o->consumer), p + o->desc, 0 };
}

static void open_rings(void)
{
	struct xdp_umem_reg reg = { .len = FRAMES * FRAME, .chunk_size = FRAME };
	struct xdp_mmap_offsets o;
	socklen_t n = sizeof o;
	int length = FRAMES;

	x.memory = mmap(NULL, FRAMES * FRAME, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	reg.addr = (uint64_t)(uintptr_t)x.memory;
	option(XDP_UMEM_REG, &reg, sizeof reg);
	option(XDP_UMEM_FILL_RING, &length, sizeof length);
	option(XDP_UMEM_COMPLETION_RING, &length, sizeof length);
	option(XDP_RX_RING, &length, sizeof length);
	option(XDP_TX_RING, &length, sizeof length);
	if (getsockopt(x.fd, SOL_XDP, XDP_MMAP_OFFSETS, &o, &n))
		fail("XDP_MMAP_OFFSETS");
	x.fill = map(&o.fr, sizeof(uint64_t), XDP_UMEM_PGOFF_FILL_RING);
	x.done = map(&o.cr, sizeof(uint64_t), XDP_UMEM_PGOFF_COMPLETION_RING);
	x.rx = map(&o.rx, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
	x.tx = map(&o.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
}

static void give(uint64_t frame)
{
	((uint64_t *)x.fill.entries)[x.fill.at++ & (FRAMES - 1)] = frame & ~(uint64_t)(FRAME - 1);
	__atomic_store_n(x.fill.producer, x.fill.at, __ATOMIC_RELEASE);
}

static void put(struct xdp_desc d)
{
	((struct xdp_desc *)x.tx.entries)[x.tx.at++ & (FRAMES - 1)] = d;
	__atomic_store_n(x.tx.producer, x.tx.at, __ATOMIC_RELEASE);
}

/* --- the echo ----------------------------------------------------------------------------------------- */

static void exchange(uint8_t *a, uint8_t *b, size_t n)
{
	uint8_t keep[8];

	memcpy(keep, a, n);
	memcpy(a, b, n);
	memcpy(b, keep, n);
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint16_t checksum(const uint8_t *p)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~((sum & 0xffff) + (sum >> 16));
}

/* A frame becomes its answer; its length, 0 if there is none. */
static uint32_t turn_round(uint8_t *p, size_t n)
{
	uint8_t out[ECHO_ANSWER];
	size_t length = n > HEADERS && p[14] == 0x45 ? echo_answer(p + HEADERS, n - HEADERS, out) : 0;

	if (!length)
		return 0;
	memcpy(p + HEADERS, out, length);
	exchange(p, p + 6, 6);
	exchange(p + 26, p + 30, 4);
	exchange(p + 34, p + 36, 2);
	put16(p + 16, HEADERS - 14 + length);
	p[22] = 64;
	put16(p + 24, 0);
	put16(p + 24, checksum(p + 14));
	put16(p + 38, 8 + length);
	put16(p + 40, 0);               /* no checksum, as IPv4 allows */
	return (uint32_t)(HEADERS + length);
}

static unsigned answer_all(void)
{
	uint32_t end = __atomic_load_n(x.rx.producer, __ATOMIC_ACQUIRE);
	unsigned n = 0;

	for (; x.rx.at != end && n < TURN; x.rx.at++, n++) {
		struct xdp_desc d = ((struct xdp_desc *)x.rx.entries)[x.rx.at & (FRAMES - 1)];

		d.len = turn_round(x.memory + d.addr, d.len);
		d.options = 0;
		if (d.len)
			put(d);
		else
			give(d.addr);
	}
	__atomic_store_n(x.rx.consumer, x.rx.at, __ATOMIC_RELEASE);
	return n;
}

static void send_all(unsigned n)
{
	uint32_t end;

	for (unsigned i = 0; i < n; i += SENT_AT_ONCE)
		(void)!sendto(x.fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
	end = __atomic_load_n(x.done.producer, __ATOMIC_ACQUIRE);
	for (; x.done.at != end; x.done.at++)
		give(((uint64_t *)x.done.entries)[x.done.at & (FRAMES - 1)]);
	__atomic_store_n(x.done.consumer, x.done.at, __ATOMIC_RELEASE);
}

int main(int argc, char **argv)
{
	struct sockaddr_xdp at = { .sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY };
	struct pollfd p = { .events = POLLIN };

	if (argc != 3) {
		fprintf(stderr, "usage: xsk INTERFACE PORT\n");
		return 2;
	}
	at.sxdp_ifindex = if_nametoindex(argv[1]);
	x.fd = p.fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (x.fd < 0 || !at.sxdp_ifindex)
		fail("xsk");
	open_rings();
	for (uint64_t i = 0; i < FRAMES; i++)
		give(i * FRAME);
	if (bind(x.fd, (struct sockaddr *)&at, sizeof at))
		fail("bind");
	divert(at.sxdp_ifindex, (uint16_t)atoi(argv[2]));
	printf("%s\n", argv[2]);
	fflush(stdout);
	for (;;) {
		unsigned n = answer_all();

		if (n)
			send_all(n);
		else
			(void)poll(&p, 1, -1);
	}
}
