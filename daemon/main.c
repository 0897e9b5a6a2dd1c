/* coapd: reads the command line and the site file, has the modules checked, and
 * becomes the supervisor.  Unless it is asked to be all in one (--debug), this process
 * opens no module and reads no datagram. */
#include <config.h>

#include "base/log.h"
#include "base/utf8.h"
#include "config/diff.h"
#include "config/schema_site.h"
#include "config/site.h"
#include "config/spoken.h"
#include "config/value.h"
#include "supervisor/check.h"
#include "supervisor/effective.h"
#include "supervisor/estate.h"
#include "supervisor/options.h"
#include "supervisor/passed.h"
#include "supervisor/premises.h"
#include "supervisor/runtime.h"
#include "supervisor/store.h"
#include "supervisor/supervisor.h"
#include "supervisor/upgrade.h"
#include "worker/inventory.h"
#include "worker/sandbox.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Exit statuses, as coapd(8) has them; 0 is success. */
enum { EXIT_STARTED_NOT = SUPERVISOR_FAILED, EXIT_DIFFERENT = 1, EXIT_WRONG = 2 };

static struct config_errors errors, more;

static int wrong(void)
{
	errors_print(&errors, stderr);
	return EXIT_WRONG;
}

/* A site is text, which arguments need not be. */
static bool is_text(const char *said)
{
	char quoted[VALUE_QUOTE];

	if (utf8_valid(said, strlen(said)))
		return true;
	return errors_add(&errors, (struct config_place){ 0 }, "%s is no UTF-8 text, as a site is",
			  value_quote(said, strlen(said), quoted));
}

static bool all_text(const struct options *o)
{
	bool text = !o->file || is_text(o->file);

	for (size_t i = 0; i < o->mount.n; i++)
		text &= is_text(o->mount.value[i]);
	for (size_t i = 0; i < o->listen.n; i++)
		text &= is_text(o->listen.value[i]);
	return text;
}

/* What is said on the command line, and the file in addition. */
static struct site *load_spoken(const struct options *o)
{
	struct spoken said = { o->file, o->mount.value, o->mount.n, o->listen.value,
			       o->listen.n };
	size_t n = 0;
	struct site *site;
	char *text;

	errors_begin(&errors, "command line");
	if (!all_text(o))
		return NULL;
	text = spoken_text(&said, &n);
	site = site_read_text("command line", text ? text : "", n, &errors);
	free(text);
	return site;
}

static struct site *load(const struct options *o,
			 struct site *(*read)(const char *file, struct config_errors *errors))
{
	struct site *site;

	errors_begin(&errors, o->file ? o->file : "command line");
	site = o->mount.n || o->listen.n ? load_spoken(o) : read(o->file, &errors);
	if (site && o->modules_dir)
		site->modules_dir = o->modules_dir;
	return site;
}

/* With a directory for what modules keep in files. */
static int with_directory(struct site *site, const struct options *o,
			  enum supervisor_exit (*what)(struct site *, const struct options *))
{
	struct err err;
	char *at = runtime_make(site->runtime_directory, site->user, &err);
	int code;

	/* Who names a place wants it; else it is up to the modules whether they do. */
	if (!at && site->runtime_directory[0]) {
		site_blame(site, "runtime-directory", -1, &err);
		log_error("%s", err.text);
		return EXIT_STARTED_NOT;
	}
	if (!at)
		log_warn("%s: modules that need one will not start", err.text);
	site->runtime_at = at;
	code = (int)what(site, o);
	runtime_remove(at);
	return code;
}

/* The sockets that are passed in say how many slots there are; else those that were kept. */
static bool settle_slots(struct site *site)
{
	struct err err;
	int n = passed_slots(site, &err);

	if (n < 0)
		log_error("%s", err.text);
	if (n > 0 && site->slots && site->slots != (uint32_t)n)
		log_warn("%s: slots is %u, but as %d sockets were passed for each listener, there "
			 "are %d", site->file, site->slots, n, n);
	if (n > 0)
		site->slots = (uint32_t)n;
	if (n == 0 && !site->slots)
		site->slots = store_slots();
	return n >= 0;
}

