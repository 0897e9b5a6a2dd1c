/* Fuzz target: the life of a slot with modules, as a worker lives it (dispatch.h).  The
 * input chooses datagrams (datagrams.h), what hooks do (guests.h), time, names that are
 * resolved, errors, letters, deaths in hooks, before and after commits and in
 * adoptions, in the end damage of the memory.  After each event all that is derived is
 * worked out anew (audit.h, above.h); each hook checks that its events make sense; and
 * when all is over nothing is left, no byte of a body either. */
#include "above.h"
#include "base/log.h"
#include "base/poison.h"
#include "choice.h"
#include "datagrams.h"
#include "exchange/body.h"
#include "guests.h"
#include "resource/notices.h"
#include "resource/resources.h"
#include "worker/dispatch.h"

#include <setjmp.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS 140u
#define LETTERS 8u

static struct resources *R;
static struct space_def def;
static struct engine_conf conf;
static struct windows_def windows;
static struct bodies bodies;
static struct body_budget budget;
static const uint64_t *used;
static uint8_t *memory;
static struct dispatch d;
static uint64_t now;
static jmp_buf death;
static uint32_t deaths;                 /* one in so many places where it may be */
static bool dies;                       /* a worker may die now */

/* --- the world around the slot ---------------------------------------------------- */

static struct letter letters[LETTERS];
static unsigned letters_at, letters_n;

static int send_letter(void *arg, unsigned slot, const struct letter *l)
{
	(void)arg, (void)slot;
	if (letters_n == LETTERS)
		return -11;
	letters[(letters_at + letters_n++) % LETTERS] = *l;
	d.mail = true;
	return 0;
}

static bool peek_letter(void *arg, unsigned slot, struct letter *l)
{
	(void)arg, (void)slot;
	if (letters_n)
		*l = letters[letters_at];
	return letters_n;
}

static void take_letter(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
	CHECK(letters_n);
	letters_at = (letters_at + 1) % LETTERS;
	letters_n--;
}

static ref_t asked;                     /* the name that was looked up last */

static int look_up(void *arg, ref_t fetch, const char *host, const char *zone, uint16_t port)
{
	(void)arg, (void)host, (void)zone, (void)port;
	if (one_in(8))
		return -11;
	asked = fetch;
	return 0;
}

static int find_way(void *arg, const struct addr *to)
{
	(void)arg, (void)to;
	return one_in(8) ? -101 : 0;
}

static const struct outside outside = { .lookup = look_up, .way = find_way };
static const struct post post = { send_letter, peek_letter, take_letter, NULL };

/* --- lives of workers --------------------------------------------------------------- */

static void danger(void)
{
	if (dies && one_in(deaths))
		longjmp(death, 1);
}

static void check_all(void)
{
	audit(&d.engine, guests.damaged);
	above_audit(&d.engine, guests.damaged);
}

/* Around each commit. */
static void commits(void *arg, bool done)
{
	(void)arg;
	CHECK(d.engine.space.ctl->commit.s.undo_n <= UNDO_MAX);
	if (done)
		check_all();
	danger();
}

static void open_slot(void)
{
	static const struct hash_key key = { { 0x1234567890abcdefu, 0xfedcba0987654321u } };
	enum space_state state;

	CHECK(!dispatch_open(&d, memory, &def, 0, &key, &conf, R, &state));
	d.outside = &outside;
	d.commits = commits;
	d.mail = true;
	guests.engine = &d.engine;
	R->opened_letter = false;
	used = &engine_root(&d.engine)->body_pages;
}

static void flush(void)
{
	struct engine *e = &d.engine;
	const struct batch *b = batch_of(&e->space);
	struct message m;

	for (unsigned i = 0; i < space_tx_n(&e->space); i++) {
		CHECK(guests.damaged || frame_udp_parse(span_of(b->tx[i].data, b->tx[i].len),
							&m) == FRAME_OK);
		datagrams_said(&b->tx[i]);
	}
	dispatch_flushed(&d);
}

/* All that there is to do at this time. */
static void work(void)
{
	while (!dispatch_batch(&d, now))
		flush();
	notices_adopted(R, &d.engine);
	do {
		if (!dispatch_due(&d, now))
			flush();
	} while (dispatch_next(&d) <= now || dispatch_pending(&d));
	flush();
}

static void survive(void)
{
	dispatch_close(&d);
	unpoison(memory, space_size(&def));
	open_slot();
	dispatch_adopt(&d, now);
	danger();
	check_all();
	work();
	dispatch_survived(&d);
}

static void run(void (*what)(void))
{
	void (*volatile next)(void) = what;

	if (setjmp(death))
		next = survive;
	dies = !guests.ending;
	next();
	dies = false;
}

/* --- what happens ------------------------------------------------------------------------ */

static void receive(void)
{
	work();
}

static void op_receive(void)
{
	struct batch *b = batch_of(&d.engine.space);

	b->rx_n = 0;
	engine_commit(&d.engine, 0);
	for (unsigned i = 0, n = draw(4) + 1; i < n; i++) {
		unsigned peer;
		size_t len = datagrams_next(b->rx[i].data, &peer);
		struct addr from = rig_peer(peer);

		b->rx[i].from = addr_to_sin6(&from);
		b->rx[i].to = rig_local();
		b->rx[i].tries = 0;
		b->rx[i].len = (uint32_t)len;
		b->rx_n++;
	}
	run(receive);
}

