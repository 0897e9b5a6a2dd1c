#include "client/argument_value.h"
#include "client/ctl_figures.h"
#include "client/ctl_link.h"
#include "client/ctl_match.h"
#include "client/ctl_pcapng.h"
#include "client/show.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

struct trace {
	const struct ctl_options *o;
	struct show show;
	struct ctl_match *match;        /* NULL: all are wanted */
	uint64_t began_us, left_out;
	int64_t n;
};

static volatile sig_atomic_t ended;
static int connection;          /* while signals are caught */

/* Whoever waits for a line, now or in a moment, finds its end. */
static void on_signal(int number)
{
	(void)number;
	ended = 1;
	shutdown(connection, SHUT_RDWR);
}

static const char *text_of(const json_t *line, const char *name)
{
	const char *text = json_string_value(json_object_get(line, name));

	return text ? text : "";
}

/* A datagram as the daemon told it, its bytes in a buffer. */
static bool read_datagram(const json_t *line, struct net_datagram *d, struct addr *here,
			  uint8_t *bytes, size_t cap)
{
	struct writer w = writer_of(bytes, cap);

	*d = (struct net_datagram){ .out = strcmp(text_of(line, "way"), "sent") == 0 };
	if (addr_parse(text_of(line, "peer"), &d->peer) ||
	    addr_parse(text_of(line, "here"), here) ||
	    !argument_hex(text_of(line, "bytes"), &w) || w.full)
		return false;
	d->bytes = span_of(bytes, (size_t)(w.p - bytes));
	return true;
}

static void print(struct trace *t, json_t *line, struct net_datagram *d,
		  const struct addr *here)
{
	uint64_t at = ctl_member(line, "at_us");

	t->began_us = t->began_us ? t->began_us : at;
	d->at = (double)(at - t->began_us) / 1e6;
	if (t->o->pcapng) {
		ctl_pcapng_write(stdout, at, d->out ? here : &d->peer, d->out ? &d->peer : here,
				 d->bytes);
	} else if (t->o->json) {
		json_dumpf(line, stdout, JSON_COMPACT);
		putchar('\n');
		fflush(stdout);
	} else {
		show_datagram(&t->show, d);
	}
}

static void say_left_out(struct trace *t, const json_t *line)
{
	uint64_t n = ctl_member(line, "left_out");

	if (n > t->left_out)
		fprintf(stderr, "coapctl: %" PRIu64 " messages more than could be shown\n",
			n - t->left_out);
	t->left_out = n > t->left_out ? n : t->left_out;
}

static bool take(void *arg, json_t *line)
{
	struct trace *t = arg;
	uint8_t bytes[2048];
	struct net_datagram d;
	struct addr here;

	if (!read_datagram(line, &d, &here, bytes, sizeof bytes))
		return true;
	say_left_out(t, line);
	if (t->match && !ctl_match(t->match, &d.peer, d.out, d.bytes))
		return true;
	print(t, line, &d, &here);
	return ++t->n != t->o->count && !ferror(stdout);
}

/* Until somebody has enough. */
static int follow(struct ctl_link *l, struct trace *t, struct err *err)
{
	json_t *line;
	bool more = true;

	while (more && !ended) {
		line = ctl_link_line(l, -1, err);
		if (!line)
			return ended ? 0 : -EPROTO;
		more = take(t, line);
		json_decref(line);
	}
	return 0;
}

static void catch_signals(int fd)
{
	struct sigaction act = { .sa_handler = on_signal };

	connection = fd;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

/* A word that begins with a slash is a path, any other a peer. */
static json_t *request_of(const struct ctl_options *o, struct trace *t,
			  struct ctl_match *match)
{
	json_t *request = json_pack("{s:s}", "do", "trace");

	if (o->nwords && o->word[0][0] == '/') {
		match->path = o->word[0];
		t->match = match;
	} else if (o->nwords) {
		json_object_set_new(request, "peer", json_string(o->word[0]));
	}
	return request;
}

int ctl_trace_run(const struct ctl_options *o)
{
	static struct ctl_match match;
	struct arguments look = { .verbose = 1 };
	struct trace t = { .o = o };
	struct ctl_link l;
	struct err err;
	int rc = ctl_link_open(&l, o, &err);

	show_open(&t.show, &look, stdout);
	if (rc == 0)
		catch_signals(l.fd);
	if (rc == 0 && o->pcapng)
		ctl_pcapng_begin(stdout);
	if (rc == 0)
		rc = ctl_link_send(&l, request_of(o, &t, &match), &err);
	if (rc == 0)
		rc = follow(&l, &t, &err);
	if (rc)
		fprintf(stderr, "coapctl: %s\n", err.text);
	show_close(&t.show);
	ctl_link_close(&l);
	return rc ? CTL_FAILED : CTL_OK;
}
