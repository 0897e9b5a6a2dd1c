"""Live crash test: 4 workers, 200 clients in closed loop, kill -9 of each worker
in turn every half second for ten seconds; nobody may notice."""
import json
import os
import signal
import subprocess

from harness import *
from harness.daemon import BUILD, environment
from harness.process import end_group, wait_end

CELLS = 4_000_000
SECONDS = 3 if os.environ.get("COAPD_QUICK") else 10
SITE = """
workers: 4
slots: 4
limits: { endpoints: 4000, dedup: 16000, exchanges: 1000, waiting: 1000, messages: 1000 }
resources:
  /hello: {module: hello}
  /count: {module: count, file: "@DIR@/cells"}
"""


def cells_file(d):
    path = f"{d.directory}/cells"
    with open(path, "wb") as f:
        f.truncate(4 * CELLS)
    os.chmod(path, 0o666)
    return path


def kill_in_turn(d, load):
    """Kills a worker each half second until the load has ended."""
    kills = 0
    while not wait_end(load, 0.5):
        number = kills % 4
        mark, pid = d.mark(), d.workers[number]
        os.kill(pid, signal.SIGKILL)
        d.wait_log(rf"worker {number} started \(pid (?!{pid}\))", since=mark)
        kills += 1
    return kills


@test
def kill_each_worker_in_turn():
    d = Daemon(SITE)
    cells = cells_file(d)
    with d:
        host, port = d.address()
        load = subprocess.Popen(
            [f"{BUILD}/tests/bench/crashload", host, str(port), "200", str(SECONDS), cells],
            stdout=subprocess.PIPE, env=environment(), start_new_session=True, text=True)
        try:
            kills = kill_in_turn(d, load)
            result = json.loads(load.stdout.read())
        finally:
            end_group(load)
            load.stdout.close()
        counters = d.counters()
        print("#", kills, "kills:", json.dumps(result), flush=True)
        print("#", {name: counters[name] for name in (
            "rx", "rx-replayed", "duplicates", "exec-lost", "adopted", "adopt-undone",
            "adopt-dropped", "adopt-wiped")}, flush=True)
        # As many as a machine lets happen that takes its time to start a successor.
        check(kills >= SECONDS / 2, f"only {kills} kills")
        check(result["gets"] > 1000 and result["posts"] > 1000, "too little load")
        for name in ("lost", "given_up", "get_500", "get_else", "post_else",
                     "executed_twice", "answered_not_executed", "refused"):
            equal(result[name], 0, name)
        check(result["post_500"] <= kills, "more POSTs answered 5.00 than workers died")
        equal((counters["adopt-dropped"], counters["adopt-wiped"]), (0, 0), "dropped, wiped")


run()
