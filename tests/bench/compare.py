"""The bare echo (floor.c), coapd and libcoap's server under the same load, in turns; run by hand
("make bench") for docs/measurements.md.

Servers have one core, the load another one.  What counts is the CPU time of the server for a
request, and its ratio to the echo's in the same round: rates are those of a machine in one
moment.  ROUNDS and SECONDS in the environment say how long it takes.
"""
import json
import os
import socket
import statistics
import subprocess

from harness import *
from harness.client import CLIENT, client_environment
from harness.daemon import BUILD
from harness.foreign import LIBCOAP, Foreign
from harness.process import end_group

ROUNDS = int(os.environ.get("ROUNDS", "4"))
SECONDS = os.environ.get("SECONDS", "1.5")
SITE = """
workers: 1
listen: [ "coap://[::]:0" ]
limits: {}
resources: { /hello: { module: hello }, /sink: { module: bare } }
"""
LOADS = [("GET, 16 x 16", "GET", ["-c", "16", "-w", "16"]),
         ("GET, 1,000 x 1", "GET", ["-c", "1000", "-w", "1"]),
         ("GET, 1 x 1", "GET", ["-c", "1", "-w", "1"]),
         ("POST of 20 bytes, 16 x 16", "POST",
          ["-c", "16", "-w", "16", "--method", "POST", "--payload-size", "20"])]


def pin(core):
    return lambda: os.sched_setaffinity(0, {core})


class Served:
    """A server: where it is asked, and which process works."""

    def __init__(self, name, pid, port, paths):
        self.name, self.pid, self.port, self.paths = name, pid, port, paths
        os.sched_setaffinity(pid, {0})

    def measure(self, method, load):
        """Microseconds of its CPU for a request, requests a second, and the median latency."""
        uri = f"coap://[::1]:{self.port}{self.paths[method]}"
        p = subprocess.run([CLIENT, "bench", uri, "--json", "--cpu", "1", "--pid", str(self.pid),
                            "--warmup", "0.3", "--duration", SECONDS, "--reuse-mids", *load],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           env=client_environment(), check=False)
        got = json.loads(p.stdout)
        check(got["answered"], f"nothing was answered: {p.stderr}")
        return got["server"]["cpu_us"], got["per_second"], got["latency_us"]["p50"]


def free_port():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.bind(("::1", 0))
        return s.getsockname()[1]


def libcoap():
    """As quiet as it can be, so it does not say when it is there: asked until it answers."""
    port = free_port()
    p = subprocess.Popen([LIBCOAP, "-A", "::1", "-p", str(port), "-v", "0"],
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


def show(name, method, load, servers):
    """One load on all in turns, as a row for each server."""
    got = {s.name: [] for s in servers if method in s.paths}
    for _ in range(ROUNDS):
        for s in servers:
            if method in s.paths:
                got[s.name].append(s.measure(method, load))
    floor = [cpu for cpu, _, _ in got["floor"]]
    for who, rows in got.items():
        cpu, rate, p50 = (statistics.median(column) for column in zip(*rows))
        ratio = statistics.median(row[0] / base for row, base in zip(rows, floor))
        print(f"| {name} | {who} | {cpu:.2f} us | {ratio:.2f} | {rate:,.0f} | {p50:.0f} us |",
              flush=True)


def main():
    other = None
    with Foreign([f"{BUILD}/tests/bench/floor", "0"], r"^(\d+)$") as echo, Daemon(SITE) as d:
        servers = [Served("floor", echo.process.pid, echo.port, {"GET": "/", "POST": "/"}),
                   Served("coapd", d.workers[0], d.listeners[0][1],
                          {"GET": "/hello", "POST": "/sink"})]
        try:
            if LIBCOAP:
                other, served = libcoap()
                servers.append(served)
            print("| load | server | CPU for a request | to the floor | requests a second | p50 |")
            print("|---|---|---|---|---|---|")
            for name, method, load in LOADS:
                show(name, method, load, servers)
        finally:
            if other:
                end_group(other)


main()
