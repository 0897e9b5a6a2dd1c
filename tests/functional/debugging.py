"""coapd --debug: all in one process, as a debugger likes it."""
import os
import re
import shutil
import signal
import subprocess

from harness import *
from harness.daemon import PROGRAM, private_directory, site_file

SITE = """
slots: 3
resources:
  /hello: {module: hello}
  /slow: {module: separate, delay: 300ms}
"""


def alone(**more):
    return Daemon(SITE, arguments=["--debug"], **more)


def processes(group):
    out = subprocess.run(["ps", "-eo", "pgid=,pid="], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    return [int(pid) for pgid, pid in map(str.split, out.splitlines()) if int(pgid) == group]


@test
def it_answers_and_is_one_process():
    with alone() as d:
        d.wait_log("ready: 1 workers, 3 slots, 2 resources")
        for _ in range(8):              # other ports, so other slots too
            with d.peer() as p:
                equal(p.get("/hello").code, code("2.05"), "answer")
        with d.peer() as p:
            equal(p.get("/slow").code, code("2.05"), "answer that takes its time")
        equal(processes(d.pid), [d.pid], "processes")


@test
def an_interrupt_ends_it_with_status_0():
    for number in signal.SIGINT, signal.SIGTERM:
        with alone() as d, d.peer() as p:
            p.send(p.request("GET", "/slow"))
            d.stop(number)


@test
def a_crash_of_a_module_is_its_end():
    site = "resources: { /boom: {module: crash} }"
    with Daemon(site, arguments=["--debug"], status=-signal.SIGKILL) as d, d.peer() as p:
        p.send(p.request("POST", "/boom?how=kill"))
        equal(d.wait_end(), -signal.SIGKILL, "status")


@test
def what_cannot_start_is_said_in_one_line():
    directory = private_directory()
    try:
        path = site_file(directory, "resources:\n  /a: {module: nosuch}")
        status, err = coapd("--modules-dir", directory, "--debug", path)
        equal(status, 1, "status")
        equal(len(err.splitlines()), 1, f"lines of {err!r}")
        check(re.search(r"site\.yaml:2:\d+: .*nosuch", err), err)
    finally:
        shutil.rmtree(directory)


@test
def gdb_stops_in_the_hook_of_a_module():
    if not shutil.which("gdb"):
        raise Skip("no gdb (Debian package gdb)")
    with open(PROGRAM, "rb") as f:
        if b".debug_info" not in f.read():
            raise Skip("built without -g: gdb finds no lines")
    told = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"coapd-gdb-{os.getpid()}")
    gdb = ["gdb", "-nx", "-q", "-batch", "-ex", "set breakpoint pending on",
           "-ex", "break hello.c:handle", "-ex", "run", "-ex", "backtrace", "-ex", "kill",
           "--args", PROGRAM]
    shell = ["-c", 'out=$1; shift; exec "$@" >"$out"', "sh", told, *gdb, "--debug"]
    try:
        with Daemon(SITE, program="sh", arguments=shell) as d, d.peer() as p:
            p.send(p.request("GET", "/hello"))
            d.wait_end()
        with open(told, encoding="utf-8") as f:
            text = f.read()
        for name in "handle", "resource_request", "dispatch_batch", "worker_run", "main":
            check(f" {name} (" in text, f"no {name} in {text}")
    finally:
        os.unlink(told)


run()
