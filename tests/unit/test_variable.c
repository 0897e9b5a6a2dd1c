#include "site_help.h"
#include "config/variable.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test_variable_XXXXXX";

static void put(const char *name, const char *text, size_t n)
{
	char path[100];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	cr_assert_not_null(f);
	fwrite(text, 1, n, f);
	fclose(f);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	setenv("SEVEN", "7", 1);
	setenv("PORTS", "[1, 2]: \"${SEVEN}\"", 1);
	setenv("EMPTY", "", 1);
	put("key", "hunter2\n", 8);
}

static void teardown(void)
{
	char command[100];

	snprintf(command, sizeof command, "rm -r %s", dir);
	cr_expect_eq(system(command), 0);
}

TestSuite(variable, .init = setup, .fini = teardown);

/* What a module's setting becomes. */
static void expect(const char *written, const char *value)
{
	char text[300];
	struct site *site;

	snprintf(text, sizeof text, "resources: { /a: { module: m, x: '%s' } }\n", written);
	site = help_site(text);
	cr_expect_str_eq(site->mounts[0].options[0].value, value, "%s", written);
	site_free(site);
}

static void refused(const char *written, const char *message)
{
	char text[300], told[400];

	snprintf(text, sizeof text, "resources: { /a: { module: m, x: '%s' } }\n", written);
	snprintf(told, sizeof told, "t.yaml:1:34: %s", message);
	REFUSED(text, told);
}

Test(variable, of_the_environment)
{
	expect("${SEVEN}", "7");
	expect("a${SEVEN}${SEVEN}b", "a77b");
	expect("${EMPTY}", "");
	expect("${SEVEN:-8}", "7");
	expect("${EMPTY:-8}", "");
	expect("${NO_SUCH:-8}", "8");
	expect("<${NO_SUCH:-}>", "<>");
	expect("${NO_SUCH:-a:-b}", "a:-b");
}

Test(variable, of_the_credentials)
{
	expect("${credential:key}", "hunter2");
	expect("<${credential:key}>", "<hunter2>");
	put("crlf.1", "a\r\n", 3);
	expect("${credential:crlf.1}", "a");
	put("none", "", 0);
	expect("${credential:none}", "");
}

Test(variable, what_is_put_in_is_text)
{
	expect("${PORTS}", "[1, 2]: \"${SEVEN}\"");
}

Test(variable, a_dollar_alone_is_one)
{
	expect("$SEVEN", "$SEVEN");
	expect("$$", "$$");
	expect("a$", "a$");
	expect("$${SEVEN}", "${SEVEN}");
	expect("$${", "${");
	expect("$${SEVEN} is ${SEVEN}", "${SEVEN} is 7");
}

Test(variable, settings_of_coapd)
{
	struct site *site = help_site("workers: ${SEVEN}\nlisten: [ 'coap://[::1]:${SEVEN}' ]\n"
				      "resources:\n  /${SEVEN}: h${SEVEN}\n");

	cr_expect_eq(site->workers, 7);
	cr_expect_eq(site->listeners[0].addr.port, 7);
	cr_expect_str_eq(site->mounts[0].module, "h7");
	cr_expect_str_eq(site->mounts[0].path, "/$%7BSEVEN%7D", "keys are left alone");
	site_free(site);
}

Test(variable, not_there)
{
	char pipe[100];

	refused("${SEVENTY_TIMES}", "the environment has no variable SEVENTY_TIMES; "
		"${SEVENTY_TIMES:-text} would have a default");
	refused("${SEVN}", "the environment has no variable SEVN, did you mean SEVEN?");
	refused("${credential:nokey}",
		"credential nokey cannot be read: No such file or directory");
	snprintf(pipe, sizeof pipe, "%s/pipe", dir);
	cr_assert_eq(mkfifo(pipe, 0600), 0);
	refused("${credential:pipe}", "credential pipe is no regular file");
	unsetenv("CREDENTIALS_DIRECTORY");
	refused("${credential:key}", "credential key: there are none, as "
		"$CREDENTIALS_DIRECTORY is not set (LoadCredential= of a unit sets it)");
}

#define NONE " is no variable: as ${NAME}, ${NAME:-text} or ${credential:NAME}; $${ stands for " \
	"${ itself"

