"""What coapd tells of itself: the schema of site files, judged by a JSON Schema validator that
is not ours, its modules, and what a change of the site changes."""
import glob
import json
import os
import re
import shutil

from harness import *
from harness.daemon import PROGRAM, modules_into, private_directory
from harness.process import output

try:
    import jsonschema
    import yaml
except ImportError:
    jsonschema = None

EXAMPLES = os.path.join(os.environ.get("COAPD_SRCDIR", "."), "conf")


class Directory:
    """Of modules, and of whatever else."""

    def __enter__(self):
        self.path = private_directory()
        modules_into(self.path)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def put(self, name, text):
        with open(f"{self.path}/{name}", "w", encoding="utf-8") as f:
            f.write(text)
        return f"{self.path}/{name}"

    def schema(self):
        status, out, _ = output([PROGRAM, "--schema", "-M", self.path])
        equal(status, 0, "exit status")
        return json.loads(out)


def validator(schema):
    if not jsonschema:
        raise Skip("python3-jsonschema or python3-yaml is not there")
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def judge(v, text):
    """What the validator says of a site file; "" is nothing."""
    return "; ".join(error.message for error in v.iter_errors(yaml.safe_load(text)))


@test
def example_sites_fit_the_schema():
    with Directory() as d:
        v = validator(d.schema())
        files = sorted(glob.glob(f"{EXAMPLES}/*.yaml"))
        check(len(files) >= 4, f"examples: {files}")
        for path in files:
            with open(path, encoding="utf-8") as f:
                equal(judge(v, f.read()), "", path)
            status, out, err = output([PROGRAM, "-M", d.path, "--dump", path])
            equal((status, err), (0, ""), "dump")
            equal(judge(v, out), "", f"dump of {path}")


@test
def what_the_loader_takes_fits():
    with Directory() as d:
        v = validator(d.schema())
        site = """
include: []
workers: "2"
slots: auto
drain: 0
slow-hook: 1.5s
user: 1000
listen: coap://[::1]:0
limits: { body-size: 1048576, body-memory: 1.5GiB, dedup: "${DEDUP:-1000}" }
transmission: { ack-random-factor: 1.25, block-size: 512, ack-timeout: 100ms }
resources:
  /a: hello
  /b: { module: hello, text: 5, link: { ct: 0, obs: yes, title: x } }
  /c: { module: hello, text: true, link: { ct: "0 50", obs: "On" } }
  /d: { module: separate, delay: "${DELAY:-1s}", body-size: 64KiB }
  /e: { module: elsewhere, what: ever }
"""
        equal(judge(v, site.replace("include: []\n", "")), "", "judgement")
        equal(judge(v, 'resources: {}\ninclude: [a.yaml, conf.d]\n'), "", "files")
        status, _, err = output([PROGRAM, "-M", d.path, "--dump",
                                 d.put("s.yaml", site.replace("include: []", ""))])
        equal(status, 0, f"the loader ({err})")
        equal(re.findall("module (\\S+): ", err), ["elsewhere"], f"modules that are not there ({err})")


@test
def what_it_refuses_does_not():
    with Directory() as d:
        v = validator(d.schema())
        for site in ("worker: 2", "workers: 0", "workers: 257", "workers: many", "workers: [2]",
                     "workers:", "drain: 5", "drain: soon", "log: loud", "log: { level: loud }",
                     "limits: { dedup: -1 }", "limits: { dedup: 1.5 }", "limits: { x: 1 }",
                     "limits: { body-size: 1TiB }", "transmission: { block-size: 100 }", "listen: []",
                     "listen: [[a]]", "user: ''", "resources: []", "resources: { a: hello }",
                     "resources: { /a: { text: x } }", "resources: { /a: { module: hello, txt: x } }",
                     "resources: { /a: { module: hello, link: { tilte: x } } }",
                     "resources: { /a: { module: separate, delay: soon } }",
                     "resources: { /a: { module: count } }", "resources: { /a: [hello] }", "[]"):
            check(judge(v, site), f"{site!r} fits the schema")
            status, _, _ = output([PROGRAM, "--check", "-M", d.path, d.put("s.yaml", site)])
            equal(status, 2, f"exit status for {site!r}")


@test
def modules_are_listed():
    with Directory() as d:
        status, out, err = output([PROGRAM, "--list-modules", "-M", d.path])
        equal(status, 0, "exit status")
        check("\nhello 1: answers with a text\n" in out, out)
        check("\n    delay: duration, " in out, out)
        check("badabi: made for module interface" in err, err)
        status, out, err = output([PROGRAM, "--list-modules", "-M", "/nonexistent"])
        equal((status, out), (1, ""), "exit status and output")
        equal(err, "coapd: cannot read directory /nonexistent: No such file or directory\n", "error")


@test
def differences_of_two_sites():
    with Directory() as d:
        a = d.put("a.yaml", "workers: 2\nslots: 4\nresources: { /a: hello, /b: hello }\n")
        b = d.put("b.yaml", "resources: { /b: { module: hello, text: x } }\nworkers: 3\nslots: 8\n"
                            "include: c.yaml\n")
        d.put("c.yaml", "resources: { /c: time }\n")
        status, out, err = output([PROGRAM, "--diff", a, b])
        equal((status, err), (1, ""), "exit status and errors")
        equal(out, "workers: 2 -> 3\nslots: 4 -> 8 (at the next start)\n- /a: hello\n"
                   '/b: text: "(default)" -> x\n+ /c: time\n', "differences")
        equal(output([PROGRAM, "--diff", b, b]), (0, "", ""), "of a site and itself")
        d.put("c.yaml", "resources: { /b: time }\n")
        status, out, err = output([PROGRAM, "--diff", a, b])
        equal((status, out), (2, ""), "exit status and output with a wrong site")
        check("c.yaml:1:14: " in err, err)


run()
