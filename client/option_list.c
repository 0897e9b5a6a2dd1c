#include "client/option_list.h"

#include "coap/option_text.h"

void option_list_init(struct option_list *l)
{
	l->n = 0;
	l->full = false;
	l->w = writer_of(l->bytes, sizeof l->bytes);
}

void option_list_add(struct option_list *l, uint32_t number, struct span value)
{
	if (l->n == OPTION_LIST_MANY || value.n > writer_left(&l->w)) {
		l->full = true;
		return;
	}
	l->v[l->n].number = (uint16_t)number;
	l->v[l->n].at = (uint16_t)(l->w.p - l->bytes);
	l->v[l->n].n = (uint16_t)value.n;
	write_span(&l->w, value);
	l->n++;
}

void option_list_add_uint(struct option_list *l, uint32_t number, uint64_t v)
{
	uint8_t value[8];

	option_list_add(l, number, span_of(value, option_uint_encode(v, value)));
}

void option_list_add_all(struct option_list *l, struct span options)
{
	struct option_iter it = option_iter(options);
	struct option o;

	while (option_next(&it, &o))
		option_list_add(l, o.number, o.value);
}

bool option_list_has(const struct option_list *l, uint32_t number)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->v[i].number == number)
			return true;
	return false;
}

int option_list_parse(struct option_list *l, const char *text, struct err *err)
{
	struct option_text o;
	int rc = option_text_parse(text, &o, err);

	if (rc == 0)
		option_list_add(l, o.number, option_text_value(&o));
	return rc;
}

bool option_list_write(const struct option_list *l, struct writer *w)
{
	struct option_writer ow = option_writer(w);
	uint32_t number = 0;

	/* The next number each time; there are few. */
	while (number <= UINT16_MAX) {
		uint32_t next = UINT16_MAX + 1;

		for (unsigned i = 0; i < l->n; i++) {
			if (l->v[i].number == number)
				option_write(&ow, number, span_of(l->bytes + l->v[i].at, l->v[i].n));
			else if (l->v[i].number > number && l->v[i].number < next)
				next = l->v[i].number;
		}
		number = next;
	}
	return !l->full && !w->full;
}
