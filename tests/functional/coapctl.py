"""coapctl against a running coapd: what it prints, and what it has done."""
import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
import time

from harness import *
from harness.coapctl import COAPCTL, coapctl
from harness.control import Control, as_another
from harness.process import end_group, wait_end
from harness.pty import CTRL_C, Terminal

SITE = """
control: { socket: "@DIR@/control" }
watchdog: 10m
resources: { /hello: hello, /time: time, /block: block,
             /late: {module: separate, delay: 10m} }
"""
DASHBOARD = os.path.join(os.environ["COAPD_SRCDIR"], "docs/grafana.json")


def path_of(d):
    return os.path.join(d.directory, "control")


def patiently(truth, what):
    """Asks again and again until it is so."""
    end = time.monotonic() + TIMEOUT
    while not truth():
        check(time.monotonic() < end, f"not seen: {what}")


def asked(d, n=3):
    with d.peer() as p:
        for _ in range(n):
            equal(p.get("/hello").code, code("2.05"), "answer")


@test
def status_is_a_page():
    with Daemon(SITE) as d:
        asked(d)
        page = coapctl("status", socket=path_of(d))
        for pattern in (rf"coapd \S+, process {d.pid}, serving for 0:00:\d\d: {d.site}",
                        rf"\n0 +running +{d.workers[0]} ", r"\nall +3 +3 +0 +0\n",
                        r"\ncodes +GET 3  2.05 3\n", r"\nendpoints +0 +0 +1,250 ",
                        r"\nrequests +3  requests handed to a resource\n",
                        r"times +of [1-3] requests: half of them within \S+ (us|ms|s),"):
            check(re.search(pattern, page), f"{pattern} is not in {page}")


@test
def what_modules_count_is_there():
    with Daemon(SITE) as d:
        with d.peer() as p:
            equal(p.ask("PUT", "/block", payload=b"x").code >> 5, 2, "class of the answer")
        page, metrics = (coapctl(x, socket=path_of(d)) for x in ("status", "metrics"))
        check(re.search(r"\n/block +block +\S+ +1\n", page), page)
        check(re.search(r'\ncoapd_module_total{resource="/block",module="block",counter=".*"} 1\n',
                        metrics), metrics)


@test
def status_is_json():
    with Daemon(SITE) as d:
        asked(d)
        lines = [json.loads(line) for line in
                 coapctl("status", "--json", socket=path_of(d)).splitlines()]
        equal(sum(x["slot"]["counters"]["requests"] for x in lines if "slot" in x), 3,
              "requests")


@test
def status_of_workers_that_hang():
    with Daemon(SITE) as d:
        asked(d)
        for pid in d.workers.values():
            os.kill(pid, signal.SIGSTOP)
        check(re.search(r"\nall +3 ", coapctl("status", socket=path_of(d))), "no requests")
        check("coapd_requests_total" in coapctl("metrics", socket=path_of(d)), "no metrics")
        for pid in d.workers.values():
            os.kill(pid, signal.SIGCONT)
        asked(d)


@test
def status_is_watched():
    with Daemon(SITE) as d:
        with Terminal([COAPCTL, "-s", path_of(d), "status", "--watch", "--interval",
                       "0.1"]) as t:
            t.wait_text("a second")
            asked(d)
            t.wait_text("GET 3")
            t.send(CTRL_C)
            equal(t.end(), 0, "exit status")


@test
def observers_and_peers_are_listed():
    with Daemon(SITE) as d, d.peer() as p:
        equal(p.ask("GET", "/time", options=[("Observe", 0)]).code, code("2.05"), "answer")
        who = rf"\[::1\]:{p.socket.getsockname()[1]}"
        check(re.search(rf"\n/time +{who} ", coapctl("observers", socket=path_of(d))), who)
        check(re.search(rf"\n{who} ", coapctl("peers", socket=path_of(d))), who)
        equal(coapctl("observers", "/hello", "--json", socket=path_of(d)), "", "of another path")
        equal(json.loads(coapctl("observers", "/", "--json", socket=path_of(d)))["path"],
              "/time", "path")


