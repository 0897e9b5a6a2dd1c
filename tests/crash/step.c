/* Every instruction as a crash: single-steps a worker's work on one slot through
 * scripted traffic, takes the slot's memory as it is after each instruction, lets
 * a successor adopt a copy and go on, and compares with a life without a crash:
 *
 *  - every peer sees the same datagrams (a request that died within an effect
 *    outside the slot may be answered 5.00 instead, and only that);
 *  - the memory holds the same peers, answers, exchanges and tasks;
 *  - effects outside happened at most once, effects inside exactly once;
 *  - all datagrams once more, as retransmissions, run nothing.
 *
 * Then the same with a second crash at every instruction of the adoption, for a
 * sample of the first ones in each phase, of which COAPD_NESTED says how many.  The
 * default is one that a run of all tests has time for; COAPD_QUICK=1 and builds with
 * AddressSanitizer, whose own instructions are ten times ours, sample more coarsely. */
#include "picture.h"

#include "base/log.h"
#include "base/poison.h"
#include "coap/frame_udp.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#if POISON_ACTIVE
#define NESTED 1u
#else
#define NESTED 4u
#endif

static struct life life[3];
static struct picture want, have;

/* --- phases: what comes in, and what time it is ---------------------------------------- */

struct dgram {
	unsigned peer;
	uint8_t data[64];
	size_t n;
};

struct phase {
	const char *name;
	uint64_t now;
	bool sweep;
	unsigned n;
	struct dgram in[PHASE_MAX];
};

static struct phase phase;

static void add(unsigned peer, uint8_t type, uint8_t code, uint16_t mid, const char *token,
		const char *path, const char *payload)
{
	struct dgram *g = &phase.in[phase.n++];
	struct writer w = writer_of(g->data, sizeof g->data);
	struct option_writer ow = option_writer(&w);

	g->peer = peer;
	frame_udp_head(&w, type, code, mid, token ? span_str(token) : span_of(NULL, 0));
	if (path)
		option_write(&ow, OPT_URI_PATH, span_str(path));
	if (payload)
		message_write_payload(&w, span_str(payload));
	g->n = (size_t)(w.p - g->data);
}

/* What each peer was last sent as a confirmable message. */
static struct dgram last_sent[PEERS];

static void remember_sent(const struct life *l)
{
	const struct batch *b = batch_of(&l->d.engine.space);

	for (unsigned i = 0; i < space_tx_n(&l->d.engine.space); i++) {
		struct dgram *g = &last_sent[(b->tx[i].to.port - 1000u) % PEERS];

		if (b->tx[i].data[0] >> 4 != 4)
			continue;
		g->n = b->tx[i].len < sizeof g->data ? b->tx[i].len : sizeof g->data;
		memcpy(g->data, b->tx[i].data, g->n);
	}
}

static struct message last_message(unsigned peer)
{
	struct message m;

	if (frame_udp_parse(span_of(last_sent[peer].data, last_sent[peer].n), &m) != FRAME_OK) {
		printf("Bail out! nothing was sent to peer %u before phase %s\n", peer, phase.name);
		exit(1);
	}
	return m;
}

/* Acknowledges, resets or answers it. */
static void add_answer(unsigned peer, uint8_t type, uint8_t code, uint16_t mid)
{
	struct dgram *g = &phase.in[phase.n++];
	struct message m = last_message(peer);
	struct writer w = writer_of(g->data, sizeof g->data);

	g->peer = peer;
	frame_udp_head(&w, type, code, type == COAP_CON ? mid : m.mid,
		       code ? m.token : span_of(NULL, 0));
	if (code)
		message_write_payload(&w, span_str("re"));
	g->n = (size_t)(w.p - g->data);
}

