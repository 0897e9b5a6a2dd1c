"""The access log: a line for each answer, in the file that the site names."""
import json
import os
import re
import signal
import time

from harness import *

RESOURCES = """
resources:
  /hello: {module: hello}
  /slow: {module: separate, delay: 100ms}
  /block: block
transmission: { ack-delay: 1ms, ack-timeout: 1m, block-size: 64 }
"""


def site(more=""):
    return f"access-log: {{ file: @DIR@/logs/access{more} }}" + RESOURCES


def started(text):
    """A daemon whose workers may read, but not write, where the log is: it is opened before."""
    d = Daemon(text)
    os.mkdir(f"{d.directory}/logs")
    return d


def lines(d, name="access"):
    with open(f"{d.directory}/logs/{name}", encoding="ascii") as f:
        return f.read().splitlines()


def wait_lines(d, n, name="access"):
    """So many lines; a worker writes them once its answers are sent."""
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        with d.peer() as p:             # something happens meanwhile, and is answered
            p.get("/hello")
        if len(got := [x for x in lines(d, name) if "/hello" not in x]) >= n:
            return got
    raise Failure(f"the last lines: {lines(d, name)[-5:]}")


def ask_until_told(d, path):
    """Asks again and again until that has a line: a worker turns to another file when it
    comes to it."""
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        with d.peer() as p:
            p.get(path)
        if any(f" {path} " in line for line in lines(d)):
            return
    raise Failure(f"no line for {path}: {lines(d)[-5:]}")


@test
def every_answer_has_its_line():
    with started(site()) as d, d.peer() as p:
        equal(p.get("/nothing/h\nere?key=secret").code, code("4.04"), "code")
        got, = wait_lines(d, 1)
        check(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[::1\]:\d+ GET /nothing/h%0Aere "
                           r"4\.04 received=0 bytes=0 block=0 retransmissions=0 us=\d+", got), got)
        check(not d.records("secret") and "secret" not in got, "queries are not told")


@test
def lines_of_JSON_and_blocks():
    with started(site(", format: json, paths: /block")) as d, d.peer() as p:
        for n, more in ((0, True), (1, True), (2, False)):
            p.ask("PUT", "/block", payload=b"x" * 16, options=[("Block1", n << 4 | more << 3)])
        got = [json.loads(line) for line in wait_lines(d, 3)]
        equal([(o["method"], o["path"], o["code"], o["block"]) for o in got],
              [("PUT", "/block", "2.31", 1), ("PUT", "/block", "2.31", 2),
               ("PUT", "/block", got[2]["code"], 3)], "lines")
        equal(got[2]["received"], 16, "bytes of a block that the module takes as it comes")
        check(got[2]["code"] in ("2.01", "2.04"), got[2]["code"])
        check(all("/hello" not in line for line in lines(d)), "paths")


@test
def a_separate_answer_has_its_line_when_it_is_acknowledged():
    with started(site()) as d, d.peer() as p:
        request = p.request("GET", "/slow")
        p.send(request)
        p.expect(ACK, EMPTY, mid=request.mid)
        answer = p.expect(CON, "2.05", token=request.token)
        p.acknowledge(answer)
        got, = wait_lines(d, 1)
        check(re.search(r" GET /slow 2\.05 .* retransmissions=0 us=\d{5,}$", got), got)


@test
def SIGUSR2_opens_the_file_anew():
    with started(site()) as d, d.peer() as p:
        p.get("/one")
        wait_lines(d, 1)
        os.rename(f"{d.directory}/logs/access", f"{d.directory}/logs/old")
        d.signal(signal.SIGUSR2)
        d.wait_log("the file of the access log is opened anew")
        ask_until_told(d, "/two")
        check(any("/one" in x for x in lines(d, "old")), "the old file")
        d.kill(0)
        d.kill(1)
        old = len(lines(d, "old"))
        ask_until_told(d, "/three")
        equal(len(lines(d, "old")), old, "lines in the old file")


@test
def a_file_that_cannot_be_opened():
    d = Daemon("access-log: { file: /nonexistent/log }" + RESOURCES, status=1)
    d.start(ready=False)
    d.wait_log(r"site\.yaml:1:21: access-log\.file: cannot make /nonexistent/log: No such file or "
               "directory; make its directory first, or name another place")
    d.wait_end()
    d.stop(number=0)


run()