@test
def how_much_is_logged_can_be_changed():
    with Daemon(SITE) as d:
        check(re.search(r"^worker +notice$", coapctl("log", socket=path_of(d)), re.M), "before")
        out = coapctl("log", "worker", "info", socket=path_of(d))
        check(re.search(r"^worker +info$", out, re.M), out)
        check(re.search(r"^supervisor +notice$", out, re.M), out)
        for part, level, why in (("engine", "info", "no such part"),
                                 ("all", "loud", "no such level")):
            check(why in coapctl("log", part, level, socket=path_of(d), status=1), why)
        coapctl("log", "all", "debug", socket=path_of(d))
        d.wait_log("worker 1: debug: part 5 of the log")
        mark = d.mark()
        d.kill(0)                           # those that come later know it as well
        d.wait_log("worker 0: debug: part 5 of the log", since=mark)


@test
def a_peer_is_kicked():
    with Daemon(SITE) as d, d.peer() as p, d.peer() as other:
        for x in (p, other):
            equal(x.ask("GET", "/time", options=[("Observe", 0)]).code, code("2.05"), "answer")
        who = f"[::1]:{p.socket.getsockname()[1]}"
        said = coapctl("kick", who, socket=path_of(d))
        check(said.startswith("1 observers, "), said)
        left = coapctl("observers", "--json", socket=path_of(d)).splitlines()
        equal([json.loads(x)["peer"] for x in left],
              [f"[::1]:{other.socket.getsockname()[1]}"], "who is left")
        check(coapctl("kick", "[::1]", socket=path_of(d)).startswith("1 observers"), "the other")
        check(coapctl("kick", "[::1]", socket=path_of(d)).startswith("0 observers"), "nobody")
        equal(d.counters()["observers-kicked"], 2, "observers that were kicked")
        asked(d)


@test
def a_worker_that_hangs_is_not_waited_for():
    with Daemon(SITE.replace('control" }', 'control", timeout: 4s }')) as d:
        peers = [d.peer() for _ in range(16)]           # whosever they are
        for p in peers:
            equal(p.ask("GET", "/time", options=[("Observe", 0)]).code, code("2.05"), "answer")
        os.kill(d.workers[1], signal.SIGSTOP)
        # Where the machine is slow, the other one may not have answered in time either.
        patiently(lambda: "coapctl: worker 1 has not answered" in
                  coapctl("kick", "[::1]", socket=path_of(d), status=1), "who is missing")
        left = coapctl("observers", "--json", socket=path_of(d)).splitlines()
        equal({json.loads(x)["slot"] for x in left} - {1}, set(), "slots in which some are left")
        os.kill(d.workers[1], signal.SIGCONT)
        patiently(lambda: coapctl("observers", "--json", socket=path_of(d)) == "", "it does it later")
        for p in peers:
            p.close()


@test
def a_request_that_waits_is_kicked():
    with Daemon(SITE + "drain: 10m\n") as d, d.peer() as p:
        p.send(p.request("GET", "/late"))
        with Control(path_of(d)) as c:
            patiently(lambda: sum(x["slot"]["slabs"]["exchanges"]["live"]
                                  for x in c.ask("status") if "slot" in x) == 1, "it waits")
        said = coapctl("kick", f"[::1]:{p.socket.getsockname()[1]}", socket=path_of(d))
        check(" 1 requests that waited" in said, said)


def while_it_runs(process):
    """Again and again until it has ended by itself, which it must."""
    end = time.monotonic() + TIMEOUT
    while process.poll() is None:
        if time.monotonic() > end:
            process.kill()
            raise Failure("coapctl does not end")
        yield