/* All that is wrong in one go, so what can be found in a site with mistakes is.  What is
 * missing around it may be there the next time, which a service manager is to try. */
static int look(const struct site *site)
{
	enum check modules = CHECK_FINE;
	bool mistaken;

	if (premises_check(site, &errors))
		modules = check_modules(site, CHECK_MS, &more);
	mistaken = errors.count || (modules == CHECK_WRONG && more.count > more.passing);
	errors_join(&errors, &more);
	premises_around(site, &errors);
	return mistaken ? EXIT_WRONG : errors.count ? EXIT_STARTED_NOT : 0;
}

static struct site *load_again(void *arg, struct config_errors *out)
{
	struct site *site = load(arg, site_read_again);

	*out = errors;
	return site;
}

/* In a child. */
static bool look_again(void *arg, const struct site *site, struct config_errors *out)
{
	bool fine;

	(void)arg;
	errors = *out;
	fine = look(site) == 0;
	*out = errors;
	return fine;
}

static struct supervisor_source source_of(const struct options *o)
{
	return (struct supervisor_source){ load_again, look_again, (void *)o, o->argv };
}

static enum supervisor_exit serve(struct site *site, const struct options *o)
{
	const struct supervisor_source source = source_of(o);

	return supervisor_run(site, &source);
}

static enum supervisor_exit serve_alone(struct site *site, const struct options *o)
{
	(void)o;
	return supervisor_debug(site);
}

static int run(struct site *site, const struct options *o)
{
	int code;

	/* The memory of slots counts as a file that may be too long: an error to be told. */
	signal(SIGXFSZ, SIG_IGN);
	site_log(site, "supervisor");
	code = look(site);
	if (code) {
		wrong();
		return code;
	}
	if (!settle_slots(site))
		return EXIT_STARTED_NOT;
	return with_directory(site, o, serve);
}

static int check(struct site *site, const struct options *o)
{
	(void)o;
	if (look(site))
		return wrong();
	printf("%s: no mistakes: %zu listeners, %zu resources\n", site->file,
	       site->nlisteners, site->nmounts);
	premises_memory(site, stdout);
	return 0;
}

static int dump(struct site *site, const struct options *o)
{
	int rc = effective_dump(site, CHECK_MS, stdout, stderr);

	(void)o;
	if (rc == 0)
		return 0;
	fprintf(stderr, "coapd: cannot print the site: %s\n", strerror(-rc));
	return EXIT_STARTED_NOT;
}

/* Everything in this process, modules too, so that a debugger has it all. */
static int debug(struct site *site, const struct options *o)
{
	site_log(site, "debug");
	if (!settle_slots(site))
		return EXIT_STARTED_NOT;
	return with_directory(site, o, serve_alone);
}

/* --- in place of another program ------------------------------------------------------------ */

/* What is wrong with the site, as the program before is to tell it. */
static void go_back(struct estate *e, const struct options *o)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (f) {
		errors_print(&errors, f);
		fclose(f);
	}
	(void)upgrade_return(e, o->argv, text ? text : "no memory");
	free(text);
}

static int take_over(const struct options *o)
{
	const struct supervisor_source source = source_of(o);
	struct site *site = NULL;
	struct err err = { "" };
	char *directory;
	struct estate e;
	int code;

	signal(SIGXFSZ, SIG_IGN);
	if (estate_read(&e, o->state, &err)) {
		fprintf(stderr, "coapd: %s\n", err.text);
		return EXIT_STARTED_NOT;
	}
	close(o->state);
	if (!estate_text(&e, "verdict")) {
		site = load(o, site_read_again);
		if (!site || errors.count) {
			go_back(&e, o);
			return wrong();
		}
	}
	directory = estate_path(&e, "runtime");
	code = (int)supervisor_take_over(&e, site, &source);
	runtime_remove(directory);
	estate_free(&e);
	return code;
}

