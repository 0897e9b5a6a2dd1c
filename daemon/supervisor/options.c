#include "supervisor/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_FILE COAPD_SYSCONFDIR "/coapd/site.yaml"

/* --- rows ----------------------------------------------------------------- */

enum kind {
	TEXT,           /* a value, the last one counts */
	TEXTS,          /* values that add up */
	WHAT,           /* what is done instead of serving */
	OWN             /* the same, with a descriptor, as coapd tells itself: no help tells it */
};

struct row {
	enum kind kind;
	const char *name;
	char letter;                    /* 0: none */
	const char *value;              /* what to write for its value; NULL: it has none */
	enum options_what what;         /* of WHAT */
	int files;                      /* of WHAT: how many may follow bare */
	size_t offset;                  /* of the others, within struct options */
	const char *help;               /* for --help, lines of up to 52 characters */
	const char *more;               /* for the page besides, sentences of mdoc */
};

#define AT(member) offsetof(struct options, member)

static const struct row rows[] = {
	{ TEXT, "config", 'c', "FILE", 0, 0, AT(file),
	  "the site file (" OPTIONS_FILE ")", "" },
	{ TEXT, "modules-dir", 'M', "DIR", 0, 0, AT(modules_dir),
	  "where modules are, instead of what the site says", "" },
	{ TEXTS, "mount", 0, "PATH=MODULE", 0, 0, AT(mount),
	  "serve this as well; without -c, no file is read",
	  "May be repeated.\nSettings have their defaults.\n" },
	{ TEXTS, "listen", 0, "URI", 0, 0, AT(listen),
	  "receive requests there as well",
	  "May be repeated.\nWithout\n.Fl c ,\nno file is read, and other listeners there are "
	  "none.\n" },
	{ WHAT, "check", 0, NULL, OPTIONS_CHECK, 1, 0,
	  "tell every mistake in the site and its modules'\nsettings, and exit: 0 none, 2 some",
	  "Modules are loaded and asked in a process of their own, so one that crashes or\n"
	  "hangs is named.\n"
	  "Besides, it tells the most memory that the limits allow.\n" },
	{ WHAT, "dump", 0, NULL, OPTIONS_DUMP, 1, 0,
	  "print the site with all defaults filled in",
	  "Modules are loaded for that, in a process of their own; defaults of one that cannot\n"
	  "be loaded are left out, and it is named.\n"
	  "Settings of modules are as they are written, so what variables hold is not shown.\n" },
	{ WHAT, "debug", 0, NULL, OPTIONS_DEBUG, 1, 0,
	  "serve in this process alone, as a debugger likes it",
	  "One worker with all slots, and no process but this one, so that a debugger has\n"
	  "all of it at hand.\n"
	  ".Dv SIGINT\nor\n.Dv SIGTERM\nends it at once, with status 0.\n"
	  "Modules are not checked first, and nobody replaces what crashes.\n" },
	{ WHAT, "diff", 0, NULL, OPTIONS_DIFF, 2, 0,
	  "print what changes from site A to B: 0 nothing, 1 some",
	  "Settings are compared, not lines: their order, files and defaults do not matter.\n"
	  "What cannot change while coapd runs is marked.\n" },
	{ WHAT, "schema", 0, NULL, OPTIONS_SCHEMA, 0, 0,
	  "print a JSON Schema of site files, for editors",
	  "It knows the settings of all modules in the directory of modules.\n"
	  "If started as root, they are loaded as user nobody.\n" },
	{ WHAT, "list-modules", 0, NULL, OPTIONS_LIST_MODULES, 0, 0,
	  "print all modules and their settings", "" },
	{ OWN, "take-over", 0, "N", OPTIONS_TAKE_OVER, 0, 0, "", "" },
	{ OWN, "rehearse", 0, "N", OPTIONS_REHEARSE, 0, 0, "", "" },
	{ WHAT, "version", 0, NULL, OPTIONS_VERSION, 0, 0, "print the version", "" },
	{ WHAT, "help", 'h', NULL, OPTIONS_HELP, 0, 0, "print this", "" },
};

#define NROWS (sizeof rows / sizeof *rows)

/* --- reading -------------------------------------------------------------- */

#define LONG 256                /* of rows[i], getopt_long() returns LONG + i */

/* What getopt_long() wants to know, made of the rows. */
static void tell_getopt(struct option table[NROWS + 1], char letters[2 * NROWS + 1])
{
	for (size_t i = 0; i < NROWS; i++) {
		table[i] = (struct option){ rows[i].name, rows[i].value ? required_argument :
					    no_argument, NULL, LONG + (int)i };
		if (rows[i].letter) {
			*letters++ = rows[i].letter;
			if (rows[i].value)
				*letters++ = ':';
		}
	}
	table[NROWS] = (struct option){ 0 };
	*letters = '\0';
}

static const struct row *row_of(int opt)
{
	if (opt >= LONG)
		return &rows[opt - LONG];
	for (size_t i = 0; i < NROWS; i++)
		if (rows[i].letter == opt)
			return &rows[i];
	return NULL;
}

static int set_what(struct options *o, enum options_what what, struct err *err)
{
	if (o->what != OPTIONS_RUN && o->what != what)
		return err_set(err, -EINVAL, "only one of --check, --dump, --debug, --diff, "
			       "--schema, --list-modules, --version and --help can be done at a "
			       "time");
	o->what = what;
	return 0;
}

