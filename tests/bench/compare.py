"""The bare echo (floor.c), coapd and libcoap's server under the same load, in turns; run by hand
("make bench") for docs/measurements.md.

Servers have one core, the load another one.  What counts is the CPU time of the server for a
request, and its ratio to the echo's in the same round: rates and latencies are those of a machine
in one moment.  ROUNDS and SECONDS in the environment say how long it takes, SWARM_SECONDS how long
each run with 100,000 endpoints, MIXED_SECONDS each in which POSTs are repeated 2 to 10 s later (and 10 s
more), LOADS which loads (a pattern of their names); RESULTS is a file for what was measured, as JSON,
of which chart.py draws docs/measurements.svg; what it has of other loads stays.

Where POSTs are repeated, message IDs come round several times meanwhile, so the site has room for all
answers that may be asked for again.  Each is executed once, which the module counts and mixed.c judges;
of the echo nobody knows.

A rate that has to be kept is not kept where other work has the cores: REALTIME=1 gives server and
load of those runs real-time priority (as root, for some seconds: nothing else goes on meanwhile).
"""
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time

from harness import *
from harness.client import CLIENT, client_environment
from harness.control import Control
from harness.daemon import BUILD
from harness.foreign import LIBCOAP, Foreign
from harness.load import cells_file
from harness.process import end_group

ROUNDS = int(os.environ.get("ROUNDS", "4"))
SECONDS = os.environ.get("SECONDS", "1.5")
SWARM_SECONDS = os.environ.get("SWARM_SECONDS", "5")
WANTED = re.compile(os.environ.get("LOADS", ""))
MIXED_SECONDS = os.environ.get("MIXED_SECONDS", "10")
SWARM = 100000
FRESH = 120                     # seconds: answers are kept for 247 (RFC 7252 4.8.2)
OF_LIBCOAP = 10000              # it looks at each of its sessions in every turn
SITE = """
workers: 1
listen: [ "coap://[::]:0" ]
limits: { endpoints: 200000, dedup: 400000 }
control: { socket: "@DIR@/control" }
runtime-directory: "@DIR@"
resources: { /hello: { module: hello }, /sink: { module: bare } }
"""
POST = ["--method", "POST", "--payload-size", "20"]
LOADS = [("GET, 16 x 16", "GET", ["-c", "16", "-w", "16"]),
         ("GET, 1,000 x 1", "GET", ["-c", "1000", "-w", "1"]),
         ("GET, 1 x 1", "GET", ["-c", "1", "-w", "1", "--busy"]),
         ("POST of 20 bytes, 16 x 16", "POST", ["-c", "16", "-w", "16", *POST])]
MANY = [("GET, 100,000 known, 4,000 a second", 4000),
          ("GET, 100,000 known, 100,000 a second", 100000)]
MIXED_SITE = """
workers: 1
listen: [ "coap://[::]:0" ]
limits: { %s }
resources: { /hello: { module: hello }, /count: { module: count, file: "@DIR@/cells" } }
"""
NUMBERS = 1 << 25               # of POSTs, in a file with holes
ALL = "dedup: 7000000, answers-per-endpoint: 400000"     # as many as may come within 10 s
APART = ["-i"]                  # none beside another one of the same client
# Name, POSTs of a thousand requests, of which so many of a thousand are repeated, limits, and more.
MIXED = [("1 % writes, repeated", 10, 1000, "", []),
         ("1 % writes, repeated, each by itself", 10, 1000, "", APART),
         ("writes, 1 % repeated", 1000, 10, ALL, []),
         ("writes, 1 % repeated, each by itself", 1000, 10, ALL, APART)]
FIGURES = ("cpu_us", "per_second", "p50", "p99", "p999", "lost")


def prefer(pid, priority):
    """Before all that has none; 0: no more."""
    if os.environ.get("REALTIME"):
        os.sched_setscheduler(pid, os.SCHED_FIFO if priority else os.SCHED_OTHER,
                              os.sched_param(priority))


@once
def swarm_ports():
    """The first of four in a row."""
    while True:
        taken = []
        try:
            for k in range(4):
                taken.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                taken[k].bind(("0.0.0.0", taken[0].getsockname()[1] + k if k else 0))
            return taken[0].getsockname()[1]
        except (OSError, OverflowError):
            pass
        finally:
            for s in taken:
                s.close()


