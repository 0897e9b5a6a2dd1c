/* How evenly the kernel's hash of ports and addresses spreads clients over the sockets of
 * a SO_REUSEPORT group, which are the slots of a daemon.
 *
 *	bench_spread		tests, as TAP: of the arithmetic, and that the kernel here
 *				spreads as it does
 *	bench_spread table	figures, as Markdown, for docs/scaling.md
 *	bench_spread exact	finds the kernel's secret by trying all there are, and tells
 *				how many sockets it then foretells; takes a minute
 *
 * All that is drawn is drawn from numbers in order: each run of "table" says the same. */
#include "config/site.h"
#include "porthash.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEEDS 1000u
#define SOCKETS_MAX 256u
#define CLIENTS_MAX 100000u
#define PORT 5683u
#define LOOPBACK 0x7f000001u
#define REFUSED -1

/* Which clients there are. */
enum crowd {
	CROWD_EVERYWHERE,       /* an address and a port each, whatever they are */
	CROWD_ONE_ADDRESS,      /* behind one NAT, which gives them ports in order */
	CROWD_ONE_PORT          /* all from 5683, addresses in order: a site of devices */
};

static const char *const crowd_name[] = { "everywhere", "one address, ports in order",
					   "one port, addresses in order" };

/* --- numbers ------------------------------------------------------------------------- */

/* What follows n in no order that anybody can see (splitmix64). */
static uint64_t draw(uint64_t *n)
{
	uint64_t x = *n += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Of n values in order, the one that so many of a thousand are not above. */
static double permille(const double *sorted, unsigned n, unsigned of)
{
	unsigned i = (n * of + 999) / 1000;

	return sorted[i ? i - 1 : 0];
}

/* --- the model ------------------------------------------------------------------------- */

static struct porthash_way client(enum crowd crowd, uint32_t i, uint64_t *seed)
{
	struct porthash_way way = { .to = htonl(0xc0000201u), .to_port = PORT };
	uint64_t r;

	switch (crowd) {
	case CROWD_EVERYWHERE:
		r = draw(seed);
		way.from = (uint32_t)r;
		way.from_port = (uint16_t)(r >> 32);
		break;
	case CROWD_ONE_ADDRESS:
		way.from = htonl(0xcb007107u);
		way.from_port = htons((uint16_t)(1024 + i % 64000));
		break;
	case CROWD_ONE_PORT:
		way.from = htonl(0x0a000001u + i);
		way.from_port = htons(PORT);
		break;
	}
	return way;
}

/* How many of n clients are with each of so many sockets, for one secret. */
static void spread(enum crowd crowd, uint32_t n, unsigned sockets, uint64_t seed,
		   uint32_t count[SOCKETS_MAX])
{
	uint32_t secret = (uint32_t)draw(&seed);

	memset(count, 0, sockets * sizeof *count);
	for (uint32_t i = 0; i < n; i++) {
		struct porthash_way way = client(crowd, i, &seed);

		count[porthash_pick(porthash(&way, secret), sockets)]++;
	}
}

static uint32_t most(const uint32_t *count, unsigned sockets)
{
	uint32_t max = 0;

	for (unsigned i = 0; i < sockets; i++)
		max = count[i] > max ? count[i] : max;
	return max;
}

/* How far the fullest is above the mean. */
static double imbalance(const uint32_t *count, unsigned sockets, uint32_t n)
{
	return (double)most(count, sockets) * sockets / n;
}

static unsigned idle(const uint32_t *count, unsigned sockets)
{
	unsigned n = 0;

	for (unsigned i = 0; i < sockets; i++)
		n += count[i] == 0;
	return n;
}

/* Slots of so many are dealt to workers in turns; what each worker has. */
static void deal(const uint32_t *count, unsigned slots, unsigned workers, uint32_t *load)
{
	memset(load, 0, workers * sizeof *load);
	for (unsigned i = 0; i < slots; i++)
		load[i % workers] += count[i];
}

/* Those of n clients for whom there is no room where they come to, when the limit is n. */
static double refused(const uint32_t *count, unsigned slots, uint32_t n)
{
	uint32_t share = site_share(n, slots), over = 0;

	for (unsigned i = 0; i < slots; i++)
		over += count[i] > share ? count[i] - share : 0;
	return (double)over / n;
}

static double chi_square(const uint32_t *count, unsigned sockets, uint32_t n)
{
	double expected = (double)n / sockets, sum = 0;

	for (unsigned i = 0; i < sockets; i++)
		sum += (count[i] - expected) * (count[i] - expected) / expected;
	return sum;
}

/* --- the kernel ------------------------------------------------------------------------- */

static int udp_socket(uint32_t address, uint16_t port, bool shared)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr = { htonl(address) } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd >= 0 && ((shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on)) ||
			bind(fd, (struct sockaddr *)&at, sizeof at))) {
		close(fd);
		fd = REFUSED;
	}
	return fd;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in at;
	socklen_t n = sizeof at;

	return getsockname(fd, (struct sockaddr *)&at, &n) ? 0 : ntohs(at.sin_port);
}

