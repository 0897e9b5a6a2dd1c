#include "worker/accesslog.h"

#include "base/clock.h"
#include "base/log.h"
#include "coap/block.h"
#include "exchange/dedup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_BURST 1u

static struct accesslog *of(struct witness *w)
{
	return (struct accesslog *)(void *)w;
}

/* --- writing ---------------------------------------------------------------------- */

void accesslog_flush(struct accesslog *l)
{
	if (l->n && write(l->fd, l->buffer, l->n) != (ssize_t)l->n)
		log_limited(&l->limit, clock_ms(), LOG_BURST, LOG_WARN, "lines of the access log "
			    "are lost: %s", strerror(errno));
	l->n = 0;
}

static void put(struct accesslog *l, const struct accessline *line)
{
	if (l->n + ACCESSLINE_MAX > sizeof l->buffer)
		accesslog_flush(l);
	l->n += l->json ? accessline_json(line, l->buffer + l->n) :
			  accessline_text(line, l->buffer + l->n);
}

/* --- which answers -------------------------------------------------------------------- */

/* Whether path is what a word of n bytes names, or below that. */
static bool is_below(const char *path, const char *word, size_t n)
{
	if (n && word[n - 1] == '/')
		n--;
	return strncmp(path, word, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static bool is_wanted(const struct accesslog *l, const char *path)
{
	const char *word = l->paths + strspn(l->paths, " ");

	if (!*word)
		return true;
	while (*word) {
		size_t n = strcspn(word, " ");

		if (is_below(path, word, n))
			return true;
		word += n + strspn(word + n, " ");
	}
	return false;
}

/* --- what is not over yet --------------------------------------------------------------- */

/* Its place, taken by whichever has been there last. */
static struct accesslog_open *place_of(struct accesslog *l, ref_t exchange)
{
	uint64_t mixed = exchange * 0x9e3779b97f4a7c15u;

	return &l->open[mixed >> 32 & (ACCESSLOG_OPEN - 1)];
}

static struct accesslog_open *find(struct accesslog *l, ref_t exchange)
{
	struct accesslog_open *o = place_of(l, exchange);

	return o->exchange == exchange ? o : NULL;
}

/* Another one in its place has its line as it is by now. */
static struct accesslog_open *take(struct accesslog *l, ref_t exchange)
{
	struct accesslog_open *o = place_of(l, exchange);

	if (o->exchange && o->exchange != exchange && o->answered)
		put(l, &o->line);
	o->exchange = exchange;
	o->answered = false;
	return o;
}

static void waits(struct witness *w, ref_t exchange)
{
	struct accesslog *l = of(w);

	take(l, exchange)->began_ns = l->now_ns;
}

static void ended(struct witness *w, ref_t exchange, uint32_t retransmissions)
{
	struct accesslog *l = of(w);
	struct accesslog_open *o = find(l, exchange);

	if (!o)
		return;
	o->line.retransmissions = retransmissions;
	if (o->answered)
		put(l, &o->line);
	o->exchange = 0;
}

/* --- answers -------------------------------------------------------------------------- */

/* Which block of a body it is about, from 1: of the request's, or of its own. */
static uint32_t block_number(const struct message *request, const struct message *response)
{
	struct span value;
	struct block b;

	if ((message_option(request, OPT_BLOCK1, 0, &value) ||
	     message_option(response, OPT_BLOCK2, 0, &value)) && block_parse(value, &b) == BLOCK_OK)
		return b.num + 1;
	return 0;
}

static void describe(const struct answered *a, uint64_t began_ns, struct accessline *line)
{
	const struct request *r = a->request;
	struct message response = { .code = a->code };

	if (!message_parse_body(a->body, &response))
		response.payload = span_of(NULL, 0);
	line->method = r->msg.code;
	line->code = a->code;
	line->peer = r->from;
	line->received = r->msg.payload.n;
	line->bytes = response.payload.n;
	line->block = block_number(&r->msg, &response);
	line->retransmissions = 0;
	line->us = (clock_ns() - began_ns) / 1000;
	clock_gettime(CLOCK_REALTIME, &line->at);
}

/* A worker that died took with it when exactly a request came. */
static uint64_t when_it_came(struct accesslog *l, const struct answered *a)
{
	struct accesslog_open *o = a->waited ? find(l, a->waited) : NULL;

	if (o)
		return o->began_ns;
	if (a->waited && a->request->dedup)
		return a->request->dedup->at_s * 1000000000ull;
	return l->now_ns;
}

static void answered(struct witness *w, const struct answered *a)
{
	struct accesslog *l = of(w);
	struct accesslog_open *o;
	struct accessline line;

	if (l->count++ % l->each)
		return;
	accessline_path(&a->request->msg, line.path);
	if (!is_wanted(l, line.path))
		return;
	describe(a, when_it_came(l, a), &line);
	if (!a->separate) {
		put(l, &line);
		return;
	}
	o = take(l, a->waited);
	o->line = line;
	o->answered = true;
}

/* --- life --------------------------------------------------------------------------------- */

struct accesslog *accesslog_new(const struct site *site, int fd)
{
	struct accesslog *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->witness = (struct witness){ .waits = waits, .answered = answered, .ended = ended };
	l->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	l->json = site->access_format == LOG_JSON;
	l->each = site->access_each;
	l->paths = site->access_paths;
	l->open = calloc(ACCESSLOG_OPEN, sizeof *l->open);
	if (l->open && l->fd >= 0)
		return l;
	if (l->fd >= 0)
		close(l->fd);
	free(l->open);
	free(l);
	return NULL;
}

void accesslog_free(struct accesslog *l)
{
	if (!l)
		return;
	accesslog_flush(l);
	close(l->fd);
	free(l->open);
	free(l);
}

void accesslog_turn(struct accesslog *l, int fd)
{
	accesslog_flush(l);
	close(l->fd);
	l->fd = fd;
}
