"""Tasks that are no requests, and what they await."""
import re

from harness import *

TICKER = """
workers: 4
resources:
  /tick: {module: ticker}
"""


def ticks(d, since=0):
    """(pid, number) of each tick that was told."""
    return [(r.pid, int(re.search(r"tick (\d+)", r.text)[1]))
            for r in d.records(r"/tick: tick \d+", since)]


@test
def task_is_there_once_in_the_daemon():
    with Daemon(TICKER) as d:
        d.wait_log(r"/tick: tick 8$")
        seen = ticks(d)
        equal(len({pid for pid, _ in seen}), 1, f"processes that tick: {seen}")
        equal([n for _, n in seen], list(range(1, len(seen) + 1)), "ticks")


@test
def task_goes_on_where_its_dead_worker_was():
    with Daemon(TICKER) as d:
        d.wait_log(r"/tick: tick 4$")
        pid, _ = ticks(d)[-1]
        worker = next(w for w, p in d.workers.items() if p == pid)
        mark = d.mark()
        d.kill(worker)
        successor = d.workers[worker]
        last = max(n for p, n in ticks(d) if p == pid)
        d.wait_log(rf"/tick: tick {last + 4}$", mark)
        after = [(p, n) for p, n in ticks(d) if p != pid]
        equal({p for p, _ in after}, {successor}, "who ticks now")
        # A tick that was told and not committed is told again.
        check(after[0][1] in (last, last + 1), f"{after[0][1]} follows {last}")
        equal([n for _, n in after], list(range(after[0][1], after[-1][1] + 1)), "ticks")


run()