static void op_time(void)
{
	static const uint32_t most[] = { 10, 300, 3000, 60000, 250000, 7200000 };

	now += draw(most[draw(6)]);
	run(work);
}

static void change(void)
{
	notices_tell(&R->notices, R->mount[draw(R->n)].id, span_str(one_in(2) ? "" : "b"));
	work();
}

static void op_change(void)
{
	run(change);
}

static void resolve(void)
{
	struct addr addr[2] = { rig_peer(1 + draw(DATAGRAM_PEERS)),
				rig_peer(1 + draw(DATAGRAM_PEERS)) };

	if (!dispatch_resolved(&d, now, asked, addr, draw(3)))
		flush();
	else
		asked = 0;
	work();
}

static void op_resolve(void)
{
	if (asked)
		run(resolve);
}

static void refuse(void)
{
	unsigned peer;
	struct span quoted = datagrams_quote(&peer);
	struct addr to = rig_peer(peer);
	struct local from = rig_local();

	while (!dispatch_unreachable(&d, now, &to, &from, quoted))
		flush();
	work();
}

static void op_unreachable(void)
{
	run(refuse);
}

static void op_sweep(void)
{
	dispatch_sweep(&d, now);
	check_all();
}

static void op_die(void)
{
	run(survive);
}

/* Bits turn over while a worker is dead. */
static void damage_memory(void)
{
	guests.damaged = true;
	audit_harm(&d.engine.space, draw);
	run(survive);
}

/* --- a life -------------------------------------------------------------------------------- */

static void choose_limits(void)
{
	conf = (struct engine_conf){ .params = PARAMS_DEFAULT, .szx = draw(7),
				     .ack_delay_ms = one_in(4) ? 0 : 200, .assembly_ms = 60000,
				     .observe_con_every = 1 + draw(5),
				     .observe_pause_ms = one_in(2) ? 0 : 3000,
				     .amplification = one_in(2) ? 0 : 1 + draw(4), .verified = 4 };
	conf.params.nstart = 1 + draw(3);
	conf.params.max_retransmit = draw(5);
	conf.limits = (struct engine_limits){
		.endpoints = 3 + draw(12), .dedup = 2 + draw(40), .exchanges = 1 + draw(20),
		.waiting = 1 + draw(8), .tasks = 1 + draw(4), .messages = 1 + draw(8),
		.xfers = 1 + draw(4), .observations = 1 + draw(3), .small_bodies = 1 + draw(3),
		.bodies = draw(2), .assemblies = 1 + draw(6),
		.assemblies_per_endpoint = 1 + draw(4), .answers_per_endpoint = 1 + draw(6),
		.observers = draw(8), .observers_per_endpoint = 1 + draw(4),
		.representations = 1 + draw(5), .exchanges_per_endpoint = 1 + draw(20),
		.token_length = 8 + draw(60),
	};
	resource_options(&conf.options);
	budget = (struct body_budget){ .pages = 1 + draw(20), .n = 1, .used = &used };
}

static void *map(size_t n)
{
	void *at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED);
	return at;
}

static void begin(void)
{
	choose_limits();
	engine_layout(&def, &conf.limits);
	task_layout(&def, conf.limits.waiting + conf.limits.tasks);
	fetch_layout(&def, 1 + draw(5));
	windows = body_windows(conf.limits.small_bodies, conf.limits.bodies, 1 << 17);
	bodies = (struct bodies){ .windows = { map(windows_size(&windows)), &windows },
				  .budget = &budget };
	conf.bodies = &bodies;
	memory = map(space_size(&def));
	now = 1000000;
	asked = 0;
	letters_at = letters_n = 0;
	deaths = 10 + draw(250);
	guests = (struct guests){ .noise = one_in(2), .danger = danger };
	datagrams_begin(guests.noise);
	open_slot();
	run(work);
}

static void live(unsigned steps)
{
	static void (*const op[])(void) = {
		op_receive, op_receive, op_receive, op_receive, op_receive, op_receive,
		op_change, op_time, op_time, op_resolve, op_unreachable, op_sweep, op_die,
	};

	for (unsigned i = 0; i < steps; i++)
		op[draw(sizeof op / sizeof *op)]();
}

/* Every wait is ended and every time passes. */
static void finish(void)
{
	choice_end();
	guests.ending = true;
	for (uint32_t i = 0; i < R->n; i++) {
		notices_tell(&R->notices, R->mount[i].id, span_str(""));
		notices_tell(&R->notices, R->mount[i].id, span_str("b"));
	}
	run(work);
	for (unsigned i = 0; i < 20000 && d.engine.deadlines.n; i++) {
		if (now < dispatch_next(&d))
			now = dispatch_next(&d);
		run(work);
	}
	now += 7200000;
	op_sweep();
	audit_empty(&d.engine, guests.damaged);
	CHECK(guests.damaged || !*used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!R) {
		R = guests_open();
		resources_post(R, &post);
	}
	memset(R->notices.own->word, 0, sizeof R->notices.own->word);
	log_setup(LOG_ERROR, "fuzz");
	choice_begin(data, size);
	begin();
	live(STEPS);
	if (one_in(3)) {
		damage_memory();
		live(STEPS / 4);
	}
	finish();
	dispatch_close(&d);
	unpoison(memory, space_size(&def));
	munmap(memory, space_size(&def));
	munmap(bodies.windows.at, windows_size(&windows));
	return 0;
}