/* All that it says is heard by the program that is to be taken over from. */
static _Noreturn void rehearse(const struct options *o)
{
	const struct supervisor_source source = source_of(o);
	static struct config_errors told;
	struct err err = { "" };
	struct site *site;
	struct estate e;
	bool fine;

	signal(SIGXFSZ, SIG_IGN);
	if (estate_read(&e, o->state, &err)) {
		fprintf(stderr, "%s\n", err.text);
		_exit(EXIT_STARTED_NOT);
	}
	site = source.load(source.arg, &told);
	fine = site && supervisor_rehearse(&e, site, &source, &told);
	if (!fine)
		errors_print(&told, stderr);
	fflush(NULL);
	_exit(fine ? 0 : EXIT_STARTED_NOT);
}

/* --- what needs no site ------------------------------------------------------- */

static int diff(const struct options *o)
{
	struct site *a = site_load(o->file, &errors), *b = site_load(o->other, &more);
	int code = EXIT_WRONG;

	errors_print(&errors, stderr);
	errors_print(&more, stderr);
	if (a && b)
		code = diff_sites(a, b, stdout) ? EXIT_DIFFERENT : 0;
	site_free(a);
	site_free(b);
	return code;
}

/* Loads modules in this process, and does nothing else. */
static int modules(const struct options *o, int (*what)(const char *dir, FILE *out,
							FILE *complaints, struct err *err))
{
	const char *dir = o->modules_dir;
	struct err err;

	if (!dir)
		dir = schema_find(schema_site[0].rows, schema_site[0].nrows, "modules-dir")->deflt;
	if (sandbox_drop("nobody", &err) == 0 && what(dir, stdout, stderr, &err) == 0)
		return 0;
	fprintf(stderr, "coapd: %s\n", err.text);
	return EXIT_STARTED_NOT;
}

/* Where nothing is served yet there is nothing to end. */
static void gone(int number)
{
	(void)number;
	_exit(0);
}

/* The first process of a container: it is sent no signal that it has no handler for, not even
 * one that would end it.  The supervisor's own handlers take the place of these. */
static void first_process(void)
{
	signal(SIGTERM, gone);
	signal(SIGINT, gone);
}

static int with_site(const struct options *o,
		     int (*what)(struct site *, const struct options *))
{
	struct site *site = load(o, site_read);
	bool wants_mistakes = what == check || what == run;
	int code = site && (wants_mistakes || !errors.count) ? what(site, o) : wrong();

	site_free(site);
	return code;
}

int main(int argc, char *argv[])
{
	struct options o;
	struct err err;

	if (options_read(&o, argc, argv, &err)) {
		fprintf(stderr, "coapd: %s\n", err.text);
		return EXIT_WRONG;
	}
	o.argv = argv;
	switch (o.what) {
	case OPTIONS_CHECK:
		return with_site(&o, check);
	case OPTIONS_DUMP:
		return with_site(&o, dump);
	case OPTIONS_DEBUG:
		return with_site(&o, debug);
	case OPTIONS_DIFF:
		return diff(&o);
	case OPTIONS_SCHEMA:
		return modules(&o, inventory_schema);
	case OPTIONS_LIST_MODULES:
		return modules(&o, inventory_list);
	case OPTIONS_VERSION:
		puts(PACKAGE_STRING);
		return 0;
	case OPTIONS_HELP:
		options_help(stdout);
		return 0;
	case OPTIONS_TAKE_OVER:
		return take_over(&o);
	case OPTIONS_REHEARSE:
		rehearse(&o);
	case OPTIONS_RUN:
		break;
	}
	if (getpid() == 1)
		first_process();
	return with_site(&o, run);
}
