#include "supervisor/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>

#define OPTIONS_FILE COAPD_SYSCONFDIR "/coapd/site.yaml"

enum { OPT_CHECK = 256, OPT_DUMP, OPT_DEBUG, OPT_VERSION };

static const struct option table[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "modules-dir", required_argument, NULL, 'M' },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "dump", no_argument, NULL, OPT_DUMP },
	{ "debug", no_argument, NULL, OPT_DEBUG },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static int set_what(struct options *o, enum options_what what, struct err *err)
{
	if (o->what != OPTIONS_RUN && o->what != what)
		return err_set(err, -EINVAL, "only one of --check, --dump, --debug, "
			       "--version and --help can be done at a time");
	o->what = what;
	return 0;
}

static int unknown(char *const argv[], int index, struct err *err)
{
	return err_set(err, -EINVAL, "\"%s\" is no option, or lacks its value; "
		       "coapd --help lists them", argv[index]);
}

static int set_option(struct options *o, int opt, struct err *err)
{
	switch (opt) {
	case 'c':
		o->file = optarg;
		return 0;
	case 'M':
		o->modules_dir = optarg;
		return 0;
	case OPT_CHECK:
		return set_what(o, OPTIONS_CHECK, err);
	case OPT_DUMP:
		return set_what(o, OPTIONS_DUMP, err);
	case OPT_DEBUG:
		return set_what(o, OPTIONS_DEBUG, err);
	case OPT_VERSION:
		return set_what(o, OPTIONS_VERSION, err);
	default:
		return set_what(o, OPTIONS_HELP, err);
	}
}

static bool takes_file(enum options_what what)
{
	return what == OPTIONS_CHECK || what == OPTIONS_DUMP || what == OPTIONS_DEBUG;
}

/* The file may follow --check, --dump or --debug bare. */
static int read_rest(struct options *o, int argc, char *const argv[], struct err *err)
{
	if (argc == 0)
		return 0;
	if (argc > 1 || o->file || !takes_file(o->what))
		return err_set(err, -EINVAL, "do not know what \"%s\" is for; the site "
			       "file is given once, with -c", argv[argc - 1]);
	o->file = argv[0];
	return 0;
}

int options_read(struct options *o, int argc, char *const argv[], struct err *err)
{
	int opt, rc;

	*o = (struct options){ .what = OPTIONS_RUN };
	optind = 0;     /* start anew, whoever read a command line before */
	opterr = 0;
	for (int at = 1; (opt = getopt_long(argc, argv, "c:M:h", table, NULL)) != -1;
	     at = optind) {
		rc = opt == '?' ? unknown(argv, at, err) : set_option(o, opt, err);
		if (rc)
			return rc;
	}
	rc = read_rest(o, argc - optind, argv + optind, err);
	if (!o->file)
		o->file = OPTIONS_FILE;
	return rc;
}

void options_help(FILE *out)
{
	fputs("Usage: coapd [-c FILE] [-M DIR]\n"
	      "       coapd --check [FILE] | --dump [FILE] | --debug [FILE] | --version | --help\n"
	      "\n"
	      "A CoAP server. It stays in the foreground and logs to standard error.\n"
	      "\n"
	      "  -c, --config FILE      the site file (" OPTIONS_FILE ")\n"
	      "  -M, --modules-dir DIR  where modules are, instead of what the site says\n"
	      "      --check [FILE]     tell every mistake in the site file and its modules'\n"
	      "                         settings, and exit: 0 none, 2 some\n"
	      "      --dump [FILE]      print the site with coapd's defaults filled in, and exit\n"
	      "      --debug [FILE]     serve in this process alone, as a debugger likes it\n"
	      "      --version          print the version, and exit\n"
	      "  -h, --help             print this, and exit\n"
	      "\n"
	      "Signals: TERM or INT stop it when the last requests are answered, a second\n"
	      "one at once; USR1 logs all counters.\n"
	      "Exit status: 0 stopped as asked; 2 wrong site file or command line; 1 it\n"
	      "could not start for another reason.\n"
	      "\n"
	      "More in coapd(8) and coapd-site(5).\n", out);
}