struct group {
	int fd[SOCKETS_MAX];
	unsigned n;
	uint16_t port;
};

static bool group_open(struct group *g, unsigned n)
{
	*g = (struct group){ .n = 0 };
	while (g->n < n) {
		int fd = udp_socket(LOOPBACK, g->port, true);

		if (fd == REFUSED)
			return false;
		g->fd[g->n++] = fd;
		g->port = port_of(fd);
	}
	return true;
}

static void group_close(struct group *g)
{
	while (g->n)
		close(g->fd[--g->n]);
}

/* Which of them has the datagram; on the loopback it is there when it is sent. */
static int who_has(const struct group *g, char text)
{
	char got;

	for (unsigned i = 0; i < g->n; i++)
		if (recv(g->fd[i], &got, 1, 0) == 1 && got == text)
			return (int)i;
	return REFUSED;
}

/* A datagram from a port of its own; way becomes its way.  The socket that got it. */
static int send_one(const struct group *g, uint32_t i, struct porthash_way *way)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(g->port),
				  .sin_addr = { htonl(LOOPBACK) } };
	int fd = udp_socket(LOOPBACK, 0, false), who = REFUSED;
	char text = (char)('a' + i % 26);

	if (fd == REFUSED)
		return REFUSED;
	*way = (struct porthash_way){ htonl(LOOPBACK), htonl(LOOPBACK), g->port,
				      htons(port_of(fd)) };
	if (sendto(fd, &text, 1, 0, (struct sockaddr *)&to, sizeof to) == 1)
		who = who_has(g, text);
	close(fd);
	return who;
}

/* n clients one after the other; false: the kernel did not bring them. */
static bool ask_kernel(unsigned sockets, uint32_t n, struct porthash_way *way, uint8_t *got)
{
	struct group g;
	bool fine = group_open(&g, sockets);

	for (uint32_t i = 0; fine && i < n; i++) {
		int who = send_one(&g, i, &way[i]);

		fine = who != REFUSED;
		got[i] = (uint8_t)who;
	}
	group_close(&g);
	return fine;
}

/* --- exactly --------------------------------------------------------------------------- */

#define SEEN 4096u

/* With this secret the first n went where they went. */
static bool explains(uint32_t secret, const struct porthash_way *way, const uint8_t *got,
		     unsigned sockets, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (porthash_pick(porthash(&way[i], secret), sockets) != got[i])
			return false;
	return true;
}

static unsigned foretold(uint32_t secret, const struct porthash_way *way, const uint8_t *got,
			 unsigned sockets)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SEEN; i++)
		n += porthash_pick(porthash(&way[i], secret), sockets) == got[i];
	return n;
}

/* With 64 sockets each datagram halves what is left six times over: 16 leave one secret. */
static int exact(void)
{
	static struct porthash_way way[SEEN];
	static uint8_t got[SEEN];
	unsigned found = 0;
	uint32_t secret = 0;

	if (!ask_kernel(64, SEEN, way, got)) {
		perror("bench_spread");
		return 2;
	}
	do {
		if (!explains(secret, way, got, 64, 16))
			continue;
		found++;
		printf("a secret of 2^32: it foretells %u of %u sockets\n",
		       foretold(secret, way, got, 64), SEEN);
	} while (++secret != 0);
	printf("%u found\n", found);
	return found != 1;
}

/* --- figures ----------------------------------------------------------------------------- */

static const unsigned sockets_of[] = { 2, 4, 8, 16, 32, 64 };
static const uint32_t clients_of[] = { 10, 30, 100, 300, 1000, 3000, 10000 };

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void head(const char *first, const char *unit)
{
	printf("| %s |", first);
	for (unsigned k = 0; k < COUNT(sockets_of); k++)
		printf(" %u %s |", sockets_of[k], unit);
	printf("\n|---|");
	for (unsigned k = 0; k < COUNT(sockets_of); k++)
		printf("---|");
	printf("\n");
}