class Trace:
    """coapctl trace, running; what it has printed by now."""

    def __init__(self, d, *arguments):
        self.process = subprocess.Popen([COAPCTL, "-s", path_of(d), "trace", *arguments],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True,
                                        env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.daemon, self.first = d, b""

    def __enter__(self):
        """Once it sees what passes: messages of a peer of ours, until one is shown."""
        os.set_blocking(self.process.stdout.fileno(), False)
        with self.daemon.peer() as p:
            end = time.monotonic() + TIMEOUT
            while not self.first.endswith(b"\n"):
                check(time.monotonic() < end, "nothing is shown")
                p.get("/hello?marker")
                try:
                    self.first += os.read(self.process.stdout.fileno(), 65536)
                except BlockingIOError:
                    pass
        os.set_blocking(self.process.stdout.fileno(), True)
        return self

    def __exit__(self, *_):
        end_group(self.process)
        self.process.stdout.close()

    def end(self):
        """Everything, after an interrupt."""
        os.kill(self.process.pid, signal.SIGINT)
        check(wait_end(self.process, TIMEOUT), "it does not end")
        out = self.first + self.process.stdout.read()
        equal(self.process.returncode, 0, "exit status")
        return out

    def until(self, pattern, send=None):
        """Reads until a line matches; what is not shown is sent again, since a worker may
        have begun to show what passes later than the one that was seen first."""
        end = time.monotonic() + TIMEOUT
        while not re.search(pattern, self.first.decode(errors="replace"), re.M):
            check(time.monotonic() < end, f"{pattern} is not in {self.first.decode(errors='replace')}")
            if send:
                send()
            there = select.select([self.process.stdout], [], [], 0.1 if send else TIMEOUT)[0]
            if there:
                data = os.read(self.process.stdout.fileno(), 65536)
                check(data, f"it ended; {pattern} is not in {self.first.decode(errors='replace')}")
                self.first += data


@test
def messages_are_traced():
    with Daemon(SITE) as d, Trace(d) as t, d.peer() as p:
        who = rf"\[::1\]:{p.socket.getsockname()[1]}"
        t.until(rf"<- {who} CON GET mid=\d+ token=\w+ Uri-Path=none$", lambda: p.get("/none"))
        t.until(rf"-> {who} ACK 4.04 Not Found mid=\d+ token=\w+")
        t.end()


@test
def messages_of_a_path_are_traced():
    with Daemon(SITE) as d, Trace(d, "/hello") as t, d.peer() as p:
        def both():
            p.get("/none")
            p.get("/hello?last")

        t.until(r"Uri-Query=last$", both)
        check(b"none" not in t.end(), "another path is shown")


@test
def messages_of_a_peer_are_traced():
    with Daemon(SITE) as d, d.peer() as p:
        port = p.socket.getsockname()[1]
        out = []
        with subprocess.Popen([COAPCTL, "-s", path_of(d), "trace", f"[::1]:{port}", "--count", "2"],
                              stdout=subprocess.PIPE, text=True) as t:
            for _ in while_it_runs(t):
                with d.peer() as other:
                    other.get("/time")
                p.get("/hello")
            out = t.stdout.read().splitlines()
        equal(len(out), 2, "lines")
        check(all(f"[::1]:{port} " in line for line in out), out)


@test
def workers_that_start_are_traced():
    with Daemon(SITE) as d, Trace(d) as t:
        for worker in (0, 1):
            d.kill(worker)
        with Control(path_of(d)) as c:
            patiently(lambda: all(w["worker"]["state"] == "running"
                                  for w in c.ask("status")[1:3]), "both run")
        with d.peer() as p:
            t.until("Uri-Query=after$", lambda: p.get("/hello?after"))
        t.end()


@test
def a_trace_is_a_file_for_wireshark():
    with Daemon(SITE) as d, d.peer() as p:
        with subprocess.Popen([COAPCTL, "-s", path_of(d), "trace", "--pcapng", "--count", "2"],
                              stdout=subprocess.PIPE) as t:
            for _ in while_it_runs(t):
                p.get("/hello")
            file = t.stdout.read()
        kinds, packets = [], []
        while file:
            kind, length = struct.unpack("=II", file[:8])
            kinds.append(kind)
            if kind == 6:
                size, = struct.unpack("=I", file[20:24])
                packets.append(file[28:28 + size])
            equal(file[length - 4:length], file[4:8], "length of a block at its end")
            file = file[length:]
        equal(kinds, [0x0a0d0d0a, 1, 6, 6], "blocks")
        for packet in packets:
            equal((packet[0] >> 4, packet[6]), (6, 17), "IPv6 with UDP")
        equal(struct.unpack(">H", packets[0][42:44])[0], d.address()[1], "port of coapd")
        check(b"hello" in packets[0][48:], packets[0])


@test
def who_looks_on_and_does_not_read_is_dropped():
    with Daemon(SITE.replace("control\"", "control\", timeout: 3s")) as d:
        with Control(path_of(d)) as c, d.peer() as p:
            c.send(b'{"do":"trace"}\n')
            equal(c.line(), {"tracing": True}, "answer")

            def is_dropped():
                equal(p.get("/hello").code, code("2.05"), "answer")
                with Control(path_of(d)) as other:
                    return other.ask("status")[0]["daemon"]["control"]["slow"]
            patiently(is_dropped, "that it is dropped")


@test
def only_so_many_look_on():
    with Daemon(SITE) as d:
        lookers = [Control(path_of(d)) for _ in range(5)]
        for c in lookers:
            c.send(b'{"do":"trace"}\n')
        answers = [c.line() for c in lookers]
        equal(sorted(next(iter(a)) for a in answers), ["error"] + ["tracing"] * 4, "answers")
        next(c for c, a in zip(lookers, answers) if "tracing" in a).socket.close()
        with d.peer() as p:
            p.get("/hello")

        def has_room():
            with Control(path_of(d)) as c:
                c.send(b'{"do":"trace"}\n')
                return "tracing" in c.line()
        patiently(has_room, "room for another")
        for c in lookers:
            c.socket.close()


def families(text):
    """Metrics by name, as the parser of Prometheus's own client library has them."""
    sys.path.append("/usr/lib/python3/dist-packages")       # if this is not Debian's Python
    try:
        from prometheus_client.parser import text_string_to_metric_families
    except ImportError:
        raise Skip("python3-prometheus-client is missing") from None
    return {f.name: f for f in text_string_to_metric_families(text)}


@test
def metrics_are_what_prometheus_reads():
    with Daemon(SITE) as d:
        asked(d)
        text = coapctl("metrics", socket=path_of(d))
        found = families(text)
        equal(sum(s.value for s in found["coapd_requests"].samples), 3, "requests")
        equal(found["coapd_requests"].type, "counter", "type")
        times = found["coapd_request_seconds"]
        equal(times.type, "histogram", "type")
        buckets = [s.value for s in times.samples if s.name.endswith("_bucket")]
        equal(buckets, sorted(buckets), "buckets add up")
        equal(times.samples[len(buckets) - 1].labels["le"], "+Inf", "the last")
        names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
        equal(len(names), len(set(names)), "each has its type once")
        samples = [s for f in found.values() for s in f.samples]
        keys = {(s.name, tuple(sorted(s.labels.items()))) for s in samples}
        equal(len(keys), len(samples), "no sample comes twice")


@test
def the_dashboard_shows_what_there_is():
    with open(DASHBOARD, encoding="utf-8") as f:
        board = json.load(f)
    wanted = set()
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            wanted |= set(re.findall(r"\bcoapd_\w+", target["expr"]))
    wanted |= set(re.findall(r"\bcoapd_\w+", json.dumps(board["templating"])))
    check(len(wanted) > 40, wanted)
    with Daemon(SITE) as d:
        asked(d)
        there = {s.name for f in families(coapctl("metrics", socket=path_of(d))).values()
                 for s in f.samples}
    equal(wanted - there, set(), "what the dashboard wants and is not there")


@test
def it_is_found_by_itself():
    with Daemon("resources: { /hello: hello }\nruntime-directory: '@DIR@'\n") as d:
        inside, = [x for x in os.listdir(d.directory) if x.startswith("coapd-")]
        out = coapctl("status", env={"RUNTIME_DIRECTORY": os.path.join(d.directory, inside)})
        check(f"process {d.pid}," in out, out)


@test
def stop_waits_for_the_end():
    with Daemon(SITE) as d:
        equal(coapctl("stop", socket=path_of(d)), "", "what it says")
        equal(d.wait_end(), 0, "exit status")
        err = coapctl("status", socket=path_of(d), status=1)
        check("coapctl: " in err and path_of(d) in err, err)


@test
def what_cannot_be_done_is_told():
    with Daemon(SITE) as d:
        check("no address" in coapctl("peers", "example.com", socket=path_of(d), status=1),
              "a name")
        check("is it status" in coapctl("statsu", socket=path_of(d), status=2), "a slip")
        if os.geteuid() == 0:
            err = as_another(lambda: coapctl("status", socket=path_of(d), status=1))
            check("only root" in err or "Error" in err, err)


run()