Test(variable, a_wrong_one_is_told_once)
{
	static const char why[] = ": the environment has no variable QQQQQQQQ; "
		"${QQQQQQQQ:-text} would have a default";
	static const char *const sites[] = {
		"workers: ${QQQQQQQQ}\n", "include: ${QQQQQQQQ}\n",
		"listen: ${QQQQQQQQ}\n", "listen: [ \"${QQQQQQQQ}\" ]\n",
		"log: ${QQQQQQQQ}\n", "resources: ${QQQQQQQQ}\n",
		"resources: { /a: \"${QQQQQQQQ}\" }\n",
		"resources: { /a: { module: \"${QQQQQQQQ}\" } }\n",
		"resources: { /a: { module: m, link: { title: \"${QQQQQQQQ}\" } } }\n",
	};

	for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
		cr_expect_null(help_load(sites[i]));
		cr_expect_eq(help_errors.count, 1, "%s", sites[i]);
		cr_expect_not_null(strstr(help_errors.text[0], why), "%s", sites[i]);
	}
}

Test(variable, no_variables)
{
	refused("${", "\"${\"" NONE);
	refused("a${SEVEN", "\"${SEVEN\"" NONE);
	refused("${}", "\"${}\"" NONE);
	refused("${a b}", "\"${a b}\"" NONE);
	refused("${:-x}", "\"${:-x}\"" NONE);
	refused("${credential:}", "\"${credential:}\"" NONE);
	refused("${credential:../key}", "\"${credential:../key}\"" NONE);
	refused("${credential:..}", "\"${credential:..}\"" NONE);
}

Test(variable, what_is_no_text)
{
	static char wide[VARIABLE_BYTES + 1];

	put("zero", "a\0b", 3);
	refused("${credential:zero}", "what zero holds is not UTF-8 text, or has a zero byte");
	setenv("BYTES", "\xff", 1);
	refused("${BYTES}", "what BYTES holds is not UTF-8 text, or has a zero byte");
	memset(wide, 'x', sizeof wide);
	put("wide", wide, sizeof wide);
	refused("${credential:wide}",
		"with its variables the value is longer than 65536 bytes");
	put("wide", wide, sizeof wide - 1);
	refused("x${credential:wide}",
		"with its variables the value is longer than 65536 bytes");
}

Test(variable, secrets_are_for_modules)
{
	static const char why[] = "credentials are for settings of modules; what is coapd's own "
		"is shown in logs";
	static const struct {
		const char *text;
		unsigned column;
	} sites[] = {
		{ "user: ${credential:key}\n", 7 },
		{ "resources: { /a: { link: { title: '${credential:key}' }, module: m } }\n", 35 },
		{ "resources: { /a: '${credential:key}' }\n", 18 },
		{ "resources: { /a: { module: m, body-size: '${credential:key}' } }\n", 42 },
		{ "resources: { /a: { module: '${credential:key}' } }\n", 28 },
	};

	for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
		char told[200];

		snprintf(told, sizeof told, "t.yaml:1:%u: %s", sites[i].column, why);
		cr_expect_null(help_load(sites[i].text));
		cr_expect_str_eq(help_errors.text[0], told);
	}
}

Test(variable, settings_of_modules_are_dumped_as_written)
{
	struct site *site = help_site("user: \"$${x}\"\nresources:\n  /a:\n    module: m\n"
				      "    x: ${SEVEN}\n    y: $${SEVEN}\n    z: a${credential:key}\n");
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	cr_expect_str_eq(site->user, "${x}");
	cr_assert_eq(site_dump(site, out), 0);
	fclose(out);
	cr_expect_not_null(strstr(text, "    x: \"${SEVEN}\"\n    y: \"$${SEVEN}\"\n"
				  "    z: \"a${credential:key}\"\n"), "%s", text);
	cr_expect_not_null(strstr(text, "user: \"$${x}\"\n"), "%s", text);
	cr_expect_null(strstr(text, "hunter2"));
	site_free(site);
	site = help_site(text);
	cr_expect_str_eq(site->mounts[0].options[2].value, "ahunter2");
	site_free(site);
	free(text);
}