static int add_text(const struct row *row, struct options_list *list, const char *value,
		    struct err *err)
{
	if (list->n == OPTIONS_MANY)
		return err_set(err, -EINVAL, "--%s can be given %d times; a site file has room "
			       "for more", row->name, OPTIONS_MANY);
	if (row->offset == AT(mount) && (*value != '/' || !strrchr(value, '=')))
		return err_set(err, -EINVAL, "--mount \"%s\" is not as PATH=MODULE: /=hello, for "
			       "one", value);
	list->value[list->n++] = value;
	return 0;
}

static int read_descriptor(struct options *o, const struct row *row, struct err *err)
{
	char *end;
	long n = strtol(optarg, &end, 10);

	if (end == optarg || *end || n < 3 || n > INT_MAX)
		return err_set(err, -EINVAL, "--%s is for coapd itself", row->name);
	o->state = (int)n;
	return 0;
}

static int set_option(struct options *o, const struct row *row, struct err *err)
{
	void *at = (char *)o + row->offset;

	if (row->kind == OWN && read_descriptor(o, row, err))
		return -EINVAL;
	if (row->kind == WHAT || row->kind == OWN)
		return set_what(o, row->what, err);
	if (row->kind == TEXTS)
		return add_text(row, at, optarg, err);
	*(const char **)at = optarg;
	return 0;
}

static int files_of(enum options_what what)
{
	for (size_t i = 0; i < NROWS; i++)
		if (rows[i].kind == WHAT && rows[i].what == what)
			return rows[i].files;
	return 0;
}

/* The file may follow --check and the like bare. */
static int read_rest(struct options *o, int argc, char *const argv[], struct err *err)
{
	if (o->what == OPTIONS_DIFF && (argc != 2 || o->file || o->mount.n || o->listen.n))
		return err_set(err, -EINVAL, "--diff compares two site files, given bare");
	if (argc > files_of(o->what) || (argc && o->file))
		return err_set(err, -EINVAL, "do not know what \"%s\" is for; the site "
			       "file is given once, with -c", argv[argc - 1]);
	if (argc)
		o->file = argv[0];
	if (argc > 1)
		o->other = argv[1];
	if (!o->file && !o->mount.n && !o->listen.n)
		o->file = OPTIONS_FILE;
	return 0;
}

static int unknown(char *const argv[], int index, struct err *err)
{
	return err_set(err, -EINVAL, "\"%s\" is no option, or lacks its value; "
		       "coapd --help lists them", argv[index]);
}

int options_read(struct options *o, int argc, char *const argv[], struct err *err)
{
	struct option table[NROWS + 1];
	char letters[2 * NROWS + 1];
	int opt, rc;

	*o = (struct options){ .what = OPTIONS_RUN };
	tell_getopt(table, letters);
	optind = 0;     /* start anew, whoever read a command line before */
	opterr = 0;
	for (int at = 1; (opt = getopt_long(argc, argv, letters, table, NULL)) != -1;
	     at = optind) {
		const struct row *row = row_of(opt);

		rc = row ? set_option(o, row, err) : unknown(argv, at, err);
		if (rc)
			return rc;
	}
	return read_rest(o, argc - optind, argv + optind, err);
}

/* --- telling -------------------------------------------------------------- */

#define MARGIN 27

static void put_help(FILE *out, const struct row *row)
{
	char names[MARGIN + 1];
	const char *line = row->help, *end;

	snprintf(names, sizeof names, "  %c%c%s --%s %s", row->letter ? '-' : ' ',
		 row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
		 row->value ? row->value : row->files == 2 ? "A B" : row->files ? "[FILE]" : "");
	fprintf(out, "%-*s", MARGIN, names);
	for (; (end = strchr(line, '\n')); line = end + 1)
		fprintf(out, "%.*s\n%*s", (int)(end - line), line, MARGIN, "");
	fprintf(out, "%s\n", line);
}

void options_help(FILE *out)
{
	fputs("Usage: coapd [-c FILE] [-M DIR] [--mount PATH=MODULE] [--listen URI]\n"
	      "       coapd --check | --dump | --debug [FILE]\n", out);
	for (size_t i = 0; i < NROWS; i++)
		if (rows[i].kind != OWN)
			put_help(out, &rows[i]);
	fputs("Signals: TERM or INT stop it when the last requests are answered, a second\n"
	      "one at once; USR1 logs all counters.\n"
	      "Exit status: 0 stopped as asked; 2 wrong site file or command line; 1 it\n"
	      "could not start for another reason. More in coapd(8) and coapd-site(5).\n", out);
}

static void put_value(FILE *out, const struct row *row)
{
	fputs(row->value ? " Ar " : row->files == 2 ? " Ar a b" : row->files ? " Op Ar file" : "", out);
	for (const char *p = row->value ? row->value : ""; *p; p++)
		fputc(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p, out);
}

/* A help is the beginning of a sentence. */
static void put_sentence(FILE *out, const char *help)
{
	fputc(*help >= 'a' && *help <= 'z' ? *help & ~0x20 : *help, out);
	for (const char *p = help + 1; *p; p++)
		fputc(*p == '\n' ? ' ' : *p, out);
	fputs(".\n", out);
}

void options_page(FILE *out)
{
	for (size_t i = 0; i < NROWS; i++) {
		const struct row *row = &rows[i];

		if (row->kind == OWN)
			continue;
		fputs(".It ", out);
		if (row->letter) {
			fprintf(out, "Fl %c", row->letter);
			put_value(out, row);
			fputs(" , ", out);
		}
		fprintf(out, "Fl -%s", row->name);
		put_value(out, row);
		fputc('\n', out);
		put_sentence(out, row->help);
		fputs(row->more, out);
	}
}
