#include "exchange/obs_message.h"

#include "coap/block.h"

struct own_option {
	uint32_t number;
	struct span value;
	uint8_t bytes[8];
};

struct own {
	struct own_option option[3];
	unsigned n;
};

static struct own_option *add(struct own *own, uint32_t number)
{
	struct own_option *o = &own->option[own->n++];

	o->number = number;
	return o;
}

static void add_uint(struct own *own, uint32_t number, uint64_t v)
{
	struct own_option *o = add(own, number);

	o->value = span_of(o->bytes, option_uint_encode(v, o->bytes));
}

/* In their order. */
static void collect(struct own *own, const struct obs_own *want)
{
	struct block wish = { .szx = want->szx };

	if (want->observe)
		add_uint(own, OPT_OBSERVE, want->value);
	/* Heeded for all notifications (RFC 7959 2.6). */
	if (want->observe && want->szx < BLOCK_SZX_MAX)
		add_uint(own, OPT_BLOCK2, block_uint(&wish));
	if (want->echo.n)
		add(own, OPT_ECHO)->value = want->echo;
}

/* Of what is known already the rest of something else is not asked for. */
static bool left_out(uint32_t number, const struct obs_own *want)
{
	return number == OPT_OBSERVE || number == OPT_BLOCK2 || number == OPT_ECHO ||
	       (number == OPT_ETAG && !want->observe);
}

void obs_write(struct writer *w, struct span options, struct span payload,
	       const struct obs_own *want)
{
	struct option_writer ow = option_writer(w);
	struct option_iter it = option_iter(options);
	struct own own = { .n = 0 };
	struct option o;
	unsigned i = 0;

	collect(&own, want);
	while (option_next(&it, &o)) {
		if (left_out(o.number, want))
			continue;
		for (; i < own.n && own.option[i].number < o.number; i++)
			option_write(&ow, own.option[i].number, own.option[i].value);
		option_write(&ow, o.number, o.value);
	}
	for (; i < own.n; i++)
		option_write(&ow, own.option[i].number, own.option[i].value);
	message_write_payload(w, payload);
}
