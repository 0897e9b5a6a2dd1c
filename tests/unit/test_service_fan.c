/* A new state goes to many at a time: over real sockets, one turn of the loop after the other. */
#include "worker/service.h"

#include "resource/resources.h"
#include "worker_site.h"

#define SITE_YAML \
	"workers: 1\n" \
	"slots: 1\n" \
	"limits: {endpoints: 1000, dedup: 1000, exchanges: 1000, waiting: 16, messages: 16}\n"
#define OBSERVERS 400u
#define TURNS 10000u

enum { CON, NON, ACK, RST };
enum { GET = 1 };

static coapd_mount *mount;

static enum coapd_verdict handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self, (void)event;
	mount = coapd_task_mount(task);
	coapd_observe(task);
	coapd_reply(task, COAPD_205_CONTENT);
	return COAPD_DONE;
}

static struct {
	struct worker_site w;
	struct service_env env;
	struct service service;
	int peer[OBSERVERS];
	int unacked[OBSERVERS];         /* message ID; -1: none */
	unsigned told;                  /* of peers */
} b;

static void bed_open(int receive_buffer)
{
	struct resource_mount_spec spec = { .path = "/" };
	struct err err;

	worker_site_open(&b.w, SITE_YAML);
	if (receive_buffer)
		cr_assert_eq(setsockopt(b.w.listener, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
					sizeof receive_buffer), 0);
	spec.module = calloc(1, sizeof *spec.module);
	spec.module->desc = (struct coapd_module){
		.abi = COAPD_ABI, .size = sizeof spec.module->desc, .name = "bench",
		.version = "1", .summary = "a bench", .flags = COAPD_F_TREE,
		.handle = handle };
	b.env = (struct service_env){ .site = b.w.site, .key = { { 1, 2 } } };
	b.env.loop = ev_loop_new(EVBACKEND_EPOLL);
	b.env.resources = resources_new(&spec, 1, NULL);
	cr_assert(b.env.resources);
	cr_assert(service_open(&b.service, &b.w.slot, &b.env, &err) == 0, "%s", err.text);
}

static void teardown(void)
{
	service_close(&b.service);
	resources_free(b.env.resources);
	ev_loop_destroy(b.env.loop);
	for (unsigned i = 0; i < OBSERVERS; i++)
		close(b.peer[i]);
	worker_site_close(&b.w);
}

TestSuite(service_fan, .fini = teardown);

static uint64_t counter(enum counter c)
{
	return slot_counter(b.w.mem, c);
}

static void turn(void)
{
	ev_run(b.env.loop, EVRUN_NOWAIT);
}

/* The socket takes no more than a few at a time. */
static void enter_all(void)
{
	static const uint8_t ask[] = { 0x41, GET, 0, 1, 't', 0x60, 0x51, 'x' };

	for (unsigned i = 0; i < OBSERVERS; i++) {
		b.peer[i] = worker_site_peer(&b.w);
		b.unacked[i] = -1;
		cr_assert(send(b.peer[i], ask, sizeof ask, 0) == sizeof ask);
		turn();
		cr_assert_eq(coap_told(b.peer[i], 1), 0x245);
	}
	cr_assert_eq(counter(COUNT_OBSERVERS), OBSERVERS);
}

static void change(void)
{
	struct notices *n = &b.env.resources->notices;
	uint32_t from = 0, word;

	coapd_changed(mount, coapd_text("x"), COAPD_CHANGED);
	while ((word = changes_next(n->changes, n->seen, &from)) < CHANGES_WORDS)
		service_changed(&b.service, word);
	service_look(&b.service);
}

/* What came to peers; how many. */
static unsigned take_all(void)
{
	uint8_t p[2048];
	unsigned n = 0;

	for (unsigned i = 0; i < OBSERVERS; i++)
		while (recv(b.peer[i], p, sizeof p, MSG_DONTWAIT) > 4) {
			cr_assert_eq(p[0] >> 4 & 3, CON);
			b.told += b.unacked[i] < 0;
			b.unacked[i] = p[2] << 8 | p[3];
			n++;
		}
	return n;
}

static void acknowledge_all(void)
{
	for (unsigned i = 0; i < OBSERVERS; i++) {
		uint8_t ack[] = { 0x60, 0, (uint8_t)(b.unacked[i] >> 8), (uint8_t)b.unacked[i] };

		if (b.unacked[i] >= 0)
			cr_assert(send(b.peer[i], ack, sizeof ack, 0) == sizeof ack);
		b.unacked[i] = -1;
	}
}

/* Each holds its acknowledgement back until nothing more comes: then all come at once, and
 * there is room for few. */
Test(service_fan, no_acknowledgement_is_lost_however_small_the_buffer_is)
{
	bed_open(8192);
	enter_all();
	change();
	for (unsigned i = 0; i < TURNS && b.told < OBSERVERS; i++) {
		turn();
		if (!take_all())
			acknowledge_all();
	}
	acknowledge_all();
	turn();
	cr_assert_eq(b.told, OBSERVERS);
	cr_assert_eq(counter(COUNT_NOTIFICATIONS), OBSERVERS);
	cr_assert_gt(counter(COUNT_NOTIFICATIONS_PACED), 1);
	cr_assert_eq(counter(COUNT_RX), 2 * OBSERVERS, "registrations and acknowledgements");
}

Test(service_fan, who_asks_meanwhile_waits_for_a_batch_at_most)
{
	int asker;

	bed_open(0);
	enter_all();
	asker = worker_site_peer(&b.w);
	change();
	cr_assert_leq(counter(COUNT_NOTIFICATIONS), BATCH_TX);
	for (uint16_t mid = 2; counter(COUNT_NOTIFICATIONS) < OBSERVERS; mid++) {
		uint64_t before = counter(COUNT_NOTIFICATIONS);

		coap_ask(asker, CON, GET, mid, "y");
		turn();
		cr_assert_eq(coap_told(asker, mid), 0x245);
		cr_assert_leq(counter(COUNT_NOTIFICATIONS) - before, 2 * BATCH_TX);
		cr_assert_lt(mid, 100);
	}
	close(asker);
}

/* What is there to be received goes before what is to be told. */
Test(service_fan, the_socket_is_drained_before_more_is_sent)
{
	int asker;
	uint64_t told, before;

	bed_open(0);
	enter_all();
	asker = worker_site_peer(&b.w);
	change();
	told = counter(COUNT_NOTIFICATIONS);
	before = counter(COUNT_RX);
	for (uint16_t mid = 2; mid < 102; mid++)
		coap_ask(asker, CON, GET, mid, "y");
	ev_timer_stop(b.env.loop, &b.service.due);
	turn();
	cr_assert_eq(counter(COUNT_RX) - before, 100);
	cr_assert_gt(counter(COUNT_NOTIFICATIONS), told, "it goes on");
	cr_assert_leq(counter(COUNT_NOTIFICATIONS) - told, BATCH_TX);
	close(asker);
}
