#include "config/diff.h"
#include "site_help.h"

#include <stdlib.h>

static void expect(const char *one, const char *two, unsigned lines, const char *changes)
{
	struct site *a = help_site(one), *b = help_site(two);
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	cr_expect_eq(diff_sites(a, b, out), lines);
	fclose(out);
	cr_expect_str_eq(text, changes);
	free(text);
	site_free(a);
	site_free(b);
}

Test(diff, nothing)
{
	expect("workers: 2\nlisten: coap://[::]\nresources: { /a: m, /b: n }\n",
	       "resources: { /b: { module: n }, /%61: m }\nlisten: [ 'coap://[::]:5683' ]\nworkers: 2\n"
	       "limits: { body-size: 8192KiB }\n", 0, "");
}

Test(diff, settings)
{
	expect("workers: 2\nslots: 2\n", "slots: 4\nlimits: { dedup: 1000 }\nuser: \"a b\"\n", 4,
	       "workers: 2 -> auto\nslots: 2 -> 4 (at the next start)\n"
	       "user: nobody -> \"a b\"\nlimits.dedup: 200000 -> 1000\n");
}

Test(diff, what_cannot_change_while_coapd_runs)
{
	expect("control: {socket: /a}\n", "control: {socket: /b}\nworkers: 2\n", 2,
	       "workers: auto -> 2\ncontrol.socket: /a -> /b (at the next start)\n");
}

Test(diff, listeners)
{
	expect("listen: [ coap://127.0.0.1, 'coap://[::1]' ]\n",
	       "listen: [ 'coap://[::1]:5683', coap://127.0.0.1:7 ]\n", 2,
	       "- listen: \"coap://127.0.0.1\"\n+ listen: \"coap://127.0.0.1:7\"\n");
}

Test(diff, mounts)
{
	setenv("TEXT", "hunter2", 1);
	expect("resources:\n  /a: m\n  /b: { module: n, x: 1, y: 2, link: { title: T } }\n  /c: m\n",
	       "resources:\n  /b: { module: o, y: 3, z: \"${TEXT}\" }\n  /c: m\n  /d: m\n", 7,
	       "- /a: m\n/b: module: n -> o\n/b: link.title: T -> \"\"\n"
	       "/b: x: 1 -> \"(default)\"\n/b: y: 2 -> 3\n/b: z: \"(default)\" -> \"${TEXT}\"\n"
	       "+ /d: m\n");
}