static void imbalance_cell(enum crowd crowd, uint32_t n, unsigned sockets)
{
	static double of[SEEDS];
	uint32_t count[SOCKETS_MAX];

	for (unsigned s = 0; s < SEEDS; s++) {
		spread(crowd, n, sockets, s, count);
		of[s] = imbalance(count, sockets, n);
	}
	qsort(of, SEEDS, sizeof of[0], by_size);
	printf(" %.2f, %.2f, %.2f |", permille(of, SEEDS, 500), permille(of, SEEDS, 950),
	       permille(of, SEEDS, 990));
}

static void idle_cell(uint32_t n, unsigned sockets)
{
	uint32_t count[SOCKETS_MAX];
	uint64_t sum = 0;

	for (unsigned s = 0; s < SEEDS; s++) {
		spread(CROWD_EVERYWHERE, n, sockets, s, count);
		sum += idle(count, sockets);
	}
	printf(" %.1f |", (double)sum / SEEDS);
}

static void imbalance_table(enum crowd crowd)
{
	printf("\nThe fullest slot to the mean, clients from %s: median, p95, p99 of %u secrets\n\n",
	       crowd_name[crowd], SEEDS);
	head("clients", "slots");
	for (unsigned i = 0; i < COUNT(clients_of); i++) {
		printf("| %u |", clients_of[i]);
		for (unsigned k = 0; k < COUNT(sockets_of); k++)
			imbalance_cell(crowd, clients_of[i], sockets_of[k]);
		printf("\n");
	}
}

static void idle_table(void)
{
	printf("\nSlots without any client, mean of %u secrets\n\n", SEEDS);
	head("clients", "slots");
	for (unsigned i = 0; i < COUNT(clients_of) && clients_of[i] <= 1000; i++) {
		printf("| %u |", clients_of[i]);
		for (unsigned k = 0; k < COUNT(sockets_of); k++)
			idle_cell(clients_of[i], sockets_of[k]);
		printf("\n");
	}
}

static void refused_cell(uint32_t n, unsigned slots)
{
	static double of[SEEDS];
	uint32_t count[SOCKETS_MAX];
	unsigned seeds = n > 10000 ? SEEDS / 10 : SEEDS;
	double sum = 0;

	for (unsigned s = 0; s < seeds; s++) {
		spread(CROWD_EVERYWHERE, n, slots, s, count);
		sum += of[s] = refused(count, slots, n);
	}
	qsort(of, seeds, sizeof of[0], by_size);
	printf(" %.2f %%, %.2f %% |", 100 * sum / seeds, 100 * permille(of, seeds, 990));
}

static void refused_table(void)
{
	static const uint32_t limits[] = { 100, 1000, 10000, 100000 };

	printf("\nAs many clients as limits.endpoints: those without room in their slot, mean and p99\n\n");
	head("clients", "slots");
	for (unsigned i = 0; i < COUNT(limits); i++) {
		printf("| %u |", limits[i]);
		for (unsigned k = 0; k < COUNT(sockets_of); k++)
			refused_cell(limits[i], sockets_of[k]);
		printf("\n");
	}
}

static void dealt_cell(uint32_t n, unsigned slots, unsigned workers)
{
	static double of[SEEDS];
	uint32_t count[SOCKETS_MAX], load[SOCKETS_MAX];

	for (unsigned s = 0; s < SEEDS; s++) {
		spread(CROWD_EVERYWHERE, n, slots, s, count);
		deal(count, slots, workers, load);
		of[s] = imbalance(load, workers, n);
	}
	qsort(of, SEEDS, sizeof of[0], by_size);
	printf(" %.2f, %.2f |", permille(of, SEEDS, 500), permille(of, SEEDS, 990));
}

static void dealt_table(void)
{
	static const unsigned slots[] = { 48, 64, 128, 192, 256 };

	printf("\n1,000 clients, 48 and 64 workers, by the number of slots: the fullest worker to the "
	       "mean, median and p99\n\n| workers | 48 slots | 64 slots | 128 slots | 192 slots | "
	       "256 slots |\n|---|---|---|---|---|---|\n");
	for (unsigned workers = 48; workers <= 64; workers += 16) {
		printf("| %u |", workers);
		for (unsigned k = 0; k < COUNT(slots); k++)
			if (slots[k] < workers)
				printf(" |");
			else
				dealt_cell(1000, slots[k], workers);
		printf("\n");
	}
}

