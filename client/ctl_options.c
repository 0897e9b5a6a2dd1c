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

static const struct option table[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ "watch", no_argument, NULL, 'w' },
	{ "interval", required_argument, NULL, 'i' },
	{ "pcapng", no_argument, NULL, 'p' },
	{ "count", required_argument, NULL, 'n' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

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

int ctl_options_read(struct ctl_options *o, int argc, char *const argv[], struct err *err)
{
	int opt;

	*o = (struct ctl_options){ .interval_ms = 1000 };
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
	fputs("\n  -s, --socket PATH       the control socket, if coapd is not found by itself\n"
	      "      --json              lines of JSON, as coapd says them\n"
	      "  -w, --watch             status as a live screen\n"
	      "      --interval SECONDS  between two screens (1)\n"
	      "      --pcapng            trace as a file for Wireshark on standard output\n"
	      "      --count N           trace: end after so many messages\n"
	      "      --version           print the version\n"
	      "  -h, --help              print this; more in coapctl(1)\n\n"
	      "Exit status: 0 ok, 1 it could not be done, 2 usage.\n", out);
}
