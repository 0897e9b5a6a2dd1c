/* coapd-module-test: runs modules by scripts, with invented time and invented deaths. */
#include <config.h>

#include "kit/trials.h"

#include <getopt.h>
#include <stdlib.h>

enum { EXIT_FINE, EXIT_FAILED, EXIT_WRONG };
enum { OPT_NO_CRASH = 256, OPT_VERSION };

static const struct option table[] = {
	{ "modules-dir", required_argument, NULL, 'I' },
	{ "no-crash", no_argument, NULL, OPT_NO_CRASH },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static struct config_errors errors;

static void help(void)
{
	fputs("Usage: coapd-module-test [-I DIR] [--no-crash] SCRIPT...\n"
	      "\n"
	      "Runs each script against the modules that it mounts: once as it is, and once\n"
	      "with a worker killed in every hook, and before and after every commit.\n"
	      "\n"
	      "  -I, --modules-dir DIR  where modules are (" COAPD_MODULEDIR ")\n"
	      "      --no-crash         only as it is\n"
	      "      --version          print the version, and exit\n"
	      "  -h, --help             print this, and exit\n"
	      "\n"
	      "Output is TAP. Exit status: 0 all is as expected; 1 something is not; 2 wrong\n"
	      "command line or script. coapd-module-test(1) has the language of scripts.\n",
	      stdout);
}

/* All scripts are read before the first is run. */
static int load(struct script **scripts, int n, char *const file[])
{
	int code = EXIT_FINE;

	for (int i = 0; i < n; i++) {
		scripts[i] = script_load(file[i], &errors);
		if (!scripts[i]) {
			errors_print(&errors, stderr);
			code = EXIT_WRONG;
		}
	}
	return code;
}

static int run(struct trials *t, int n, char *const file[])
{
	struct script **scripts = calloc((size_t)n, sizeof *scripts);
	int code = scripts ? load(scripts, n, file) : EXIT_FAILED;

	if (code == EXIT_FINE) {
		printf("1..%d\n", t->crash ? 2 * n : n);
		for (int i = 0; i < n; i++)
			trials_run(t, scripts[i]);
		code = t->failed ? EXIT_FAILED : EXIT_FINE;
	}
	for (int i = 0; scripts && i < n; i++)
		script_free(scripts[i]);
	free(scripts);
	return code;
}

int main(int argc, char *argv[])
{
	struct trials t = { .crash = true, .out = stdout };
	int opt;

	while ((opt = getopt_long(argc, argv, "I:h", table, NULL)) != -1) {
		switch (opt) {
		case 'I':
			t.modules_dir = optarg;
			break;
		case OPT_NO_CRASH:
			t.crash = false;
			break;
		case OPT_VERSION:
			puts("coapd-module-test (" PACKAGE_STRING ")");
			return EXIT_FINE;
		case 'h':
			help();
			return EXIT_FINE;
		default:
			return EXIT_WRONG;
		}
	}
	if (optind == argc) {
		fputs("coapd-module-test: no script is given; coapd-module-test --help says "
		      "more\n", stderr);
		return EXIT_WRONG;
	}
	return run(&t, argc - optind, argv + optind);
}
