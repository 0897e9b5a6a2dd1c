"""What coapd says of itself: in which form, where to, how much."""
import json
import os
import re
import select
import signal
import time

from harness import *
from harness.control import Control

RESOURCES = """
resources:
  /hello: {module: hello}
  /boom: {module: crash}
"""


@test
def lines_of_JSON_have_all_that_text_has():
    with Daemon("log: {format: json, worker: info}" + RESOURCES) as d:
        with d.peer() as p:
            equal(p.get("/boom?how=segv").code, code("2.05"), "answer of the successor")
        d.wait_log("restarting")
        d.wait_log("taken over")
        records = d.records()
        said = [json.loads(r.line) for r in records if r.line.startswith("{")]
        equal(len(said), len(records), "lines that are objects")
        for o in said:
            equal(sorted(set(o) - {"path", "module", "worker", "signal"}),
                  ["level", "message", "part", "pid", "process", "time"], f"keys of {o}")
        death, = [o for o in said if o.get("signal")]
        equal({k: death[k] for k in ("level", "process", "part", "signal", "path", "module")},
              {"level": "error", "process": "supervisor", "part": "supervisor",
               "signal": "SIGSEGV", "path": "/boom", "module": "crash"}, "the obituary")
        check([o for o in said if o["part"] == "worker" and o["process"].startswith("worker ")
               and o["level"] == "info"], "a worker's own word")


@test
def each_part_has_its_level():
    with Daemon("log: {level: info, worker: error}" + RESOURCES) as d:
        d.kill(0)
        with d.peer() as p:
            for _ in range(20):         # by both of them
                equal(p.get("/hello").code, code("2.05"), "answer")
        check(not d.records("taken over"), "workers were to be silent")
    with Daemon("log: {level: warn, supervisor: notice, worker: info}" + RESOURCES) as d:
        d.kill(0)
        d.wait_log("slot 0 taken over")


@test
def what_a_stranger_causes_is_told_now_and_then():
    limits = ("limits: { token-length: 8, endpoints: 1000, dedup: 2000, exchanges: 500, waiting: 500, "
              "messages: 500 }")
    with Daemon(limits + RESOURCES) as d, d.peer() as p:
        began = time.monotonic()
        for _ in range(300):
            r = p.request("GET", "/hello", token=b"123456789")
            p.send(r)
            p.expect(RST, EMPTY, mid=r.mid)
        seconds = int(time.monotonic() - began)
        told = d.records("a token of 9 bytes, limits.token-length is 8")
        check(1 <= len(told) <= seconds + 2, f"{len(told)} records in {seconds} s")
        equal(d.counters()["long-token"], 300, "counted")
        n = len(told)
        while len(told) == n:                   # until the next second: it tells of the others
            p.send(p.request("GET", "/hello", token=b"123456789"))
            p.receive()
            told = d.records("a token of 9 bytes")
        left_out = [int(n) for n in re.findall(r"\((\d+) like it left out\)", "\n".join(r.line for r in told))]
        check(sum(left_out) + len(told) >= 300, f"{left_out} left out, {len(told)} told")


class Logged(Daemon):
    """One that logs to a file, which its workers may not open."""

    def __init__(self, more=""):
        super().__init__(f"log: {{ file: @DIR@/logs/log{more} }}\n"
                         "control: { socket: '@DIR@/control' }" + RESOURCES)
        os.mkdir(f"{self.directory}/logs", 0o700)

    def lines(self, name="log"):
        try:
            with open(f"{self.directory}/logs/{name}", encoding="utf-8") as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def wait_line(self, pattern, name="log"):
        """The first line that matches; something happens meanwhile, and is answered."""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if found := [x for x in self.lines(name) if re.search(pattern, x)]:
                return found[0]
            with self.peer() as p:
                equal(p.get("/hello").code, code("2.05"), "answer")
        raise Failure(f"no line {pattern!r}: {self.lines(name)[-5:]}")

    def start(self, ready=True):
        """What it says of its start is in its file: where it listens is read there."""
        super().start(ready=False)
        self.wait(lambda: any("READY=1" in n for n in self.notified), "READY=1")
        end = time.monotonic() + TIMEOUT
        while not any("ready: 2 workers" in x for x in self.lines()):
            check(time.monotonic() < end, "it is not said to be ready")
            select.select([], [], [], 0.01)
        for line in self.lines():
            if m := re.search(r"listening on coap://\[(.*?)\]:(\d+)", line):
                self.listeners.append((m[1], int(m[2])))
            if m := re.search(r"worker (\d+) started \(pid (\d+)\)", line):
                self.workers[int(m[1])] = int(m[2])
        return self


@test
def a_file_has_all_and_standard_error_has_errors():
    with Logged(", worker: info") as d:
        check(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z coapd\[\d+\] supervisor: notice: "
                           r"worker 0 started \(pid \d+\)", d.lines()[0]), d.lines()[0])
        mark = d.mark()
        with d.peer() as p:
            equal(p.get("/boom?how=segv").code, code("2.05"), "answer of the successor")
        d.wait_log("error: worker . .* died of SIGSEGV in /boom", since=mark)
        d.wait_line("died of SIGSEGV in /boom")
        d.wait_line("worker .: info: slot . taken over")
        check(not d.records("taken over"), "what is no error on standard error")


@test
def the_log_goes_on_in_a_new_file():
    with Logged(", format: json, worker: info") as d:
        os.rename(f"{d.directory}/logs/log", f"{d.directory}/logs/old")
        d.signal(signal.SIGUSR2)
        told = json.loads(d.wait_line("opened anew"))
        equal(told["message"], "the file of the log is opened anew", "first line")
        old = d.lines("old")
        with Control(os.path.join(d.directory, "control")) as c:
            c.ask("log", part="worker", level="debug")
        for worker in range(2):         # both have been handed the new one
            d.wait_line(f'"worker {worker}".*part . of the log has level')
        equal(d.lines("old"), old, "the old file")


@test
def a_reload_takes_it_elsewhere():
    with Logged() as d:
        def reload(log):
            with open(d.site, encoding="utf-8") as f:
                text = re.sub("^log: .*$", log, f.read(), flags=re.M)
            with open(d.site, "w", encoding="utf-8") as f:
                f.write(text)
            d.signal(signal.SIGHUP)
        reload(f"log: {{ file: {d.directory}/logs/second }}")
        d.wait_line("the new site is served", "second")
        with Control(os.path.join(d.directory, "control")) as c:
            c.ask("log", part="worker", level="debug")
        for worker in range(2):
            d.wait_line(f"worker {worker}: debug: part . of the log has level", "second")
        check(not [x for x in d.lines() if "of the log has level" in x], "the first file")
        mark = d.mark()
        reload("log: { worker: info }")
        d.wait_log("notice: the new site is served", since=mark)
        d.wait_log("worker .: info: slot . taken over", since=mark)


run()
