"""How long what is there once in the daemon stands still when its worker dies or hangs; run by
hand, for docs/measurements.md.  Each worker lives longer than a second before, as one that dies
younger has its successor delayed."""
import os
import re
import select
import signal
import statistics
import time

from harness import *

TIMES = 20
SITE = """
workers: 1
crash-limit: 0
resources: { /tick: {module: ticker}, /crash: {module: crash} }
"""


def killed(d, p):
    os.kill(d.workers[0], signal.SIGKILL)


def stopped(d, p):
    os.kill(d.workers[0], signal.SIGSTOP)


def spins(d, p):
    p.send(p.request("POST", "/crash?how=spin"))


def sleeps(d, p):
    p.send(p.request("POST", "/crash?how=hang"))


def one(d, harm):
    """Milliseconds from the harm to the first tick of another process."""
    select.select([], [], [], 1.2)
    mark, old = d.mark(), d.workers[0]
    with d.peer() as p:
        begin = time.monotonic()
        harm(d, p)
        d.wait(lambda: any(r.pid != old and re.search("/tick: tick", r.text)
                           for r in d.log[mark:]), "a tick of the successor")
        return (time.monotonic() - begin) * 1000


def cost(d, seconds):
    """Milliseconds of processor time a second that a daemon uses which nobody asks."""
    def used(pid):
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
            return int(f.read().split()[0]) / 1e6
    pids = [d.pid, *d.workers.values()]
    before = [used(pid) for pid in pids]
    select.select([], [], [], seconds)
    return [(used(pid) - b) / seconds for pid, b in zip(pids, before)]


def main():
    for harm in (killed, stopped, spins, sleeps):
        with Daemon(SITE) as d:
            d.wait_log("/tick: tick")
            took = sorted(one(d, harm) for _ in range(TIMES))
            print(f"{harm.__name__}: median {statistics.median(took):.1f} ms, slowest "
                  f"{took[-1]:.1f} ms", flush=True)
    for watchdog in ("800ms", "30s", "0"):
        with Daemon(f"workers: 4\nwatchdog: {watchdog}\nresources: {{ /hello: hello }}\n") as d:
            supervisor, *workers = cost(d, 10)
            print(f"watchdog {watchdog}: supervisor {supervisor:.3f} ms a second, each worker "
                  f"{statistics.mean(workers):.3f}", flush=True)


main()