class Served:
    """A server: where it is asked, and which process works."""

    def __init__(self, name, pid, port, paths):
        self.name, self.pid, self.port, self.paths = name, pid, port, paths
        self.runs, self.filled = 0, -FRESH
        os.sched_setaffinity(pid, {0})

    def measure(self, method, load):
        """What one run of the load makes of it: FIGURES."""
        uri = f"coap://[::1]:{self.port}{self.paths[method]}"
        p = subprocess.run([CLIENT, "bench", uri, "--json", "--cpu", "1", "--pid", str(self.pid),
                            "--warmup", "0.3", "--duration", SECONDS, "--reuse-mids", *load],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           env=client_environment(), check=False)
        got = json.loads(p.stdout)
        check(got["answered"], f"nothing was answered: {p.stderr}")
        times = got["latency_us"]
        return {"cpu_us": got["server"]["cpu_us"], "per_second": got["per_second"],
                "p50": times["p50"], "p99": times["p99"], "p999": times["p999"],
                "lost": got["lost"]}

    def swarm(self, method, *arguments):
        """The same of many endpoints in an open loop, which are the same in each run."""
        self.runs += 1
        prefer(self.pid, 1)
        p = subprocess.run([f"{BUILD}/tests/bench/swarm", "-p", str(self.pid), "-m", method, "-l",
                            str(swarm_ports()), "-n", str(self.runs), *arguments, str(self.port), self.paths[method]],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                           preexec_fn=lambda: (os.sched_setaffinity(0, {1}), prefer(0, 1)))
        prefer(self.pid, 0)
        check(p.stdout, f"swarm: {p.stderr}")
        got = json.loads(p.stdout)
        equal(got["wrong"], 0, f"answers of {self.name} that are wrong")
        return {**got, "lost": got["sent"] - got["answered"]}

    def mixed(self, posts, repeated, *more):
        """The same where what was written is repeated."""
        p = subprocess.run([f"{BUILD}/tests/bench/mixed", "-p", str(self.pid), "-s", MIXED_SECONDS,
                            "-o", str(posts), "-r", str(repeated), *more, "::1", str(self.port),
                            self.paths["GET"], self.paths["POST"]],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                           preexec_fn=lambda: os.sched_setaffinity(0, {1}))
        equal(p.returncode, 0, f"status of mixed at {self.name}: {p.stdout}{p.stderr}")
        return json.loads(p.stdout)

    def rss(self):
        """KiB."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def free_port():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.bind(("::1", 0))
        return s.getsockname()[1]


def libcoap():
    """As quiet as it can be, so it does not say when it is there: asked until it answers."""
    port = free_port()
    p = subprocess.Popen([LIBCOAP, "-A", "::", "-p", str(port), "-v", "0"],
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, start_new_session=True)
    with Peer("::1", port) as peer:
        for _ in range(int(10 * TIMEOUT)):
            peer.send(Message(CON, 0, peer.new_mid()))
            try:
                peer.receive(0.1)
                break
            except (Failure, ConnectionError):
                pass
    return p, Served("libcoap", p.pid, port, {"GET": "/"})


# --- results --------------------------------------------------------------------------------


class Results:
    """Rows of the table, printed as they come, and kept."""

    def __init__(self):
        self.rows, self.memory = [], []
        print("| load | server | CPU for a request | to the floor | requests a second | p50 | p99 | "
              "p99.9 | p50 to the floor |")
        print("|---|---|---|---|---|---|---|---|---|", flush=True)

    def add(self, load, got):
        """got: {server: FIGURES of each round}."""
        for who, rounds in got.items():
            row = {k: statistics.median(r[k] for r in rounds) for k in FIGURES}
            row["lost"] = sum(r["lost"] for r in rounds)
            for key, name in (("cpu_us", "ratio"), ("p50", "p50_ratio")):
                row[name] = statistics.median(r[key] / base[key]
                                              for r, base in zip(rounds, got["floor"]))
            self.rows.append({"load": load, "server": who, **row})
            lost = f" ({row['lost']:,} lost)" if row["lost"] else ""
            print(f"| {load} | {who} | {row['cpu_us']:.2f} us | {row['ratio']:.2f} | "
                  f"{row['per_second']:,.0f}{lost} | {row['p50']:,.0f} us | {row['p99']:,.0f} us | "
                  f"{row['p999']:,.0f} us | {row['p50_ratio']:.2f} |", flush=True)

    @staticmethod
    def tell(figures):
        """More of the row before, in the log alone."""
        print("#", figures, file=sys.stderr, flush=True)

    def save(self, path):
        """Beside what is there of other loads."""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                old = json.load(f)
            new = {row["load"] for row in self.rows}
            self.rows = [row for row in old["rows"] if row["load"] not in new] + self.rows
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"rows": self.rows, "memory": self.memory}, f, indent=1)
            f.write("\n")


# --- loads -------------------------------------------------------------------------------------


def closed(results, name, method, load, servers):
    """One load on all in turns."""
    got = {s.name: [] for s in servers if method in s.paths}
    for _ in range(ROUNDS):
        for s in servers:
            if method in s.paths:
                got[s.name].append(s.measure(method, load))
    results.add(name, got)


def counted(limits, posts, repeated, more):
    """Of a daemon that remembers nothing yet, and whose module has counted nothing."""
    d = Daemon(MIXED_SITE % limits)
    path = cells_file(d, n=NUMBERS)
    with d:
        served = Served("coapd", d.workers[0], d.listeners[0][1], {"GET": "/hello", "POST": "/count"})
        return served.mixed(posts, repeated, "-f", path, *more)


def mixed(results, name, posts, repeated, limits, more, floor):
    got = {"floor": [], "coapd": []}
    for _ in range(ROUNDS):
        got["floor"].append(floor.mixed(posts, repeated, *more))
        got["coapd"].append(counted(limits, posts, repeated, more))
    results.add(name, got)
    for said in got["coapd"]:
        equal(said["same"], said["repeated"], f"repetitions that got the answer of before: {said}")
        results.tell({k: said[k] for k in ("posts", "executed", "twice", "repeated", "same",
                                           "otherwise", "rounds")})


def known(d):
    with Control(f"{d.directory}/control") as c:
        return sum(line["slot"]["slabs"]["endpoints"]["live"]
                   for line in c.ask("status") if "slot" in line)


def fill(d, coapd):
    """100,000 endpoints are known, each with an answer that is kept, and for a while yet."""
    if time.monotonic() - coapd.filled < FRESH and known(d) >= SWARM:
        return
    coapd.swarm("POST", "-f", "-e", str(SWARM))
    coapd.filled = time.monotonic()
    check(known(d) >= SWARM, f"only {known(d)} endpoints are known")


def with_many(results, name, rate, d, floor, coapd):
    got = {"floor": [], "coapd": []}
    for _ in range(ROUNDS):
        fill(d, coapd)
        for s in (floor, coapd):
            got[s.name].append(s.swarm("GET", "-e", str(SWARM), "-r", str(rate), "-s",
                                       SWARM_SECONDS))
        check(known(d) >= SWARM, f"at the end only {known(d)} endpoints were known")
    results.add(name, got)


# --- memory --------------------------------------------------------------------------------------


def layout():
    """Bytes of the slot and of a worker's tables with the default limits in one slot."""
    p = subprocess.run([f"{BUILD}/bench_inputs", "slots: 1"], capture_output=True, text=True,
                       check=True)
    return json.loads(p.stdout.splitlines()[0])