/* Answers a message of a transfer: a Block option, and a block of the least size. */
static void add_block(unsigned peer, uint8_t code, uint16_t option, uint32_t value)
{
	struct dgram *g = &phase.in[phase.n++];
	struct message m = last_message(peer);
	struct writer w = writer_of(g->data, sizeof g->data);
	struct option_writer ow = option_writer(&w);

	g->peer = peer;
	frame_udp_head(&w, COAP_ACK, code, m.mid, m.token);
	option_write(&ow, OPT_ETAG, span_str("v1"));
	option_write_uint(&ow, option, value);
	if (option == OPT_BLOCK2)
		message_write_payload(&w, span_str("sixteen bytes so"));
	g->n = (size_t)(w.p - g->data);
}

/* Answers a registration, or notifies; value 0: without Observe.  blocks: it is the first
 * of two. */
static void add_note(unsigned peer, uint8_t type, uint16_t mid, uint32_t value, bool blocks)
{
	struct dgram *g = &phase.in[phase.n++];
	struct message m = last_message(peer);
	struct writer w = writer_of(g->data, sizeof g->data);
	struct option_writer ow = option_writer(&w);

	g->peer = peer;
	frame_udp_head(&w, type, COAP_CONTENT, type == COAP_ACK ? m.mid : mid, m.token);
	option_write(&ow, OPT_ETAG, span_str("v1"));
	if (value)
		option_write_uint(&ow, OPT_OBSERVE, value);
	option_write_uint(&ow, OPT_MAX_AGE, 1);
	if (blocks)
		option_write_uint(&ow, OPT_BLOCK2, 0 << 4 | 8);
	message_write_payload(&w, span_str("sixteen bytes so"));
	g->n = (size_t)(w.p - g->data);
}

/* Begins or ends to observe. */
static void add_observer(unsigned peer, uint8_t type, uint16_t mid, uint32_t observe)
{
	struct dgram *g = &phase.in[phase.n++];
	struct writer w = writer_of(g->data, sizeof g->data);
	struct option_writer ow = option_writer(&w);

	g->peer = peer;
	frame_udp_head(&w, type, COAP_GET, mid, span_str("ob"));
	option_write_uint(&ow, OPT_OBSERVE, observe);
	option_write(&ow, OPT_URI_PATH, span_str("w"));
	g->n = (size_t)(w.p - g->data);
}

/* A block of 16 bytes of a body; no: the last one. */
static void add_part(unsigned peer, uint16_t mid, uint32_t num, bool more)
{
	struct dgram *g = &phase.in[phase.n++];
	struct writer w = writer_of(g->data, sizeof g->data);
	struct option_writer ow = option_writer(&w);

	g->peer = peer;
	frame_udp_head(&w, COAP_CON, COAP_PUT, mid, span_str("up"));
	option_write(&ow, OPT_URI_PATH, span_str("p"));
	option_write_uint(&ow, OPT_BLOCK1, num << 4 | (more ? 8 : 0));
	message_write_payload(&w, span_str(more ? "sixteen bytes so" : "end"));
	g->n = (size_t)(w.p - g->data);
}

static void load(struct life *l)
{
	struct batch *b = batch_of(&l->d.engine.space);

	dispatch_flushed(&l->d);
	for (unsigned i = 0; i < phase.n; i++) {
		struct addr a = life_peer(phase.in[i].peer);

		b->rx[i].from = addr_to_sin6(&a);
		b->rx[i].to = phase.in[i].peer == 8 ? (struct local){ .sock = LIFE_CLIENT } :
						      life_local;
		b->rx[i].tries = 0;
		b->rx[i].len = (uint32_t)phase.in[i].n;
		memcpy(b->rx[i].data, phase.in[i].data, phase.in[i].n);
	}
	b->rx_n = phase.n;
	engine_flushed(&l->d.engine, 0);
}

/* The work itself; ends only for lack of room, which phases never use up. */
static void work(struct life *l)
{
	life_enter(l);
	dispatch_batch(&l->d, phase.now);
	life_look(l);
	dispatch_due(&l->d, phase.now);
	if (phase.sweep)
		dispatch_sweep(&l->d, phase.now);
}

static void take_over(struct life *l)
{
	life_enter(l);
	dispatch_adopt(&l->d, phase.now);
	work(l);
}

/* --- verdicts ----------------------------------------------------------------------------- */