static int table(void)
{
	for (unsigned crowd = 0; crowd < COUNT(crowd_name); crowd++)
		imbalance_table((enum crowd)crowd);
	idle_table();
	dealt_table();
	refused_table();
	return 0;
}

/* --- tests ----------------------------------------------------------------------------- */

static unsigned number;
static bool failed;

static void ok(bool fine, const char *what)
{
	printf("%s %u - %s\n", fine ? "ok" : "not ok", ++number, what);
	failed |= !fine;
}

/* The values are those of another implementation of the same definition. */
static void test_words(void)
{
	ok(porthash_words(0, 0, 0, 0) == 0x1b68e557u && porthash_words(1, 2, 3, 4) == 0x8103143fu,
	   "words have their hashes");
	ok(porthash(&(struct porthash_way){ 0x0100007f, 0x0100007f, 5683, 0x3930 }, 0xdeadbeefu) == 0x175809d3u,
	   "and so has a way");
	ok(porthash_pick(0, 7) == 0 && porthash_pick(UINT32_MAX, 7) == 6 &&
	   porthash_pick(0x80000000u, 64) == 32, "a hash picks one socket of so many");
}

static void test_sums(void)
{
	static const double sorted[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	static const uint32_t count[] = { 6, 0, 3, 3 };
	uint32_t load[2];

	ok(permille(sorted, 10, 500) == 5 && permille(sorted, 10, 990) == 10 &&
	   permille(sorted, 10, 0) == 1, "a percentile is a value that there is");
	ok(imbalance(count, 4, 12) == 2 && idle(count, 4) == 1, "the fullest is twice the mean");
	deal(count, 4, 2, load);
	ok(load[0] == 9 && load[1] == 3, "slots are dealt in turns");
	/* A limit of 12 leaves 12 * 5 / 4 / 4 for a slot, rounded up. */
	ok(site_share(12, 4) == 4 && refused(count, 4, 12) == 2. / 12,
	   "what is above the share of a slot has no room");
	ok(chi_square(count, 4, 12) == (9 + 9 + 0 + 0) / 3., "squares are summed up");
}

static void test_model(void)
{
	uint32_t count[SOCKETS_MAX], again[SOCKETS_MAX];

	spread(CROWD_EVERYWHERE, 10000, 64, 7, count);
	spread(CROWD_EVERYWHERE, 10000, 64, 7, again);
	ok(memcmp(count, again, 64 * sizeof *count) == 0, "a seed says the same twice");
	spread(CROWD_ONE_ADDRESS, 1, 64, 7, count);
	ok(imbalance(count, 64, 1) == 64 && idle(count, 64) == 63, "one client is in one slot");
}

/* Ten deviations above what is to be expected of 63 degrees of freedom: it does not come by
 * chance. */
#define CHI_MOST (63 + 10 * 11.2)

static void test_kernel(void)
{
	static struct porthash_way way[SEEN];
	static uint8_t got[SEEN];
	uint32_t count[SOCKETS_MAX] = { 0 };
	double chi;

	if (!ask_kernel(64, SEEN, way, got)) {
		printf("ok %u - the kernel spreads # SKIP %s\n", ++number, strerror(errno));
		return;
	}
	for (unsigned i = 0; i < SEEN; i++)
		count[got[i]]++;
	chi = chi_square(count, 64, SEEN);
	printf("# %u clients over 64 sockets: chi-square %.1f of 63 degrees, the fullest %.2f of the mean\n",
	       SEEN, chi, imbalance(count, 64, SEEN));
	ok(chi < CHI_MOST, "the kernel spreads clients as the model does");
}

static int tests(void)
{
	test_words();
	test_sums();
	test_model();
	test_kernel();
	printf("1..%u\n", number);
	return failed;
}

int main(int argc, char **argv)
{
	if (argc == 1 || argv[1][0] == '-')     /* options are for tests of another kind */
		return tests();
	if (argc == 2 && strcmp(argv[1], "table") == 0)
		return table();
	if (argc == 2 && strcmp(argv[1], "exact") == 0)
		return exact();
	fprintf(stderr, "usage: bench_spread [table | exact]\n");
	return 2;
}
