#include "client/ctl_options.h"

#include "base/nearest.h"
#include "client/argument_value.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

const struct ctl_row ctl_rows[CTL_VERB_COUNT] = {
#define X(id, name, run, operand, least, most, summary) \
	[CTL_##id] = { name, run, operand, least, most, summary },
	CTL_VERBS(X)
#undef X
};

#define ALL UINT32_MAX
#define ONLY(verb) (1u << CTL_##verb)

const struct ctl_option ctl_option_rows[] = {
	{ "socket", 's', true, "PATH", ALL, "the control socket, if coapd is not found by itself",
	  "Without this option it is\n.Pa control\nin\n.Ev RUNTIME_DIRECTORY ,\nin\n"
	  ".Pa /run/coapd ,\nor in the private directory that coapd makes in\n.Pa /tmp ,\n"
	  "if there is no other; in the latter only what root or the user of\n.Nm\n"
	  "runs is believed to be coapd.\n" },
	{ "json", 'j', false, NULL, ALL & ~(ONLY(METRICS) | ONLY(STOP)),
	  "lines of JSON, as coapd says them",
	  ".Pa control.md\nbeside the documentation of coapd explains them.\n" },
	{ "watch", 'w', true, NULL, ONLY(STATUS), "status as a live screen",
	  "It is made anew again and again, with the requests of each second, until "
	  "interrupted.\n" },
	{ "interval", 'i', false, "SECONDS", ONLY(STATUS), "between two screens (1)", "" },
	{ "pcapng", 'p', false, NULL, ONLY(TRACE),
	  "trace as a file for Wireshark on standard output",
	  "Tcpdump reads it as well.\nThe headers of IP and UDP in it are made anew.\n" },
	{ "count", 'n', false, "N", ONLY(TRACE), "trace: end after so many messages", "" },
	{ "version", 'V', false, NULL, ALL, "print the version", "" },
	{ "help", 'h', true, NULL, ALL, "print this; more in coapctl(1)", "" },
};

#define OPTIONS (sizeof ctl_option_rows / sizeof *ctl_option_rows)
const unsigned ctl_option_count = OPTIONS;

static int set_option(struct ctl_options *o, int opt, struct err *err)
{
	switch (opt) {
	case 's':
		o->socket = optarg;
		return 0;
	case 'j':
		o->json = true;
		return 0;
	case 'w':
		o->watch = true;
		return 0;
	case 'i':
		return argument_seconds(optarg, 100, 3600000, &o->interval_ms, err);
	case 'p':
		o->pcapng = true;
		return 0;
	case 'n':
		return argument_number(optarg, 1, 1000000000, &o->count, err);
	case 'V':
		o->version = true;
		return 0;
	default:
		o->help = true;
		return 0;
	}
}

static int read_verb(struct ctl_options *o, const char *text, struct err *err)
{
	struct nearest near = { .wanted = text };

	for (unsigned v = 0; v < CTL_VERB_COUNT; v++) {
		if (strcmp(text, ctl_rows[v].name) == 0) {
			o->verb = (enum ctl_verb)v;
			return 0;
		}
		nearest_offer(&near, ctl_rows[v].name);
	}
	if (near.best)
		return err_set(err, -EINVAL, "there is no \"%s\"; is it %s?", text, near.best);
	return err_set(err, -EINVAL, "there is no \"%s\"; coapctl --help has all there is", text);
}

static int read_words(struct ctl_options *o, int argc, char *const argv[], struct err *err)
{
	const struct ctl_row *row;
	int rc;

	if (optind == argc)
		return err_set(err, -EINVAL, "what is to be done? coapctl --help has all there is");
	rc = read_verb(o, argv[optind], err);
	if (rc)
		return rc;
	row = &ctl_rows[o->verb];
	o->nwords = (unsigned)(argc - optind - 1);
	if (o->nwords < row->least || o->nwords > row->most)
		return err_set(err, -EINVAL, "it is: coapctl %s %s", row->name, row->operand);
	for (unsigned i = 0; i < o->nwords; i++)
		o->word[i] = argv[optind + 1 + (int)i];
	if (o->watch && o->verb != CTL_STATUS)
		return err_set(err, -EINVAL, "only status can be watched");
	if ((o->pcapng || o->count) && o->verb != CTL_TRACE)
		return err_set(err, -EINVAL, "--pcapng and --count are for trace");
	return 0;
}

/* What getopt_long() wants to know, made of the rows. */
static void tell_getopt(struct option table[OPTIONS + 1])
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct ctl_option *row = &ctl_option_rows[i];

		table[i] = (struct option){ row->name, row->value ? required_argument : no_argument,
					    NULL, row->key };
	}
	table[OPTIONS] = (struct option){ 0 };
}

int ctl_options_read(struct ctl_options *o, int argc, char *const argv[], struct err *err)
{
	struct option table[OPTIONS + 1];
	int opt;

	*o = (struct ctl_options){ .interval_ms = 1000 };
	tell_getopt(table);
	opterr = 0;
	optind = 0;
	while ((opt = getopt_long(argc, argv, ":s:wVh", table, NULL)) != -1) {
		int rc = opt == '?' || opt == ':' ?
			 err_set(err, -EINVAL, "\"%s\" is no option, or lacks its value; coapctl "
				 "--help lists them", argv[optind - 1]) :
			 set_option(o, opt, err);

		if (rc)
			return rc;
	}
	return o->help || o->version ? 0 : read_words(o, argc, argv, err);
}

void ctl_options_help(FILE *out)
{
	fputs("Usage: coapctl [OPTION...] VERB\n"
	      "Asks a running coapd, or has it do something.\n\n", out);
	for (unsigned v = 0; v < CTL_VERB_COUNT; v++) {
		int n = fprintf(out, "  %s %s", ctl_rows[v].name, ctl_rows[v].operand);

		fprintf(out, "%*s%s\n", n < 26 ? 26 - n : 1, "", ctl_rows[v].summary);
	}
	fputc('\n', out);
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct ctl_option *row = &ctl_option_rows[i];
		int n = fprintf(out, "  %c%c%c --%s%s%s", row->letter ? '-' : ' ',
				row->letter ? row->key : ' ', row->letter ? ',' : ' ', row->name,
				row->value ? " " : "", row->value ? row->value : "");

		fprintf(out, "%*s%s\n", n < 26 ? 26 - n : 1, "", row->help);
	}
	fputs("\nExit status: 0 ok, 1 it could not be done, 2 usage.\n", out);
}

static void put_value(FILE *out, const char *value)
{
	fputs(value ? " Ar " : "", out);
	for (const char *p = value ? value : ""; *p; p++)
		fputc(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p, out);
}

void ctl_options_page(FILE *out)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct ctl_option *row = &ctl_option_rows[i];
		char first = row->help[0];

		fputs(".It ", out);
		if (row->letter) {
			fprintf(out, "Fl %c", row->key);
			put_value(out, row->value);
			fputs(" , ", out);
		}
		fprintf(out, "Fl -%s", row->name);
		put_value(out, row->value);
		/* A help is the beginning of a sentence. */
		fprintf(out, "\n%c%s.\n%s", first >= 'a' && first <= 'z' ? first & ~0x20 : first,
			row->help + 1, row->more);
	}
}
