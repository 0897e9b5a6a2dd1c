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
def variables_that_are_not_there():
    with Site(site='workers: ${WORKERZ}\nuser: "${credential:u}"\nresources:\n'
                   '  /a: { module: hello, text: "${credential:u}" }\n') as s:
        s.refused(("site.yaml:1:10", "did you mean WORKERS", "workers: ${WORKERZ}"),
                  ("site.yaml:2:7", "credentials are for settings of modules"),
                  ("site.yaml:4:30", "CREDENTIALS_DIRECTORY is not set"), WORKERS="1")


run()
