#include "control/roster.h"

static bool is_asked_for(const struct inquiry *a, const struct addr *peer)
{
	return order_is_about(&a->whom, peer);
}

static void write_remote(struct record *r, const struct addr *peer)
{
	char text[ADDR_TEXT];

	record_text(r, "peer", addr_print(peer, text, sizeof text));
}

static bool write_peer(struct inquiry *a, const struct view *v, struct record *line)
{
	uint64_t now_s = a->desk->now_ms() / 1000;
	struct view_peer p;

	if (!view_peer(v, a->place, &p) || !is_asked_for(a, &p.remote))
		return false;
	write_remote(line, &p.remote);
	record_uint(line, "slot", a->slot);
	record_uint(line, "idle_s", now_s > p.seen_s ? now_s - p.seen_s : 0);
	record_uint(line, "observers", p.observers);
	record_uint(line, "exchanges", p.exchanges);
	record_uint(line, "assemblies", p.assemblies);
	record_uint(line, "answers", p.answers);
	return true;
}

static bool write_observer(struct inquiry *a, const struct view *v, struct record *line)
{
	struct view_observer o;

	if (!view_observer(v, a->place, &o) || !is_asked_for(a, &o.remote))
		return false;
	write_remote(line, &o.remote);
	record_uint(line, "slot", a->slot);
	record_uint(line, "sequence", o.sequence & 0xffffff);
	record_bool(line, "under_way", o.under_way);
	record_bool(line, "non", o.non);
	record_hex(line, "request", span_of(o.request, o.len));
	return true;
}

/* On from where it stopped, until something was written or enough was looked at. */
static bool go_on(struct inquiry *a, struct record *line,
		  uint32_t (*places)(const struct view *),
		  bool (*write)(struct inquiry *, const struct view *, struct record *))
{
	for (unsigned n = 0; n < ROSTER_PLACES && a->slot < a->desk->nslots; n++) {
		const struct view *v = &a->desk->slot[a->slot];
		bool written = a->place < places(v) && write(a, v, line);

		if (a->place >= places(v)) {
			a->slot++;
			a->place = 0;
		} else {
			a->place++;
		}
		if (written)
			return true;
	}
	if (a->slot < a->desk->nslots)
		return true;
	record_bool(line, "end", true);
	return false;
}

bool roster_peers(struct inquiry *a, struct record *line)
{
	return go_on(a, line, view_peers, write_peer);
}

bool roster_observers(struct inquiry *a, struct record *line)
{
	return go_on(a, line, view_observers, write_observer);
}
