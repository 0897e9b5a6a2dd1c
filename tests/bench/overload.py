"""Twice as much as a server can do is asked of it (flood.c), for a module that takes the processor
for BURN nanoseconds a request, and of the bare echo (floor.c), that takes it as long; in turns, by
hand for docs/measurements.md.

What counts is the goodput of coapd against that of the echo in the same round, for each second of
the processor that they got, as others may want it as well; and that the memory of the worker and
its slot does not grow.  ROUNDS and SECONDS say how long it takes.
"""
import json
import os
import statistics
import subprocess

from harness import *
from harness.client import CLIENT, client_environment
from harness.daemon import BUILD, environment
from harness.foreign import Foreign
from harness.memory import memory_kb, private_kb

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = os.environ.get("SECONDS", "2")
BURN = os.environ.get("BURN", "5000")
SITE = f"""
workers: 1
listen: [ "coap://[::]:0" ]
limits: {{}}
resources: {{ /burn: {{ module: burn, ns: {BURN} }} }}
"""


def pin(core):
    return lambda: os.sched_setaffinity(0, {core})


def capacity(pid, port):
    """Requests a second that it answers when no more than 256 are under way."""
    p = subprocess.run([CLIENT, "bench", f"coap://[::1]:{port}/burn", "--json", "--cpu", "1",
                        "--pid", str(pid), "--warmup", "0.3", "--duration", "1", "-c", "16",
                        "-w", "16", "--reuse-mids"], stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, env=client_environment(), check=False)
    return json.loads(p.stdout)["per_second"]


def cpu_s(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
        return int(f.read().split()[0]) / 1e9


def flood(pid, port, rate):
    """What came of it, with the time of the processor that the server had."""
    before = cpu_s(pid)
    p = subprocess.run([f"{BUILD}/tests/bench/flood", "::1", str(port), "/burn", str(rate),
                        SECONDS], stdout=subprocess.PIPE, text=True, env=environment(),
                       preexec_fn=pin(1), check=True)
    got = json.loads(p.stdout)
    got["cpu"] = cpu_s(pid) - before
    got["good"] = got["answered"] / got["cpu"]
    return got


def main():
    ratios, offered = [], []
    with Foreign([f"{BUILD}/tests/bench/floor", "0", BURN], r"^(\d+)$") as echo, Daemon(SITE) as d:
        servers = [(echo.process.pid, echo.port), (d.workers[0], d.listeners[0][1])]
        for pid, _ in servers:
            os.sched_setaffinity(pid, {0})
        rate = 2 * max(capacity(*servers[0]) for _ in range(3))
        for n in range(ROUNDS):
            floor, served = (flood(*server, rate) for server in servers)
            ratios.append(served["good"] / floor["good"])
            offered.append(served["offered_s"] * float(SECONDS) / served["cpu"] / floor["good"])
            print(f"{n}: offered {served['offered_s']:,.0f}/s; answers for a second of the processor:"
                  f" echo {floor['good']:,.0f}, coapd {served['good']:,.0f}: {ratios[-1]:.3f};"
                  f" it had {floor['cpu']:.2f} s and {served['cpu']:.2f} s; wrong {served['wrong']};"
                  f" private {private_kb(d)} KiB, slots {memory_kb(d)} KiB", flush=True)
        print({k: v for k, v in d.counters().items() if v}, flush=True)
    print(f"goodput, median {statistics.median(ratios):.3f}, least {min(ratios):.3f}; offered "
          f"{statistics.median(offered):.1f} times what the echo can do", flush=True)


main()
