#include "worker/service.h"

#include "coap/frame_udp.h"
#include "worker_site.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <sys/syscall.h>

/* A test can have the sockets full: nothing is sent while this is set. */
static bool full;
/* Pieces that were sent. */
static unsigned pieces;

int sendmmsg(int fd, struct mmsghdr *h, unsigned n, int flags)
{
	if (full) {
		errno = EAGAIN;
		return -1;
	}
	pieces += n;
	return (int)syscall(SYS_sendmmsg, fd, h, n, flags);
}

/* Any path but "late", which answers 50 ms later. */
static enum coapd_verdict handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	coapd_span name = { NULL, 0 };

	(void)self;
	(void)coapd_path(task, 0, &name);
	if (event->what == COAPD_EV_REQUEST && name.n == 4 && !memcmp(name.p, "late", 4)) {
		(void)coapd_after(task, 0, 50);
		return COAPD_WAIT;
	}
	coapd_reply(task, COAPD_205_CONTENT);
	return COAPD_DONE;
}

struct bed {
	struct worker_site w;
	struct space_def def;           /* of a slot that takes another over */
	struct service_env env;
	struct service service;
	int peer;
};

static void open_service(struct bed *b)
{
	struct err err;

	cr_assert(service_open(&b->service, &b->w.slot, &b->env, &err) == 0, "%s", err.text);
}

static void bed_open(struct bed *b)
{
	struct resource_mount_spec spec = { .path = "/" };

	worker_site_open(&b->w, WORKER_SITE_YAML);
	spec.module = calloc(1, sizeof *spec.module);
	spec.module->desc = (struct coapd_module){
		.abi = COAPD_ABI, .size = sizeof spec.module->desc, .name = "bench",
		.version = "1", .summary = "a bench", .flags = COAPD_F_TREE,
		.handle = handle };
	b->env = (struct service_env){ .site = b->w.site, .key = { { 1, 2 } } };
	b->env.loop = ev_loop_new(EVBACKEND_EPOLL);
	b->env.resources = resources_new(&spec, 1, NULL);
	cr_assert(b->env.resources);
	b->peer = worker_site_peer(&b->w);
	open_service(b);
}

static void bed_close(struct bed *b)
{
	if (b->service.state != SERVICE_STOPPED)
		service_close(&b->service);
	resources_free(b->env.resources);
	ev_loop_destroy(b->env.loop);
	close(b->peer);
	worker_site_close(&b->w);
}

static uint64_t counter(const struct bed *b, enum counter c)
{
	return slot_counter(b->w.mem, c);
}

/* Runs the loop until the peer has an answer; then what coap_told() says. */
static int told(struct bed *b, uint16_t mid)
{
	struct pollfd p = { .fd = b->peer, .events = POLLIN };

	for (unsigned i = 0; i < 1000 && poll(&p, 1, 0) == 0; i++)
		ev_run(b->env.loop, EVRUN_ONCE);
	return coap_told(b->peer, mid);
}

enum { CON, NON, ACK, RST };
enum { GET = 1, POST };

Test(service, answers_what_comes)
{
	struct bed b;

	bed_open(&b);
	cr_expect_eq(b.service.state, SERVICE_READING);
	coap_ask(b.peer, CON, GET, 7, "x");
	cr_expect_eq(told(&b, 7), 0x245);
	coap_ask(b.peer, CON, GET, 8, ".well-known/core");
	cr_expect_eq(told(&b, 8), 0x245);
	cr_expect_eq(counter(&b, COUNT_TX), 2);
	cr_expect_eq(counter(&b, COUNT_RX), 2);
	service_close(&b.service);
	cr_expect_eq(b.service.state, SERVICE_STOPPED);
	bed_close(&b);
}

Test(service, what_one_peer_asks_for_at_a_time_is_answered_in_one_piece)
{
	struct bed b;

	bed_open(&b);
	for (uint16_t i = 0; i < 8; i++)
		coap_ask(b.peer, CON, GET, i, "x");
	for (uint16_t i = 0; i < 8; i++)
		cr_expect_eq(told(&b, i), 0x245);
	cr_expect_eq(pieces, 1);
	bed_close(&b);
}

/* Nobody is asked for what is not timed, but an eighth of all is. */
Test(service, some_batches_have_their_time_taken)
{
	uint64_t timed = 0;
	struct bed b;

	bed_open(&b);
	for (uint16_t i = 0; i < 17; i++) {
		coap_ask(b.peer, CON, GET, i, "x");
		cr_expect_eq(told(&b, i), 0x245);
	}
	for (unsigned i = 0; i < DURATIONS; i++)
		timed += b.service.dispatch.engine.space.ctl->served.bucket[i];
	cr_expect_eq(timed, 3);
	cr_expect_gt(b.service.dispatch.engine.space.ctl->served.sum_ns, 0);
	bed_close(&b);
}

