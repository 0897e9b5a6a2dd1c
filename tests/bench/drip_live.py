"""10,000 peers that send a block of a body each minute, for docs/measurements.md; run by hand,
as it takes MINUTES (3 unless the environment says else) and then until all is given up."""
import os
import resource
import select
import time

from harness import *
from harness.memory import memory_kb

PEERS = int(os.environ.get("PEERS", "10000"))
MINUTES = int(os.environ.get("MINUTES", "3"))
BUDGET_MIB = 16
SITE = f"""
workers: 4
resources:
  /sum: {{module: sum}}
  /hello: {{module: hello}}
limits: {{ endpoints: 30000, dedup: 30000, exchanges: 500, waiting: 500, messages: 500,
          assemblies: 30000, body-size: 8MiB, body-memory: {BUDGET_MIB}MiB }}
transmission: {{ body-timeout: 90s }}
"""


def block(number):
    return uint(number << 4 | 8 | 6)


def drip(peers, next_of, until):
    """One block of each, spread over the minute; the codes of the answers."""
    codes = {}
    for n, p in enumerate(peers):
        r = p.request("PUT", "/sum", payload=bytes(1024), options=[("Block1", block(next_of[n]))])
        p.send(r)
        m = p.answer(r)
        next_of[n] = next_of[n] + 1 if m.code == code("2.31") else 0
        codes[m.code] = codes.get(m.code, 0) + 1
        wait = until - (len(peers) - n - 1) * 60 / len(peers) - time.monotonic()
        if wait > 0:
            select.select([], [], [], wait)
    return {f"{c >> 5}.{c & 31:02}": k for c, k in sorted(codes.items())}


@test
def drips_stay_in_the_budget():
    resource.setrlimit(resource.RLIMIT_NOFILE, (PEERS + 100, max(
        PEERS + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    with Daemon(SITE) as d, d.peer() as beside:
        peers = [d.peer() for _ in range(PEERS)]
        next_of, before = [0] * PEERS, memory_kb(d)
        for minute in range(MINUTES):
            codes = drip(peers, next_of, time.monotonic() + 60)
            held = memory_kb(d) - before
            print(f"# minute {minute + 1}: {codes}, {held} KiB more in the slots", flush=True)
            check(beside.get("/hello").code == code("2.05"), "others are served")
        c = d.counters()
        check(held < BUDGET_MIB * 1024 + 16384, "bodies and what is kept of 10,000 peers")
        select.select([], [], [], 90)
        while d.counters()["assembly-lost"] == 0 or c != d.counters():
            c = d.counters()
            select.select([], [], [], 2)
        print(f"# after 90 s: {c['assembly-lost']} given up, {c['full-bodies']} refused, "
              f"{memory_kb(d) - before} KiB more in the slots", flush=True)
        for p in peers:
            p.close()


run()