static uint64_t checks, failures, told;  /* told: printed in this phase */
static uint64_t lost, undone;           /* to show that the cases were met */

static void bad(long step, const char *what)
{
	failures++;
	if (told++ < 10)
		printf("# %s, instruction %ld: %s\n", phase.name, step, what);
}

static void compare(long step)
{
	for (unsigned i = 0; i < PEERS; i++) {
		if (life_peer_is_opaque(i) && have.failed[i] && !want.failed[i]) {
			lost++;
			continue;
		}
		if (strcmp(want.text[i], have.text[i]) == 0)
			continue;
		bad(step, "a peer's view or memory differs");
		if (told < 4)
			printf("# peer %u\n# --- want\n%s# --- have\n%s", i, want.text[i],
			       have.text[i]);
	}
}

static void check_structure(long step, struct engine *e)
{
	for (unsigned i = 0; i < e->space.nslabs; i++) {
		struct slab *b = engine_slab(e, i);
		uint32_t hwm = e->space.ctl->hwm[i], n = 0, live = 0, at = b->free_head;

		for (; at != SLAB_NIL && n <= hwm; n++)
			at = ((struct object *)slab_at(b, at))->link;
		for (uint32_t k = 0; k < hwm; k++)
			live += slab_live(b, k);
		if (n + live != hwm || n != b->free_n || live != e->space.ctl->live[i])
			bad(step, "free list does not add up");
	}
}

static void check_counts(long step, const struct life *l)
{
	for (unsigned i = 0; i < PEERS; i++)
		if (l->world->count[i] > 1)
			bad(step, "an effect outside happened twice");
}

/* Requests once more: answered from memory, nothing runs, nothing changes. */
static void check_retransmission(long step, struct life *l)
{
	struct world before = *l->world;

	load(l);
	work(l);
	if (memcmp(before.count, l->world->count, sizeof before.count))
		bad(step, "a retransmission ran again");
	check_structure(step, &l->d.engine);
}

/* l holds the memory at the instant of death. */
static void verify(struct life *l, long step)
{
	uint64_t dropped;

	checks++;
	life_begin(l);
	undone += l->d.engine.space.ctl->commit.s.undo_n > 0;
	take_over(l);
	dropped = l->d.engine.space.ctl->counter[COUNT_ADOPT_DROPPED];
	if (dropped)
		bad(step, "an object was dropped");
	picture_take(&have, l);
	compare(step);
	check_counts(step, l);
	check_structure(step, &l->d.engine);
	check_retransmission(step, l);
}

/* --- stepping ------------------------------------------------------------------------------- */

/* Runs f(l) in a child, instruction by instruction; each() sees l's memory between
 * any two of them.  Returns their number, or -1 if the child failed. */
static long trace(void (*f)(struct life *), struct life *l, void (*each)(long), long every)
{
	long n = 0;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		f(l);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	while (WIFSTOPPED(status)) {
		int sig = WSTOPSIG(status);

		if (sig != SIGSTOP && sig != SIGTRAP) {
			bad(n, "the traced worker crashed by itself");
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
		if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) || waitpid(pid, &status, 0) != pid)
			return -1;
		n++;
		if (WIFSTOPPED(status) && n % every == 0)
			each(n);
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? n : -1;
}

static long outer;

static void at_first_crash(long n)
{
	life_copy(&life[1], &life[0]);
	verify(&life[1], n);
}

static void at_second_crash(long n)
{
	life_copy(&life[2], &life[1]);
	verify(&life[2], outer * 1000000 + n);
}

static void at_nested(long n)
{
	outer = n;
	life_copy(&life[1], &life[0]);
	life_begin(&life[1]);
	if (trace(take_over, &life[1], at_second_crash, 1) < 0)
		bad(n, "the traced adopter did not end well");
}

static unsigned test_no;

static void result(bool ok, const char *kind, long n, uint64_t states)
{
	printf("%s %u - %s: %s, %ld instructions, %llu states\n", ok ? "ok" : "not ok", ++test_no,
	       phase.name, kind, n, (unsigned long long)states);
}

