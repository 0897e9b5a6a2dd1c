"""The image that Containerfile makes: what its steps name is there; and, where podman has the
images that it begins with, it is built and serves, as nobody special."""
import atexit
import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time

from harness import *
from harness.daemon import BUILD
from harness.process import output

SOURCE = os.environ["COAPD_SRCDIR"]
NAME = f"localhost/coapd-test-{os.getpid()}"


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as f:
        return f.read()


@functools.cache
def steps():
    """Each instruction and its text, in one line."""
    lines = [line for line in read("Containerfile").splitlines() if not line.startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line]


def texts(instruction):
    return [text for name, text in steps() if name == instruction]


def one(instruction):
    found = texts(instruction)
    equal(len(found), 1, f"number of {instruction}")
    return found[0]


@test
def what_is_copied_is_there():
    stages = set(re.findall(r" AS (\w+)$", "\n".join(texts("FROM")), re.M))
    names = set(re.findall(r"^Package: (.*)$", read("debian/control"), re.M))
    for text in texts("COPY"):
        words = shlex.split(text)
        if stage := re.match(r"--from=(.*)", words[0]):
            check(stage[1] in stages, f"there is no stage {stage[1]}")
            for path in words[1:-1]:
                check(re.fullmatch(r"/build/([\w-]+)_\*\.deb", path)[1] in names, f"no package is {path}")
        else:
            for path in words[:-1]:
                check(os.path.exists(os.path.join(SOURCE, path)), f"there is no {path}")


@test
def what_runs_is_there():
    sbin, = json.loads(one("ENTRYPOINT"))
    check(sbin[1:] in read("debian/coapd.install").split(), f"no package has {sbin}")
    health = json.loads(re.search(r"CMD (\[.*\])$", one("HEALTHCHECK"))[1])
    check(f"usr/bin/{health[0]}" in read("debian/coap-client.install").split(),
          f"no package has {health[0]}")
    # Whether there is a server is of no matter here: a wrong command line is told by 2.
    status, _, err = output([os.path.join(BUILD, health[0]), *health[1:]])
    check(status in (0, 1), f"the health check: {err}")


@test
def numbers_and_directories_agree():
    user, group = one("USER").split(":")
    runs = "\n".join(texts("RUN"))
    check(f"--gid {group} coapd" in runs and f"--uid {user} " in runs, f"who is {user}:{group}?")
    for setting in texts("ENV")[-1].split():
        check(re.search(rf"install -d .*{setting.split('=')[1]}\b", runs), f"{setting} is not made")
    status, out, err = output([os.path.join(BUILD, "coapd"), "--mount", "/=hello", "-M",
                               os.path.join(BUILD, "modules/.libs"), "--dump"])
    equal((status, err), (0, ""), "status and errors of --dump")
    port = re.search(r'^listen:\n  - ".*:(\d+)"$', out, re.M)[1]
    equal(one("EXPOSE"), f"{port}/udp", "the port")


# --- by podman ------------------------------------------------------------------------

def podman(*arguments, timeout=None):
    """Status and all that it says."""
    r = subprocess.run(["podman", *runtime(), *arguments], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                       timeout=timeout)
    return r.returncode, r.stdout


def sure(*arguments):
    status, out = podman(*arguments)
    check(status == 0, f"podman {' '.join(arguments)}: status {status}: {out[-3000:]}")
    return out


def bases():
    """The images it begins with."""
    return [text.split()[0] for text in texts("FROM")]


@once
def runtime():
    """podman's own choice, or another one if that cannot run anything here."""
    for choice in ([], ["--runtime", "runc"]):
        r = subprocess.run(["podman", *choice, "run", "--rm", "--network=none", bases()[0], "true"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, check=False)
        if r.returncode == 0:
            return choice
    raise Skip(f"podman runs nothing here: {r.stdout.strip()}")


def possible():
    if os.environ.get("COAPD_QUICK"):
        raise Skip("takes long: not in a quick run")
    if not shutil.which("podman"):
        raise Skip("no podman here")
    for base in bases():
        r = subprocess.run(["podman", "image", "exists", base], check=False)
        if r.returncode != 0:
            raise Skip(f"podman has no image {base} here (podman pull {base})")


@once
def image():
    """Built from what an archive has; it goes at the end."""
    possible()
    directory = tempfile.mkdtemp(prefix="coapd-image-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    tree = os.path.join(directory, "coapd")
    subprocess.run(["make", "-C", BUILD, "distdir", f"distdir={tree}"], env=env, check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    atexit.register(podman, "rmi", "--force", NAME)
    sure("build", "--format=docker", "--layers=false", "--network=host", "--tag", NAME, tree)
    return NAME


class Running:
    """A container for as long as the with block lasts."""

    def __enter__(self):
        # Where nothing can be written but /tmp; what podman itself remarks comes first.
        self.id = sure("run", "--detach", "--network=none", "--read-only", image()).split()[-1]
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            print("\n".join("# | " + line for line in podman("logs", self.id)[1].splitlines()),
                  flush=True)
        podman("rm", "--force", self.id)

    def do(self, *command):
        return sure("exec", self.id, *command)

    def wait_answer(self):
        """Until it serves, which nobody tells of."""
        end = time.monotonic() + TIMEOUT
        while True:
            status, out = podman("exec", self.id, "coap", "coap://127.0.0.1/hello")
            if status == 0:
                return out
            check(time.monotonic() < end, f"no answer: {out}")


@test
def it_serves_as_nobody_special():
    image()
    with Running() as c:
        equal(c.wait_answer(), "Hello, world!", "answer")
        status = c.do("cat", "/proc/1/status")
        for line in (r"Name:\tcoapd", r"Uid:(\t5683){4}", r"CapEff:\t0+"):
            check(re.search(rf"^{line}$", status, re.M), f"{line} in {status}")
        check("process 1, serving" in c.do("coapctl", "status"), "coapctl status")
        sure("healthcheck", "run", c.id)
        sure("stop", "--time", str(int(TIMEOUT)), c.id)
        equal(sure("wait", c.id).strip(), "0", "exit status when told to stop")


run()