Test(service, who_looks_on_sees_both_ways)
{
	struct trace_head head;
	struct trace trace = { .n = 0 };
	struct order all = { .all = 1 };
	int pair[2];
	struct bed b;

	bed_open(&b);
	b.service.trace = &trace;
	coap_ask(b.peer, CON, GET, 1, "x");
	cr_expect_eq(told(&b, 1), 0x245);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	cr_assert(trace_add(&trace, &all, pair[1]));
	coap_ask(b.peer, CON, GET, 2, "x");
	cr_expect_eq(told(&b, 2), 0x245);
	cr_assert_eq(recv(pair[0], &head, sizeof head, 0), sizeof head);
	cr_expect_eq(head.sent, 0);
	cr_expect_eq(head.here.port, b.w.at.port);
	cr_assert_eq(recv(pair[0], &head, sizeof head, 0), sizeof head);
	cr_expect_eq(head.sent, 1);
	cr_expect_eq(recv(pair[0], &head, sizeof head, 0), -1, "each is shown once");
	full = true;
	coap_ask(b.peer, CON, GET, 3, "x");
	ev_run(b.env.loop, EVRUN_ONCE);
	full = false;
	cr_expect_eq(told(&b, 3), 0x245);
	cr_expect_eq(recv(pair[0], &head, sizeof head, 0), sizeof head);
	cr_expect_eq(recv(pair[0], &head, sizeof head, 0), sizeof head);
	cr_expect_eq(recv(pair[0], &head, sizeof head, 0), -1, "also one that had to wait");
	trace_close(&trace);
	close(pair[0]);
	bed_close(&b);
}

Test(service, what_is_kept_for_a_peer_ends_when_that_is_wanted)
{
	struct order all = { .all = 1 };
	struct kick_counts c;
	int pair[2];
	struct bed b;

	bed_open(&b);
	coap_ask(b.peer, CON, GET, 7, "late");
	ev_run(b.env.loop, EVRUN_ONCE);
	cr_assert_not(service_idle(&b.service));
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	services_kick(&b.service, 1, 3, &all, pair[1]);
	cr_assert_eq(recv(pair[0], &c, sizeof c, MSG_DONTWAIT), sizeof c);
	cr_expect_eq(c.requests, 1);
	cr_expect_eq(c.observers, 0);
	cr_expect(service_idle(&b.service));
	bed_close(&b);
}

Test(service, timer_wakes_for_what_is_due)
{
	struct bed b;

	bed_open(&b);
	coap_ask(b.peer, CON, GET, 7, "late");
	ev_run(b.env.loop, EVRUN_ONCE);
	cr_expect_not(service_idle(&b.service));
	cr_expect(ev_is_active(&b.service.due));
	cr_expect_eq(told(&b, 7), 0x245);
	cr_expect(service_idle(&b.service));
	bed_close(&b);
}

Test(service, full_socket_stops_reading_until_it_can_be_written)
{
	struct bed b;

	bed_open(&b);
	full = true;
	coap_ask(b.peer, CON, GET, 1, "x");
	ev_run(b.env.loop, EVRUN_ONCE);
	cr_expect_eq(b.service.state, SERVICE_BLOCKED);
	cr_expect_not(service_idle(&b.service));
	cr_expect_not(ev_is_active(&b.service.read[0]));
	cr_expect(ev_is_active(&b.service.write));
	coap_ask(b.peer, CON, GET, 2, "x");
	ev_run(b.env.loop, EVRUN_NOWAIT);
	cr_expect_eq(counter(&b, COUNT_RX), 1, "the kernel's buffer is the queue");
	full = false;
	cr_expect_eq(told(&b, 1), 0x245);
	cr_expect_eq(b.service.state, SERVICE_READING);
	cr_expect_eq(told(&b, 2), 0x245);
	bed_close(&b);
}

Test(service, successor_goes_on_in_the_same_slot)
{
	struct bed b;

	bed_open(&b);
	coap_ask(b.peer, CON, GET, 7, "late");
	ev_run(b.env.loop, EVRUN_ONCE);
	full = true;
	coap_ask(b.peer, CON, GET, 8, "x");
	ev_run(b.env.loop, EVRUN_ONCE);
	service_close(&b.service);
	full = false;
	open_service(&b);
	cr_expect_eq(counter(&b, COUNT_ADOPTED), 1);
	cr_expect_eq(coap_told(b.peer, 8), 0x245, "what its predecessor could not send");
	cr_expect_eq(told(&b, 7), 0x245, "what waits is answered by the successor");
	bed_close(&b);
}

/* Where a worker was killed while the kernel filled the batch. */
Test(service, successor_works_on_what_its_predecessor_only_took)
{
	struct bed b;
	struct space *s = &b.service.dispatch.engine.space;

	bed_open(&b);
	coap_ask(b.peer, CON, GET, 7, "x");
	cr_assert_eq(udp_receive(s, &b.service.socks, 0), 1);
	batch_of(s)->rx_n = BATCH_RX_UNKNOWN;
	memset(&batch_of(s)->rx[0].to, 0, sizeof batch_of(s)->rx[0].to);
	service_close(&b.service);
	open_service(&b);
	cr_expect_eq(coap_told(b.peer, 7), 0x245);
	cr_expect_eq(counter(&b, COUNT_RX_REPLAYED), 1);
	bed_close(&b);
}