/* A worker that came to the slot and has lived. */
static void arrive(struct life *l)
{
	life_begin(l);
	dispatch_adopt(&l->d, phase.now);
	dispatch_survived(&l->d);
	l->d.unresolved = false;        /* the batch came later */
}

/* A life as it was when a phase began. */
static uint8_t *saved;
static struct world saved_world;
static struct changes saved_changes;

static void save(struct life *l)
{
	if (!saved)
		saved = malloc(life_size());
	unpoison(l->mem, life_size());
	memcpy(saved, l->mem, life_size());
	saved_world = *l->world;
	saved_changes = *l->changes;
}

static void restore(struct life *l)
{
	unpoison(l->mem, life_size());
	memcpy(l->mem, saved, life_size());
	*l->world = saved_world;
	*l->changes = saved_changes;
}

/* Steps through the phase with crashes, then lives through it without. */
static void run_phase(long nested_every)
{
	uint64_t before = checks, failed = failures;
	long n;

	load(&life[0]);
	life_copy(&life[1], &life[0]);
	life_begin(&life[1]);
	take_over(&life[1]);
	picture_take(&want, &life[1]);
	save(&life[0]);

	arrive(&life[0]);
	n = trace(work, &life[0], at_first_crash, 1);
	result(n > 0 && failures == failed, "one crash", n, checks - before);

	before = checks;
	failed = failures;
	told = 0;
	restore(&life[0]);
	arrive(&life[0]);
	n = trace(work, &life[0], at_nested, n > nested_every ? n / nested_every : 1);
	result(n > 0 && failures == failed, "two crashes", n, checks - before);

	restore(&life[0]);
	life_begin(&life[0]);
	take_over(&life[0]);
	remember_sent(&life[0]);
}

static void start_phase(const char *name, uint64_t later_ms)
{
	phase.name = name;
	phase.now += later_ms;
	phase.sweep = false;
	phase.n = 0;
	told = 0;
}

/* --- the script -------------------------------------------------------------------------------- */

static void prior_life(void)
{
	start_phase("prior life", 1000000);
	for (uint16_t mid = 1; mid <= 4; mid++)
		add(1, COAP_CON, COAP_POST, mid, "pl", "r", NULL);
	add(10, COAP_CON, COAP_GET, 1, "sp", "u", NULL);
	load(&life[0]);
	work(&life[0]);
	life_ask(&life[0].d.engine, 1);
	life_transfer(&life[0].d.engine);
	life_observe(&life[0].d.engine);
	engine_commit(&life[0].d.engine, space_rx_next(&life[0].d.engine.space));
	remember_sent(&life[0]);
}

