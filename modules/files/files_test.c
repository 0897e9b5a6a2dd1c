#include "module_test.h"

#include <fcntl.h>
#include <sys/stat.h>

static char top[] = "/tmp/files-test-XXXXXX";
static uint16_t mid;

static const char *at(const char *name)
{
	static char path[2][200];
	static unsigned i;

	i = !i;
	snprintf(path[i], sizeof path[i], "%s/%s", top, name);
	return path[i];
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	cr_assert(f);
	fputs(text, f);
	fclose(f);
}

static const char *read_file(const char *name)
{
	static char text[200];
	FILE *f = fopen(at(name), "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

	text[n] = 0;
	if (f)
		fclose(f);
	return f ? text : "none";
}

/* root/ has what is served; outside/ what must not be. */
static void build(void)
{
	cr_assert(mkdtemp(top));
	mkdir(at("root"), 0755);
	mkdir(at("root/sub"), 0755);
	mkdir(at("outside"), 0755);
	write_file("outside/secret", "secret");
	write_file("root/a.json", "{}");
	write_file("root/sub/b.txt", "in sub");
}

static void clean(void)
{
	unmount();
	nftw(top, runtime_drop, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(files, .init = build, .fini = clean);

static void serve(const char *more)
{
	char text[300];

	snprintf(text, sizeof text, "  /f: { module: files, root: %s/root%s }", top, more);
	mount_it(text);
}

static const char *ask(uint8_t method, const char *options, const char *payload)
{
	stage_send(s, 1, method, ++mid, options, payload);
	return stage_next(s);
}

#define expect_ask(method, options, payload, text) do { \
	const char *ask_ = ask(method, options, payload); \
	cr_assert_str_eq(ask_, text, "%s", ask_); \
} while (0)

static bool is(const char *answer, const char *code, const char *payload)
{
	const char *p = strstr(answer, " pay=");

	return strstr(answer, code) && p && strcmp(p + 5, payload) == 0;
}

Test(files, reads_with_format_and_etag)
{
	char options[100];
	const char *a;

	serve("");
	a = stage_get(s, "11=f 11=a.json");
	cr_assert(is(a, " 12=#32 ", "{}"), "%s", a);
	snprintf(options, sizeof options, "4=%.17s 11=f 11=a.json", strstr(a, " 4=#") + 3);
	cr_assert(strstr(stage_get(s, options), "2.03"));
	write_file("root/a.json", "[1]");
	cr_assert(is(stage_get(s, options), "2.05", "[1]"));
	cr_assert(is(stage_get(s, "11=f 11=sub 11=b.txt"), "2.05", "in sub"));
	write_file("root/empty", "");
	cr_assert(is(stage_get(s, "11=f 11=empty"), "2.05", ""));
	expect_get("11=f 11=a.json 17=#", "ACK 4.06 pay=");
	expect_get("11=f 11=none", "ACK 4.04 pay=");
	expect_get("11=f 11=sub", "ACK 4.04 pay=");
	expect_get("11=f 11=a.json 11=", "ACK 4.04 pay=");
	expect_ask(COAP_PUT, "11=f 11=a.json", "x", "ACK 4.05 pay=");
	expect_ask(COAP_DELETE, "11=f 11=a.json", NULL, "ACK 4.05 pay=");
}

Test(files, lists_directories)
{
	serve("");
	write_file("root/sub/x y", "");
	write_file("root/.coapd-1", "");
	symlink("../outside", at("root/out"));
	mkfifo(at("root/pipe"), 0600);
	cr_assert(strstr(stage_get(s, "11=f 11="), "</f/a.json>;ct=50;sz=2"));
	cr_assert(strstr(stage_get(s, "11=f"), "</f/sub/>;ct=40"));
	cr_assert(!strstr(stage_get(s, "11=f"), "coapd-"));
	cr_assert(!strstr(stage_get(s, "11=f"), "out"));
	cr_assert(!strstr(stage_get(s, "11=f"), "pipe"));
	cr_assert(strstr(stage_get(s, "11=f 11=sub 11="), "</f/sub/x%20y>;ct=42;sz=0"));
	expect_get("11=f 11= 17=#", "ACK 4.06 pay=");
}

Test(files, serves_an_index)
{
	serve(", index: b.txt");
	cr_assert(is(stage_get(s, "11=f 11=sub 11="), "2.05", "in sub"));
	cr_assert(strstr(stage_get(s, "11=f 11="), "</f/a.json>"));
}

Test(files, nothing_leads_out)
{
	char name[300], options[400];

	serve(", write: yes");
	symlink("../outside", at("root/out"));
	symlink("../outside/secret", at("root/leak"));
	symlink("/etc", at("root/etc"));
	symlink("/proc/self/root", at("root/proc"));
	symlink("sub/b.txt", at("root/in"));
	mkfifo(at("root/pipe"), 0600);
	cr_assert(strstr(stage_get(s, "11=f 11=.. 11=outside 11=secret"), "4.02"));
	cr_assert(strstr(stage_get(s, "11=f 11=. 11=a.json"), "4.02"));
	expect_get("11=f 11= 11=a.json", "ACK 4.00 pay=");
	expect_get("11=f 11=#2e2e2f6f757473696465", "ACK 4.00 pay=");
	expect_get("11=f 11=#612e6a736f6e00", "ACK 4.00 pay=");
	expect_get("11=f 11=out 11=secret", "ACK 4.04 pay=");
	expect_get("11=f 11=out 11=", "ACK 4.04 pay=");
	expect_get("11=f 11=leak", "ACK 4.04 pay=");
	expect_get("11=f 11=etc 11=passwd", "ACK 4.04 pay=");
	expect_get("11=f 11=proc 11=etc 11=passwd", "ACK 4.04 pay=");
	expect_get("11=f 11=pipe", "ACK 4.04 pay=");
	cr_assert(is(stage_get(s, "11=f 11=in"), "2.05", "in sub"));
	expect_ask(COAP_PUT, "11=f 11=out 11=new", "x", "ACK 4.04 pay=");
	expect_ask(COAP_DELETE, "11=f 11=out 11=secret", NULL, "ACK 4.04 pay=");
	expect_ask(COAP_PUT, "11=f 11=pipe", "x", "ACK 4.03 pay=");
	expect_ask(COAP_PUT, "11=f 11=.coapd-x", "x", "ACK 4.04 pay=");
	memset(name, 'n', 255);
	name[255] = 0;
	snprintf(options, sizeof options, "11=f 11=%s", name);
	expect_get(options, "ACK 4.04 pay=");
	cr_assert_str_eq(read_file("outside/secret"), "secret");
	/* A link is replaced itself. */
	expect_ask(COAP_PUT, "11=f 11=leak", "mine", "ACK 2.04 pay=");
	cr_assert_str_eq(read_file("outside/secret"), "secret");
	cr_assert_str_eq(read_file("root/leak"), "mine");
}

static const char *put(unsigned num, bool more, const char *name)
{
	char options[100];

	snprintf(options, sizeof options, "11=f %s 27=#%02x", name, num << 4 | more << 3);
	return ask(COAP_PUT, options, more ? "0123456789abcdef" : "last");
}

Test(files, writes_whole_files)
{
	serve(", write: yes");
	expect_ask(COAP_PUT, "11=f 11=new", "text", "ACK 2.01 pay=");
	cr_assert_str_eq(read_file("root/new"), "text");
	cr_assert(strstr(put(0, true, "11=new"), "2.31"));
	cr_assert(strstr(put(1, true, "11=new"), "2.31"));
	cr_assert_str_eq(read_file("root/new"), "text");
	stage_crash(s);
	cr_assert(strstr(put(2, false, "11=new"), "2.04"));
	cr_assert_str_eq(read_file("root/new"), "0123456789abcdef0123456789abcdeflast");
	expect_ask(COAP_PUT, "11=f 11=none 11=new", "text", "ACK 4.04 pay=");
	expect_ask(COAP_PUT, "11=f 11=sub", "text", "ACK 4.03 pay=");
	expect_ask(COAP_PUT, "11=f 11=sub 11=", "text", "ACK 4.05 pay=");
	expect_ask(COAP_PUT, "5= 11=f 11=new", "text", "ACK 4.12 pay=");
	expect_ask(COAP_DELETE, "1=#01 11=f 11=new", NULL, "ACK 4.12 pay=");
	expect_ask(COAP_DELETE, "11=f 11=new", NULL, "ACK 2.02 pay=");
	expect_ask(COAP_DELETE, "11=f 11=sub", NULL, "ACK 4.03 pay=");
	cr_assert_str_eq(read_file("root/new"), "none");
}

static unsigned hidden(void)
{
	DIR *d = opendir(at("root"));
	unsigned n = 0;

	for (const struct dirent *e; (e = readdir(d)); )
		n += strncmp(e->d_name, ".coapd-", 7) == 0;
	closedir(d);
	return n;
}

Test(files, undoes_what_is_given_up)
{
	serve(", write: yes");
	put(0, true, "11=new");
	cr_assert_eq(hidden(), 1);
	stage_wait(s, 60000);
	cr_assert_eq(hidden(), 0);
	cr_assert_str_eq(read_file("root/new"), "none");
}

Test(files, a_directory_that_becomes_a_link_leads_nowhere)
{
	serve(", write: yes");
	cr_assert(strstr(put(0, true, "11=sub 11=new"), "2.31"));
	cr_assert_eq(rename(at("root/sub"), at("root/was")), 0);
	symlink("../outside", at("root/sub"));
	cr_assert(strstr(put(1, false, "11=sub 11=new"), "4.04"));
	cr_assert_str_eq(read_file("outside/new"), "none");
	cr_assert_eq(hidden(), 0);
}

Test(files, says_what_is_wrong_with_a_site)
{
	cr_assert(!try_mount("  /f: files"));
	cr_assert(strstr(site_errors.text[0], "root"), "%s", site_errors.text[0]);
	cr_assert(!try_mount("  /f: { module: files, root: /tmp, index: a/b }"));
	cr_assert(strstr(site_errors.text[site_errors.count - 1], "index"), "%s",
		  site_errors.text[site_errors.count - 1]);
	site = NULL;
}
