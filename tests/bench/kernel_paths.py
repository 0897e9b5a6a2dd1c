"""The bare echo by three ways into the kernel, under the same load in turns: recvmmsg() and
sendmmsg() (floor.c), io_uring (ring.c), AF_XDP in generic mode (xsk.c); run by hand, as root, for
docs/measurements.md.

All are at the other end of a pair of interfaces in a network namespace of their own, on one
core, the load on another; the first two on the loopback as well.  What counts is the CPU time of
the server for a request, and its ratio to the first one's in the same round.  ROUNDS and SECONDS
in the environment say how long it takes.
"""
import json
import os
import statistics
import subprocess

from harness import *
from harness.client import CLIENT, client_environment
from harness.daemon import BUILD
from harness.foreign import Foreign
from harness.netns import Island, Namespace, wait_up

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = os.environ.get("SECONDS", "1")
LOADS = [("16 x 16", ["-c", "16", "-w", "16"]), ("1,000 x 1", ["-c", "1000", "-w", "1"]),
         ("1 x 1", ["-c", "1", "-w", "1"])]
THERE, HERE = "192.0.2.1", "192.0.2.2"


def echo(name, *arguments):
    e = Foreign([f"{BUILD}/tests/bench/{name}", *arguments], r"^(\d+)$")
    os.sched_setaffinity(e.process.pid, {0})
    return e


def measure(host, e, load):
    p = subprocess.run([CLIENT, "bench", f"coap://{host}:{e.port}/", "--json", "--cpu", "1",
                        "--pid", str(e.process.pid), "--warmup", "0.2", "--duration", SECONDS,
                        "--reuse-mids", "--no-segments", *load], stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, env=client_environment(), check=False)
    got = json.loads(p.stdout)
    check(got["answered"], f"nothing was answered: {p.stderr}")
    return got["server"]["cpu_us"], got["per_second"], got["latency_us"]["p50"]


def compare(where, host, echoes):
    for name, load in LOADS:
        got = {way: [] for way, _ in echoes}
        for _ in range(ROUNDS):
            for way, e in echoes:
                got[way].append(measure(host, e, load))
        for way, rows in got.items():
            cpu, rate, p50 = (statistics.median(column) for column in zip(*rows))
            ratio = statistics.median(row[0] / base[0] for row, base in
                                      zip(rows, got[echoes[0][0]]))
            print(f"| {where} | {name} | {way} | {cpu:.2f} us | {ratio:.2f} | {rate:,.0f} | "
                  f"{p50:.0f} us |", flush=True)


def main():
    print("| by | load | echo | CPU for a request | to the first | requests a second | p50 |")
    print("|---|---|---|---|---|---|---|")
    with Namespace(), echo("floor", "0") as floor, echo("ring", "0") as ring:
        compare("loopback", "127.0.0.1", [("recvmmsg", floor), ("io_uring", ring)])
    with Island() as far, Namespace("ip link add here type veth peer name there",
                                    f"ip address add {HERE}/24 dev here", "ip link set here up"):
        far.take("there")
        with far.inside():
            subprocess.run(["ip", "address", "add", f"{THERE}/24", "dev", "there"], check=True)
            subprocess.run(["ip", "link", "set", "there", "up"], check=True)
            wait_up("there")
            floor, ring = echo("floor", "0"), echo("ring", "0")
            xsk = echo("xsk", "there", "5683")
        with floor, ring, xsk:
            compare("veth", THERE, [("recvmmsg", floor), ("io_uring", ring), ("AF_XDP", xsk)])


main()
