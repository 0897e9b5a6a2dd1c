"""Random and mutated datagrams against a live daemon, with exchanges around."""
import os

from harness import *
from harness.load import cells_file, result, start
from harness.memory import private_kb
from harness.process import end_group, wait_end

COUNT = 100_000 if os.environ.get("COAPD_QUICK") else 1_000_000
SECONDS = max(3, COUNT / 200_000)  # of kills
GROWTH_KB = 2048                # of what is not slot memory
SITE = """
log: { level: info }
slow-hook: 0
workers: 2
resources:
  /hello: {module: hello}
  /slow: {module: separate, delay: 30ms}
  /count: {module: count, file: "@DIR@/cells"}
  /other: {module: count, file: "@DIR@/other"}
transmission: { ack-delay: 5ms, ack-timeout: 20ms, max-latency: 1s }
limits: { endpoints: 2000, dedup: 4000, exchanges: 1000, waiting: 1000, messages: 1000 }
"""


@test
def hostile_datagrams():
    d = Daemon(SITE)
    cells = cells_file(d)
    cells_file(d, "other", n=10)
    with d:
        ready, pids = d.mark(), dict(d.workers)
        result(start(d, "hostile", COUNT // 10, 1), TIMEOUT * 10)
        before = private_kb(d)
        load = start(d, "crashload", 8, COUNT / 100_000, cells)
        try:
            result(start(d, "hostile", COUNT, 2), TIMEOUT * 10)
        finally:
            live = result(load, TIMEOUT * 10)
        after = private_kb(d)
        check(live["gets"] > 100, "no live exchanges")
        equal(d.workers, pids, "workers")
        equal([r.line for r in d.records(since=ready) if "limits.token-length" not in r.text], [],
              "the log")
        print(f"# private memory {before} KiB, then {after} KiB", flush=True)
        check(after - before <= GROWTH_KB, f"grew from {before} to {after} KiB")


@test
def hostile_datagrams_while_workers_die():
    d = Daemon(SITE.replace("workers: 2", "workers: 4"))
    cells = cells_file(d)
    cells_file(d, "other", n=10)
    with d:
        kills, load = 0, start(d, "crashload", 50, SECONDS, cells)
        hostile = start(d, "hostile", COUNT // 5, 3)
        try:
            while not wait_end(load, 0.3):  # each lives longer than a second
                d.kill(kills % 4)
                kills += 1
            print(f"# {kills} kills", flush=True)
            result(hostile, TIMEOUT * 10)
            result(load, 0)
        finally:
            end_group(hostile)
            end_group(load)
        counters = d.counters()
        equal((counters["adopt-dropped"], counters["adopt-wiped"]), (0, 0), "dropped, wiped")


run()