static void script_of_exchanges(long nested)
{
	start_phase("requests and the first response", 100);
	add_answer(9, COAP_ACK, COAP_CONTENT, 0);
	add(1, COAP_CON, COAP_GET, 100, "aa", "f", NULL);
	add(1, COAP_CON, COAP_POST, 101, "ab", "r", NULL);      /* pushes out an answer */
	add(1, COAP_CON, COAP_POST, 101, "ab", "r", NULL);      /* a duplicate */
	add(2, COAP_CON, COAP_POST, 7, "ba", "r", NULL);        /* a new peer */
	add(3, COAP_CON, COAP_POST, 7, "ca", "o", "\3");        /* an effect outside */
	add(3, COAP_CON, COAP_POST, 7, "ca", "o", "\3");
	add(4, COAP_NON, COAP_GET, 1, "da", "f", NULL);
	add(4, COAP_NON, COAP_POST, 2, "db", "r", NULL);
	add(5, COAP_CON, COAP_GET, 5, "ea", "t", NULL);         /* waits */
	add(6, COAP_CON, COAP_POST, 5, "fa", "s", "\6");        /* waits, then an effect */
	add(7, COAP_CON, COAP_EMPTY, 5, NULL, NULL, NULL);      /* ping */
	add(7, COAP_CON, COAP_GET, 6, "ga", "nowhere", NULL);
	run_phase(nested);

	start_phase("acknowledgements are due", 200);
	run_phase(nested);

	start_phase("a separate response comes, timers run", 300);
	add_answer(9, COAP_ACK, COAP_EMPTY, 0);
	add_answer(9, COAP_CON, COAP_CONTENT, 700);
	add_note(13, COAP_ACK, 0, 1, false);
	run_phase(nested);

	start_phase("blocks go both ways", 100);
	add_block(11, COAP_CONTINUE, OPT_BLOCK1, 0 << 4 | 8);
	add_block(12, COAP_CONTENT, OPT_BLOCK2, 0 << 4 | 8);
	add_note(13, COAP_CON, 800, 2, true);
	run_phase(nested);

	start_phase("modules answer late", 400);
	add_answer(9, COAP_RST, COAP_EMPTY, 0);
	run_phase(nested);

	start_phase("retransmissions", 3000);
	run_phase(nested);

	start_phase("acknowledged at last", 100);
	add_block(11, COAP_CONTINUE, OPT_BLOCK1, 1 << 4 | 8);
	add_block(12, COAP_CONTENT, OPT_BLOCK2, 1 << 4);
	add_block(13, COAP_CONTENT, OPT_BLOCK2, 1 << 4);
	add_answer(5, COAP_ACK, COAP_EMPTY, 0);
	run_phase(nested);

	start_phase("an observation registers again", 20000);
	run_phase(nested);

	start_phase("and is left", 100);
	add_note(13, COAP_ACK, 0, 3, false);
	run_phase(nested);

	start_phase("and ends", 100);
	add_note(13, COAP_CON, 801, 0, false);
	run_phase(nested);
}

static void script_of_modules(long nested)
{
	start_phase("observers are entered", 100);
	add_observer(14, COAP_CON, 30, 0);
	add_observer(15, COAP_NON, 30, 0);
	run_phase(nested);

	start_phase("they are told of a change", 100);
	add(2, COAP_CON, COAP_PUT, 60, "pu", "w", "\7");
	run_phase(nested);

	start_phase("and of another instead", 3000);
	add(2, COAP_CON, COAP_PUT, 61, "pv", "w", "\10");
	run_phase(nested);

	start_phase("one leaves, one says no", 100);
	add_observer(15, COAP_CON, 31, 1);
	add_answer(14, COAP_RST, COAP_EMPTY, 0);
	run_phase(nested);

	start_phase("a body comes in parts, a task begins", 100);
	add_part(7, 70, 0, true);
	add(2, COAP_CON, COAP_POST, 70, "ta", "g", NULL);
	add_part(7, 70, 0, true);
	add_part(7, 71, 1, true);
	run_phase(nested);

	start_phase("the last part, a request of the task's", 100);
	add_part(7, 72, 2, false);
	run_phase(nested);

	start_phase("its response, and a body that is given up", 100);
	add_answer(8, COAP_ACK, COAP_CONTENT, 0);
	add_part(7, 73, 0, true);
	run_phase(nested);
}

static void script(long nested)
{
	prior_life();
	script_of_exchanges(nested);
	script_of_modules(nested);

	start_phase("time-outs and forgetting", 400000);
	phase.sweep = true;
	run_phase(nested);
}

static unsigned sample_size(void)
{
	const char *asked = getenv("COAPD_NESTED");

	return asked ? (unsigned)strtoul(asked, NULL, 10) : getenv("COAPD_QUICK") ? 1 : NESTED;
}

int main(void)
{
	log_setup(LOG_ERROR, "step");
	life_setup();
	for (unsigned i = 0; i < 3; i++)
		life_open(&life[i]);
	life_begin(&life[0]);
	script(sample_size());
	printf("%s %u - effects outside were lost %llu times, words undone in %llu states\n",
	       lost && undone ? "ok" : "not ok", ++test_no, (unsigned long long)lost,
	       (unsigned long long)undone);
	printf("1..%u\n", test_no);
	return failures != 0 || !lost || !undone;
}
