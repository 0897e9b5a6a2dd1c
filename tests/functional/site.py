"""Sites as operators write them: of several files, with variables, and with mistakes, each of
which names its file and place and shows the line."""
import os
import re
import shutil

from harness import *
from harness.daemon import PROGRAM, modules_into, private_directory
from harness.process import output

SECRET = "correct-horse-battery"


class Site:
    """A directory with files; run() gives them to coapd, with its modules."""

    def __init__(self, **files):
        self.directory = private_directory()
        self.modules = f"{self.directory}/modules"
        os.mkdir(self.modules)
        modules_into(self.modules)
        os.mkdir(f"{self.directory}/conf.d")
        for name, text in files.items():
            self.put(name.replace("__", "/") + ".yaml", text)

    def put(self, name, text):
        with open(f"{self.directory}/{name}", "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory)

    def run(self, *arguments, name="site.yaml", **env):
        return output([PROGRAM, "--modules-dir", self.modules, *arguments,
                       f"{self.directory}/{name}"], **env)

    def refused(self, *told, **env):
        """--check ends with 2 and tells just these; each is FILE:LINE:COLUMN: and a pattern,
        or a place, a pattern and the line that is shown."""
        status, out, err = self.run("--check", **env)
        equal((status, out), (2, ""), f"exit status and output ({err.strip()})")
        messages = re.findall("^(?!  ).+", err, re.M)
        equal(len(messages), len(told), f"messages in {err!r}")
        for message, (place, pattern, *shown) in zip(messages, told):
            check(message.startswith(f"{self.directory}/{place}: "), message)
            check(re.search(pattern, message), f"{pattern!r} in {message!r}")
            for line in shown:
                check(line in err.split(message)[1].split("\n/")[0], f"{line!r} in {err!r}")
        return err


@test
def a_dump_has_the_defaults_of_modules():
    with Site(site="resources:\n  /a: hello\n  /b: helo\n  /c: { module: hello, text: hi }\n") as s:
        status, out, err = s.run("--dump")
        equal(status, 0, "exit status")
        check(re.fullmatch(r"\S+/site\.yaml:3:7: module helo: .*; the defaults of its settings are left out\n",
                           err), err)
        texts = re.findall(r"^  (/.):|^    text: (.*)$", out, re.M)
        equal([x or y for x, y in texts], ["/a", '"hello, world"', "/b", "/c", "hi"], "paths and texts")


# --- several files

@test
def files_and_conf_d_make_one_site():
    with Site() as s:
        s.put("conf.d/10-hello.yaml", "resources: { /hello: hello }\n")
        s.put("conf.d/20-more.yaml", "resources: { /more: hello }\nlimits: { dedup: 1000 }\n")
        s.put("conf.d/.off.yaml", "nonsense\n")
        site = (f"include: {s.directory}/conf.d\nlimits: {{ endpoints: 1000 }}\n"
                "resources: { /here: hello }\n")
        with Daemon(site) as d, d.peer() as p:
            for path in ("/hello", "/more", "/here"):
                equal(p.get(path).code, code("2.05"), path)
        s.put("site.yaml", site)
        status, out, err = s.run("--dump")
        equal((status, err), (0, ""), "status and errors of the dump")
        check("include" not in out and "dedup: 1000" in out and "/more:" in out, out)


@test
def mistakes_in_included_files():
    with Site(site="include: [ conf.d, b.yaml ]\nworkers: many\n") as s:
        s.put("conf.d/a.yaml", "resources:\n  /a: { module: helo }\nworkers: 2\n")
        s.put("b.yaml", "# b\ndrain: 5\nlimits: { dedup: 1 }\n")
        s.refused(("site.yaml:2:10", "not a whole number", "workers: many"),
                  ("conf.d/a.yaml:2:17", "module helo: .*did you mean hello"),
                  ("conf.d/a.yaml:3:1", r'"workers" is there twice, before that in line 2 of '
                   r'\S+site\.yaml$', "workers: 2\n  ^"),
                  ("b.yaml:2:8", "needs a unit", "drain: 5"),
                  ("b.yaml:3:18", "out of range, 16"))


@test
def what_includes_itself_is_refused():
    with Site(site="include: b.yaml", b="include: ./site.yaml") as s:
        s.refused(("b.yaml:1:10", "includes itself", "include: ./site.yaml\n           ^"))
        s.put("b.yaml", "include: b.yaml")
        s.refused(("b.yaml:1:10", "includes itself"))


# --- no file at all

@test
def a_site_on_the_command_line():
    with Site() as s, Daemon("", arguments=["--mount", "/=hello", "--mount", "/t=time"]) as d:
        with d.peer() as p:
            equal(p.get("/").code, code("2.05"), "answer besides those of the file")
            equal(p.get("/t").code, code("2.05"), "and another one")
        line = [PROGRAM, "-M", s.modules, "--mount", "/=hello", "--listen", "coap://[::1]:0"]
        status, out, err = output([*line, "--check"])
        equal((status, err), (0, ""), "status and errors")
        with Daemon("", arguments=line[3:], config=False) as d, d.peer() as p:
            equal(p.get("/").code, code("2.05"), "answer without any file")
        status, out, err = output([*line, "--mount", os.fsdecode(b"/\xff=hello"), "--check"])
        check(status == 2 and re.match(r'command line: "/\S+=hello" is no UTF-8 text', err), err)
        status, out, err = output([*line, "--mount", "/=helo", "--listen", "coap://[::1", "--check"])
        equal(status, 2, "exit status")
        check(re.search(r'^command line:3:5: listen: .*\n  +- "coap://\[::1"\n +\^$', err, re.M), err)
        check(re.search('^command line:6:3: key "/" is there twice, .* line 5$', err, re.M), err)


# --- variables

@test
def variables_and_credentials():
    with Site() as s:
        s.put("greeting", SECRET + "\n")
        env = {"CREDENTIALS_DIRECTORY": s.directory, "WORKERS": "3", "TEXT": "from outside"}
        site = ("workers: ${WORKERS}\nresources:\n"
                '  /a: { module: hello, text: "${credential:greeting}" }\n'
                '  /b: { module: hello, text: "${TEXT}" }\n'
                '  /c: { module: hello, text: "${NOT_SET:-default}" }\nlog: { level: debug }\n')
        with Daemon(site, env=env) as d:
            with d.peer() as p:
                equal([p.get(f"/{x}").payload for x in "abc"],
                      [SECRET.encode(), b"from outside", b"default"], "answers")
            d.wait_log("ready: 3 workers")
            d.stop()
            check(not any(SECRET in record.line for record in d.log), "the log has the secret")
        s.put("site.yaml", site)
        status, out, err = s.run("--dump", **env)
        equal((status, err), (0, ""), "status and errors of the dump")
        check("workers: 3" in out and "${credential:greeting}" in out and '"${TEXT}"' in out, out)
        check(SECRET not in out, out)
        status, out, err = s.run("--check", **env)
        equal((status, err), (0, ""), "status and errors of the check")


@test
def secrets_that_do_not_fit_are_not_told():
    with Site(site='resources: { /a: { module: separate, delay: "${credential:d}" },\n'
                   '  /b: { module: count, file: "${credential:d}" } }') as s:
        s.put("d", SECRET)
        err = s.refused(("site.yaml:1:45", "what .* holds does not fit, it takes duration",
                         r'urces: { /a: { module: separate, delay: "${credential:d}" },'),
                        CREDENTIALS_DIRECTORY=s.directory)
        check(SECRET not in err, err)


@test
def what_a_module_says_of_its_secret_is_not_seen():
    with Site(site='listen: coap://[::1]:0\n'
                   'resources: { /a: { module: count, file: "${credential:d}" } }') as s:
        s.put("d", "/nonexistent/" + SECRET)
        status, _, err = s.run("--config", CREDENTIALS_DIRECTORY=s.directory)
        equal(status, 1, f"exit status ({err})")
        check("cannot map ${credential:d}" in err, err)
        check(SECRET not in err, err)


@test
def variables_that_are_not_there():
    with Site(site='workers: ${WORKERZ}\nuser: "${credential:u}"\nresources:\n'
                   '  /a: { module: hello, text: "${credential:u}" }\n') as s:
        s.refused(("site.yaml:1:10", "did you mean WORKERS", "workers: ${WORKERZ}"),
                  ("site.yaml:2:7", "credentials are for settings of modules"),
                  ("site.yaml:4:30", "CREDENTIALS_DIRECTORY is not set"), WORKERS="1")


# --- YAML that is none

NOT_YAML = (
    (b"workers: 2\n\tslots: 2\n", 2, 1, "does not allow a tab here, use spaces", r"  \x09slots: 2"),
    (b"workers: 2\nworkers: 3\n", 2, 1, '"workers" is there twice, before that in line 1'),
    (b"log: { level: info, level: warn }\n", 1, 21, '"level" is there twice'),
    (b"workers: &two 2\n", 1, 10, "anchors .* write the value where it is used"),
    (b"workers: 2\nslots: *two\n", 2, 8, "aliases .* write the value where it is used"),
    (b"workers: !!int 2\n", 1, 10, "tags .* are not supported"),
    (b"workers: 2\n---\nslots: 2\n", 2, 1, "a second document begins here"),
    (b"workers: 2\0\n", 1, 11, "control characters are not allowed"),
    (b'user: "a\\0b"\n', 1, 7, "a zero byte cannot be part of a value"),
    (b"workers: 2\nuser: \xff\n", 2, 7, "this is not UTF-8 text"),
    (b"\xff\xfew\0o\0", 1, 1, "this is not UTF-8 text"),
    (b"resources: {\n  /a: hello\n", 3, 1, "not valid YAML.*bracket left open"),
    (b"user: 'nobody\n", 2, 1, "not valid YAML.*a quote is left open"),
    (b"workers: 2\n slots: 3\n", 2, 7, "not valid YAML.*is it indented as the lines around"),
    (b"workers: @2\n", 1, 10, "not valid YAML.*quote a text that begins so"),
    (b"a: " + b"[" * 100000, 1, 35, "nested more than 32 deep, which no site needs"),
    (b"? [ a ]\n: b\n", 1, 3, "a key must be a single value"),
    (b"- workers\n", 1, 1, "a site is a mapping .key: value., not a list"),
    (b"workers\n", 1, 1, "a site is a mapping .key: value., not a single value"),
)


@test
def yaml_that_is_none():
    with Site() as s:
        for text, line, column, pattern, *shown in NOT_YAML:
            for name, top in (("site.yaml", text), ("b.yaml", b"include: b.yaml\n")):
                s.put("site.yaml", top)
                s.put(name, text)
                s.refused((f"{name}:{line}:{column}", pattern, *shown))


@test
def files_that_are_none():
    with Site(site="") as s:
        for text, pattern in ((b"", "there is nothing in this file"),
                              (b"# later\n", "there is nothing in this file")):
            s.put("site.yaml", text)
            s.refused(("site.yaml", pattern))
        with open(f"{s.directory}/site.yaml", "wb") as f:
            f.truncate(100 << 20)
        s.refused(("site.yaml", "larger than 1048576 bytes, which no site needs"))
        os.rename(f"{s.directory}/site.yaml", f"{s.directory}/large.yaml")
        s.put("site.yaml", "include: [ large.yaml, /dev/zero, conf.d/none.yaml ]\n")
        s.refused(("site.yaml:1:24", "/dev/zero is no regular file"),
                  ("site.yaml:1:35", "cannot open .*conf.d/none.yaml: No such file or directory"),
                  ("large.yaml", "larger than 1048576 bytes"))


@test
def a_site_that_comes_out_of_a_pipe():
    with Site(site="include: conf.d\nresources: { /a: hello }\n") as s:
        s.put("conf.d/b.yaml", "resources: { /b: hello, /c: helo }\n")
        run = f"{PROGRAM} -M {s.modules} --check"
        for line in (f"{run} <(cat site.yaml)", f"cat site.yaml | {run} /dev/stdin"):
            status, out, err = output(["bash", "-c", f"cd {s.directory}; {line}"])
            equal((status, out), (2, ""), f"exit status and output ({err})")
            check(re.match(r"conf\.d/b\.yaml:1:29: module helo: .*did you mean hello", err), err)
        os.unlink(f"{s.directory}/site.yaml")
        os.mkfifo(f"{s.directory}/site.yaml")
        s.refused(("site.yaml", "is a pipe, and nobody writes to it"))
        s.put("a.yaml", "include: conf.d/b.yaml\n")
        os.unlink(f"{s.directory}/conf.d/b.yaml")
        os.mkfifo(f"{s.directory}/conf.d/b.yaml")
        status, _, err = s.run("--check", name="a.yaml")
        check(status == 2 and re.search(r"a\.yaml:1:10: include: .*/b\.yaml is no regular file but a pipe", err), err)


@test
def hosts_that_are_none():
    with Site() as s:
        for text, place, pattern in (
                ("hosts: { 'a b': { resources: { /a: hello } } }", "1:10", "'a b'|.a b. is no name of a host"),
                ("hosts: { a: {} }", "1:10", "nothing is served for this one, it needs resources"),
                ("hosts:\n  a: { resources: { /a: hello }, aliases: B }\n"
                 "  b: { resources: { /a: hello } }", "3:3", "is there twice, before that in line 2"),
                ("hosts: { a: { resources: { /a: helo } } }", "1:32", "did you mean hello"),
                ("hosts: { a: { aliase: b, resources: { /a: hello } } }", "1:15", "did you mean .aliases")):
            s.put("site.yaml", text + "\n")
            s.refused((f"site.yaml:{place}", pattern))


# --- what is not there

@test
def everything_wrong_in_one_go():
    with Site(site="workers: many\nlisten:\n  - coap://192.0.2.77\n  - coap://[::]\n  - coap://[::]\n"
                   "runtime-directory: /nonexistent\nlimits: { dedup: -1, endpoint: 5, exchanges: [] }\n"
                   "resources:\n  /a: helo\n  /b/: hello\n  /c: { module: separate, delay: soon }\n"
                   "  /d: { module: hello, txt: x }\n  /%64: hello\n") as s:
        s.refused(("site.yaml:1:10", "workers: .*not a whole number", "  workers: many\n           ^"),
                  ("site.yaml:3:5", r"at no address of this machine .*\[::\] is all of them"),
                  ("site.yaml:5:5", "is there twice, before that in line 4"),
                  ("site.yaml:6:20", "runtime-directory: .*; make it first"),
                  ("site.yaml:7:18", "dedup: "),
                  ("site.yaml:7:22", 'unknown key "endpoint", did you mean "endpoints"'),
                  ("site.yaml:7:46", "must have a single value, not a list"),
                  ("site.yaml:9:7", "module helo: .*did you mean hello"),
                  ("site.yaml:10:3", "too many"),
                  ("site.yaml:11:34", "delay: "),
                  ("site.yaml:12:24", 'unknown key "txt", did you mean "text"'),
                  ("site.yaml:13:3", "path /d is there twice, before that in line 12"))


@test
def users_and_directories_that_are_not_there():
    with Site(site="user: no-such-user\nmodules-dir: /nonexistent\nresources: { /a: hello }\n") as s:
        status, out, err = output([PROGRAM, "--check", f"{s.directory}/site.yaml"])
        equal((status, out), (2, ""), "exit status and output")
        check(re.search(r"site\.yaml:2:14: modules-dir: /nonexistent: No such file", err), err)
        if os.geteuid() == 0:
            check(re.search(r"site\.yaml:1:7: user: there is no user no-such-user; make one", err), err)
        os.chmod(s.modules, 0o777)
        s.put("site.yaml", "resources: { /a: hello }\n")
        s.refused(("site.yaml", "modules-dir: everybody may write in .*; chmod o-w"))


@test
def what_a_module_needs_may_be_there_later():
    with Site(site="listen: coap://[::1]:0\nresources:\n  /a: { module: files,\n    root: /nonexistent }\n") as s:
        s.refused(("site.yaml:4:11", "module files: root: /nonexistent: No such file or directory",
                   "    root: /nonexistent }"))
        equal(s.run("--config")[0], 1, "exit status, which a service manager tries again after")
        s.put("site.yaml", "resources: { /a: { module: files, root: /nonexistent, index: a/b } }\n")
        equal(s.run("--config")[0], 2, "exit status with a mistake")


@test
def a_directory_of_somebody_else():
    with Site() as s:
        os.mkdir(f"{s.directory}/theirs", 0o755)
        s.put("site.yaml", f"runtime-directory: {s.directory}/theirs\n")
        if os.geteuid() != 0:
            raise Skip("becoming another user takes root")
        status, _, err = output(["setpriv", "--reuid=65534", "--clear-groups", PROGRAM, "--check",
                                 f"{s.directory}/site.yaml"])
        if "Permission denied" in err and "site.yaml" not in err:
            raise Skip("another user cannot run coapd here")
        equal(status, 2, f"exit status ({err})")
        check(re.search(r"site\.yaml:1:20: runtime-directory: \S+/theirs is of user root, and nobody cannot "
                        "write there: Permission denied; name another one, or let it", err), err)


@test
def files_that_cannot_be_written():
    with Site(site="log: { file: /nonexistent/log }\naccess-log:\n  file: /dev/null/log\n  paths: a\n"
                   "control: { socket: /nonexistent/control }\n") as s:
        s.refused(("site.yaml:1:14", "log.file: cannot make /nonexistent/log: No such file or directory; "
                   "make its directory first", "log: { file: /nonexistent/log }"),
                  ("site.yaml:3:9", "access-log.file: cannot write to /dev/null/log: Not a directory"),
                  ("site.yaml:4:10", 'access-log.paths: "a" is no path, which begins with /'),
                  ("site.yaml:5:20", "control.socket: cannot make /nonexistent/control: No such file"))
        s.put("site.yaml", f"log: {{ file: {s.directory} }}\ncontrol: {{ socket: {s.directory}/site.yaml }}\n")
        s.refused(("site.yaml:1:14", "log.file: .* is a directory; name a file in it"),
                  ("site.yaml:2:20", "control.socket: .*site.yaml is there and no socket: remove it"))
        for way in ("--check", "--config"):     # neither has made anything, and both say it
            equal(s.run(way)[0], {"--check": 2, "--config": 1}[way], f"exit status of {way}")
        equal(sorted(os.listdir(s.directory)), ["conf.d", "modules", "site.yaml"], "files")


ON_A_READ_ONLY_DISK = """mkdir $DIR/ro && mount -t tmpfs -o ro tmpfs $DIR/ro || exit 77
exec $COAPD --check $DIR/site.yaml"""


@test
def a_file_system_that_is_read_only():
    with Site() as s:
        s.put("site.yaml", f"log: {{ file: {s.directory}/ro/log }}\nruntime-directory: {s.directory}/ro\n"
              f"control: {{ socket: {s.directory}/ro/control }}\n")
        status, out, err = output(["unshare", "-m", "sh", "-c", ON_A_READ_ONLY_DISK], DIR=s.directory,
                                  COAPD=PROGRAM)
        if status == 77 or "unshare" in err:
            raise Skip(f"no disk of our own: {err.strip()}")
        equal((status, out), (2, ""), f"exit status and output ({err})")
        for pattern in (r"site\.yaml:1:14: log\.file: cannot make \S+/ro/log: Read-only file system; name a "
                        "place that can be written",
                        r"site\.yaml:2:20: runtime-directory: .*Read-only file system",
                        r"site\.yaml:3:20: control\.socket: cannot make .*: Read-only file system; name"):
            check(re.search(pattern, err), f"{pattern!r} in {err!r}")


@test
def what_may_be_there_later_is_no_mistake_of_the_site():
    """A service manager does not try again after 2."""
    with Site(site="listen: coap://192.0.2.77\nresources: { /a: hello }\n") as s:
        status, _, err = s.run("--config")
        equal(status, 1, f"exit status ({err})")
        check(re.search("^.*site.yaml:1:9: listen: coap://192.0.2.77 is at no address", err, re.M), err)
        s.refused(("site.yaml:1:9", "at no address of this machine"))
        s.put("site.yaml", "listen: coap://192.0.2.77\nresources: { /a: helo }\n")
        equal(s.run("--config")[0], 2, "exit status with a mistake as well")


@test
def a_check_tells_how_much_memory_it_may_take():
    with Site(site="slots: 2\nworkers: 2\nresources: {}\nlimits: { body-memory: 64MiB }\n") as s:
        status, out, err = s.run("--check")
        equal((status, err), (0, ""), "status and errors")
        check(re.search(r"^  bodies +64 MiB$", out, re.M), out)
        check(re.search(r"^  together +\d+ MiB$", out, re.M), out)


@test
def limits_beyond_all_memory():
    with Site(site="slots: 1\nworkers: 1\nlimits: { endpoints: 10000000, dedup: 20000000, "
                   "exchanges: 10000000,\n  observers: 10000000, messages: 10000000 }\n") as s:
        s.refused(("site.yaml:3:1", "limits: they ask for more than 16 GiB"))


run()