def memory(results, other):
    """Endpoints that asked once and are idle: what they take, of one that did nothing before."""
    with Daemon(SITE) as d:
        coapd = Served("coapd", d.workers[0], d.listeners[0][1], {"POST": "/sink"})
        before = coapd.rss()
        fill(d, coapd)
        results.memory.append({"server": "coapd", "endpoints": SWARM, "before_kib": before,
                               "rss_kib": coapd.rss()})
    if other:
        before = other.rss()
        other.swarm("GET", "-f", "-e", str(OF_LIBCOAP))
        results.memory.append({"server": "libcoap", "endpoints": OF_LIBCOAP,
                               "before_kib": before, "rss_kib": other.rss()})
    plan = layout()
    size, tables = plan["slabs"], plan["tables"]
    each = {name: size[name][0] + tables[name] / size[name][1] for name in tables}
    print("\n| memory | |\n|---|---|")
    print(f"| an endpoint, its object and its part of a table | {each['endpoints']:.0f} bytes |")
    print(f"| an answer that is kept | {each['dedup']:.0f} bytes |")
    print(f"| an observer beside its endpoint, its object and its deadline | "
          f"{size['observers'][0] + plan['item']} bytes |")
    for row in results.memory:
        more = row["rss_kib"] - row["before_kib"]
        print(f"| {row['server']}, resident before, and with {row['endpoints']:,} endpoints more | "
              f"{row['before_kib']:,} and {row['rss_kib']:,} KiB, "
              f"{more * 1024 / row['endpoints']:.0f} bytes each |", flush=True)


def main():
    other = None
    with Foreign([f"{BUILD}/tests/bench/floor", "0"], r"^(\d+)$") as echo, Daemon(SITE) as d:
        floor = Served("floor", echo.process.pid, echo.port, {"GET": "/", "POST": "/"})
        coapd = Served("coapd", d.workers[0], d.listeners[0][1],
                       {"GET": "/hello", "POST": "/sink"})
        servers = [floor, coapd]
        try:
            if LIBCOAP:
                other, served = libcoap()
                servers.append(served)
            results = Results()
            for name, method, load in LOADS:
                if WANTED.search(name):
                    closed(results, name, method, load, servers)
            for name, rate in MANY:
                if WANTED.search(name):
                    with_many(results, name, rate, d, floor, coapd)
            for name, *load in MIXED:
                if WANTED.search(name):
                    mixed(results, name, *load, floor)
            memory(results, servers[2] if LIBCOAP else None)
            if os.environ.get("RESULTS"):
                results.save(os.environ["RESULTS"])
        finally:
            if other:
                end_group(other)


main()
