#include "config/manual.h"
#include "config/schema_site.h"

#include <errno.h>
#include <string.h>

/* Text for a line of its own: a dot or quote in front would be a request, and a
 * backslash begins an escape anywhere. */
static void put_text(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++)
		if (*text == '\\')
			fputs("\\e", out);
		else
			fputc(*text == '\n' ? ' ' : *text, out);
}

/* One sentence to a line, as mdoc wants it; ours are divided by two spaces. */
static void put_sentences(FILE *out, const char *text)
{
	const char *next;

	for (; (next = strstr(text, ".  ")); text = next + 3)
		fprintf(out, "%s%.*s.\n", *text == '.' || *text == '\'' ? "\\&" : "",
			(int)(next - text), text);
	put_text(out, text);
	fputc('\n', out);
}

/* --- rows ----------------------------------------------------------------- */

static const struct {
	const char *type, *words;
} types[] = {
	{ "bool", "true or false" }, { "uint", "number" }, { "count", "number" },
	{ "duration", "duration" }, { "size", "size" }, { "ratio", "ratio" },
	{ "string", "text" }, { "uints", "numbers" }, { "section", "mapping" },
	{ "include", "list of files" }, { "listen", "list of URIs" }, { "resources", "mapping" }, { "hosts", "mapping" },
};

static void put_words_of_enum(FILE *out, const char *words)
{
	for (; *words; words++)
		if (*words == '|')
			fputs(strchr(words + 1, '|') ? ", " : " or ", out);
		else
			fputc(*words, out);
}

/* What a person writes: the words of an enum, or what kind of thing it is. */
static void put_type(FILE *out, const char *type)
{
	size_t n = strcspn(type, " ");

	if (strncmp(type, "enum ", 5) == 0)
		put_words_of_enum(out, type + 5);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strlen(types[i].type) == n && memcmp(types[i].type, type, n) == 0)
			fprintf(out, "%s%s", types[i].words, type[n] ? " or auto" : "");
}

static void put_facts(FILE *out, const struct config_row *row)
{
	if (row->range) {
		fputs("Range ", out);
		put_text(out, row->range);
		fprintf(out, "%s%s.\n", row->unit ? " " : "", row->unit ? row->unit : "");
	}
	if (!row->deflt) {
		fputs("Must be given.\n", out);
	} else if (*row->deflt) {
		fputs("Default ", out);
		put_text(out, row->deflt);
		fputs(".\n", out);
	}
}

void manual_rows(FILE *out, const struct config_row *rows, size_t nrows)
{
	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < nrows; i++) {
		fprintf(out, ".It Cm %s : Ar ", rows[i].name);
		put_type(out, rows[i].type);
		fputc('\n', out);
		put_sentences(out, rows[i].text);
		put_facts(out, &rows[i]);
	}
	fputs(".El\n", out);
}

/* --- the page ------------------------------------------------------------- */

static const char head[] =
	".Dd November 21, 2026\n"
	".Dt COAPD-SITE 5\n"
	".Os\n"
	".Sh NAME\n"
	".Nm coapd-site\n"
	".Nd site file of the CoAP server coapd\n"
	".Sh DESCRIPTION\n"
	"A site file says what\n"
	".Xr coapd 8\n"
	"serves, where, and with which limits.\n"
	"It is one YAML mapping in UTF-8; anchors, aliases, tags and further documents\n"
	"are refused, and so is a key that is there twice.\n"
	".Ql coapd --check FILE\n"
	"tells every mistake at once, each with file, line and column, and shows the line;\n"
	".Ql coapd --dump FILE\n"
	"prints the file with the defaults of the keys below filled in.\n"
	".Pp\n"
	"A duration is a number with one of the units ms, s, m, h and d, such as 1.5s; a\n"
	"size is a number of bytes, or one with B, KiB, MiB or GiB; a ratio has up to\n"
	"three decimals.\n"
	"A text needs quotes where YAML would take it for something else.\n"
	"Below, what may be written follows each key, and then its range and default.\n";

static const char mounts[] =
	".Sh RESOURCES\n"
	"Each member of\n"
	".Cm resources\n"
	"is a path and what is mounted there.\n"
	"The path begins with a slash and does not end with one;\n"
	"the mount answers for it and, if its module serves a tree of resources, for all\n"
	"paths below it that no longer path covers.\n"
	"Bytes may be percent-encoded as in a URI.\n"
	".Pa /.well-known/core\n"
	"is built in and cannot be mounted.\n"
	"The name of a module alone is short for a mapping with nothing but\n"
	".Cm module .\n"
	"All other keys of the mapping are settings of the module, described in its own\n"
	"page.\n";

static const char hosts[] =
	".Sh HOSTS\n"
	"Each member of\n"
	".Cm hosts\n"
	"is the name of a host, and what it has of its own.\n"
	"A request is for the host that its Uri-Host names (RFC 7252, section 5.10.1), big\n"
	"and small letters being the same, or for the one whose own listener it came to.\n"
	"What is for none of them is for the resources of the site itself.\n"
	"Each has a\n"
	".Pa /.well-known/core\n"
	"of its own.\n"
	".Bd -literal\n"
	"resources: { /: hello }\n"
	"hosts:\n"
	"  sensors.example.com:\n"
	"    aliases: sensors.example.org\n"
	"    resources: { /time: time }\n"
	"  admin:\n"
	"    listen: coap://127.0.0.1:5690\n"
	"    resources: { /whoami: whoami }\n"
	".Ed\n";

