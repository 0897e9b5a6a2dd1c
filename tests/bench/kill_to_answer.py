"""How long the clients of a killed worker wait; run by hand, for
docs/measurements.md.  Each worker lives longer than a second before it is killed,
as one that dies younger has its successor delayed."""
import os
import select
import signal
import statistics
import sys
import time

from harness import *

KILLS = 20
SITE = """
workers: 1
limits: { endpoints: %d, dedup: %d, exchanges: 2000, waiting: 2000, messages: 2000 }
resources: { /hello: {module: hello}, /any: {module: crash} }
"""


def fill(d, n):
    """n peers are remembered, each with an answer."""
    for _ in range(n):
        with d.peer() as p:
            p.post("/any")


def one(d, p):
    """Milliseconds from the kill to an answer asked for right after it."""
    select.select([], [], [], 1.1)
    mark, begin = d.mark(), time.monotonic()
    os.kill(d.workers[0], signal.SIGKILL)
    p.get("/hello")
    took = (time.monotonic() - begin) * 1000
    d.wait_log("worker 0 started", since=mark)
    return took


def main():
    peers = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with Daemon(SITE % (peers * 2 + 16, peers * 2 + 16)) as d, d.peer() as p:
        fill(d, peers)
        took = sorted(one(d, p) for _ in range(KILLS))
        print(f"{KILLS} kills, {peers} peers remembered: median "
              f"{statistics.median(took):.2f} ms, slowest {took[-1]:.2f} ms")


main()