/* The memory of the slot becomes the old one, of which a larger one takes over. */
static void grow_memory(struct bed *b)
{
	size_t n = slot_size(b->w.site);

	slot_def(b->w.site, &b->def);
	for (unsigned i = 0; i < b->def.nslabs; i++)
		b->def.slab[i].cap += 10;
	b->def.windows.class[0].n += 10;
	b->def.windows.class[1].n += 10;
	b->env.def = &b->def;
	b->w.slot.old_memfd = b->w.slot.memfd;
	b->w.slot.memfd = memfd_create("slot", MFD_CLOEXEC);
	cr_assert_eq(ftruncate(b->w.slot.memfd, (off_t)(slot_def_size(&b->def) +
							windows_size(&b->def.windows))), 0);
	munmap(b->w.mem, n);
	b->w.mem = mmap(NULL, n, PROT_READ, MAP_SHARED, b->w.slot.memfd, 0);
}

Test(service, successor_of_another_site_takes_the_slot_over_once)
{
	struct bed b;

	bed_open(&b);
	coap_ask(b.peer, CON, GET, 7, "late");
	ev_run(b.env.loop, EVRUN_ONCE);
	service_close(&b.service);
	grow_memory(&b);
	open_service(&b);
	cr_expect_eq(counter(&b, COUNT_IMPORTED), 1);
	cr_expect_eq(counter(&b, COUNT_ADOPTED), 1);
	cr_expect_eq(counter(&b, COUNT_ADOPT_DROPPED), 0);
	cr_expect_eq(told(&b, 7), 0x245, "what waits is answered by the successor");
	service_close(&b.service);
	open_service(&b);
	cr_expect_eq(counter(&b, COUNT_IMPORTED), 1);
	cr_expect_eq(counter(&b, COUNT_ADOPTED), 2);
	close(b.w.slot.old_memfd);
	bed_close(&b);
}

Test(service, damaged_memory_is_not_taken_over)
{
	struct bed b;
	uint64_t junk = 4711;

	bed_open(&b);
	coap_ask(b.peer, CON, GET, 7, "late");
	ev_run(b.env.loop, EVRUN_ONCE);
	service_close(&b.service);
	grow_memory(&b);
	cr_assert_eq(pwrite(b.w.slot.old_memfd, &junk, sizeof junk, 0), sizeof junk);
	open_service(&b);
	cr_expect_eq(counter(&b, COUNT_IMPORT_REFUSED), 1);
	cr_expect_eq(counter(&b, COUNT_IMPORTED), 0);
	cr_expect_eq(counter(&b, COUNT_ADOPTED), 0);
	coap_ask(b.peer, CON, GET, 8, "x");
	cr_expect_eq(told(&b, 8), 0x245);
	close(b.w.slot.old_memfd);
	bed_close(&b);
}

Test(service, E21_error_queue_is_emptied)
{
	struct bed b;

	bed_open(&b);
	coap_ask(b.peer, CON, GET, 7, "late");
	ev_run(b.env.loop, EVRUN_ONCE);
	close(b.peer);
	/* The answer finds nobody; the error that comes back must not keep the
	 * socket readable for ever. */
	for (unsigned i = 0; i < 100 && counter(&b, COUNT_ICMP) == 0; i++)
		ev_run(b.env.loop, EVRUN_ONCE);
	cr_expect_eq(counter(&b, COUNT_ICMP), 1);
	cr_expect_eq(ev_pending_count(b.env.loop), 0);
	b.peer = worker_site_peer(&b.w);
	coap_ask(b.peer, CON, GET, 8, "x");
	cr_expect_eq(told(&b, 8), 0x245);
	bed_close(&b);
}

Test(service, idle_slot_runs_no_timer)
{
	struct bed b;

	bed_open(&b);
	cr_expect_not(ev_is_active(&b.service.due));
	cr_expect_not(ev_is_active(&b.service.sweep));
	coap_ask(b.peer, CON, POST, 7, "x");
	cr_expect_eq(told(&b, 7), 0x245);
	cr_expect(ev_is_active(&b.service.sweep), "an answer is remembered, to be forgotten");
	bed_close(&b);
}

Test(service, drops_are_looked_for_where_batches_are_full)
{
	struct bed b;

	bed_open(&b);
	for (uint16_t i = 0; i < BATCH_RX; i++)
		coap_ask(b.peer, CON, GET, i, "x");
	cr_expect_eq(told(&b, 0), 0x245);
	cr_expect(ev_is_active(&b.service.sweep));
	bed_close(&b);
}

Test(service, drops_of_the_kernel_are_counted)
{
	static char junk[1400];
	struct bed b;
	int small = 1;

	bed_open(&b);
	cr_assert(setsockopt(b.w.listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0);
	for (unsigned i = 0; i < 100; i++)
		(void)!send(b.peer, junk, sizeof junk, 0);
	ev_run(b.env.loop, EVRUN_NOWAIT);
	service_close(&b.service);
	cr_expect_gt(counter(&b, COUNT_RX_DROPPED), 0);
	cr_expect_eq(counter(&b, COUNT_RX_DROPPED) + counter(&b, COUNT_RX), 100);
	bed_close(&b);
}