static const char includes[] =
	".Sh INCLUDED FILES\n"
	"A site may be of several files.\n"
	"What an included one says is as if it stood in the file that includes it:\n"
	"members of the same mapping, and listeners, are put together.\n"
	"A key that is there twice is refused, in whichever files, so no file changes what\n"
	"another one says, and their order does not matter.\n"
	".Bd -literal\n"
	"include:\n"
	"  - limits.yaml\n"
	"  - conf.d\n"
	".Ed\n"
	".Pp\n"
	"A file may include others, 8 deep; none may be there twice, and a site has at most\n"
	"1000 of at most 1 MiB each.\n";

static const char variables[] =
	".Sh VARIABLES\n"
	"In a value,\n"
	".Ql ${NAME}\n"
	"stands for that variable of the environment,\n"
	".Ql ${NAME:-text}\n"
	"for the text where there is no such variable.\n"
	".Ql ${credential:NAME}\n"
	"is what that file in the directory\n"
	".Ev CREDENTIALS_DIRECTORY\n"
	"holds, without the end of its last line, see LoadCredential= in\n"
	".Xr systemd.exec 5 .\n"
	"It can be used in the settings of modules only.\n"
	"What a variable holds is text, never YAML.\n"
	".Ql $${\n"
	"stands for\n"
	".Ql ${\n"
	"itself.\n"
	".Pp\n"
	"What variables give to settings of modules is shown to the modules alone:\n"
	"messages, what modules write to the log, and\n"
	".Ql coapd --dump\n"
	"have those settings as they are written.\n"
	".Bd -literal\n"
	"resources:\n"
	"  /door: { module: lock, key: \"${credential:door}\" }\n"
	".Ed\n";

static const char editors[] =
	".Sh EDITORS\n"
	".Ql coapd --schema\n"
	"prints a JSON Schema (draft 7) of site files, with the settings of all modules that\n"
	"are installed.\n"
	"For editors that use the YAML language server, this line in front of a site names it:\n"
	".Bd -literal\n"
	"# yaml-language-server: $schema=site.schema.json\n"
	".Ed\n";

static const char tail[] =
	".Sh EXAMPLES\n"
	".Bd -literal\n"
	"workers: 2\n"
	"listen:\n"
	"  - coap://[::]\n"
	"resources:\n"
	"  /hello: hello\n"
	"  /slow: { module: separate, delay: 1s }\n"
	".Ed\n"
	".Sh SEE ALSO\n"
	".Xr coapd 8\n"
	".Rs\n"
	".%T The Constrained Application Protocol (CoAP)\n"
	".%R RFC 7252\n"
	".Re\n";

static void put_section(FILE *out, const struct schema_section *section)
{
	fputs(".Ss Members of ", out);
	fprintf(out, "%s\n", section->name);
	manual_rows(out, section->rows, section->nrows);
}

int manual_site(FILE *out)
{
	fputs(head, out);
	fputs(".Sh KEYS\n", out);
	manual_rows(out, schema_site[0].rows, schema_site[0].nrows);
	for (size_t i = 1; i < schema_site_count; i++)
		put_section(out, &schema_site[i]);
	fputs(mounts, out);
	manual_rows(out, schema_mount.rows, schema_mount.nrows);
	put_section(out, &schema_link);
	fputs(hosts, out);
	put_section(out, &schema_host);
	fputs(includes, out);
	fputs(variables, out);
	fputs(editors, out);
	fputs(tail, out);
	return fflush(out) == 0 && !ferror(out) ? 0 : -(errno ? errno : EIO);
}

int manual_module(FILE *out, const char *name, const char *summary,
		  const struct config_row *rows, size_t nrows)
{
	fputs(".Dd November 28, 2026\n.Dt COAPD-", out);
	for (const char *p = name; *p; p++)
		fputc(*p >= 'a' && *p <= 'z' ? *p & ~0x20 : *p, out);
	fprintf(out, " 5\n.Os\n.Sh NAME\n.Nm coapd-%s\n.Nd ", name);
	put_text(out, summary && *summary ? summary : "module of the CoAP server coapd");
	fprintf(out, "\n.Sh SYNOPSIS\n.Bd -literal\nresources:\n  /path:\n    module: %s\n", name);
	for (size_t i = 0; i < nrows; i++)
		fprintf(out, "    %s: %s\n", rows[i].name, rows[i].deflt ? rows[i].deflt : "...");
	fputs(".Ed\n.Sh SETTINGS\n", out);
	if (nrows)
		manual_rows(out, rows, nrows);
	else
		fputs("It has none.\n", out);
	fprintf(out, ".Sh SEE ALSO\n.Xr coapd-site 5 ,\n.Xr coapd 8\n.Pp\nWhat it answers is in\n"
		".Pa %s.md ,\nin the directory of coapd's documents.\n", name);
	return fflush(out) == 0 && !ferror(out) ? 0 : -(errno ? errno : EIO);
}
