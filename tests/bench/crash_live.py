"""Live crash test: 4 workers, 200 clients in closed loop; each half second for some seconds
a worker is killed, or another site takes over, or the one after the other; nobody may
notice."""
import json
import os
import signal
import subprocess

from harness import *
from harness.daemon import BUILD, environment
from harness.process import end_group, wait_end

CELLS = 4_000_000
SECONDS = 3 if os.environ.get("COAPD_QUICK") else 6
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


def killed(d, n):
    """Kills a worker; returns when its successor has started."""
    number = n % 4
    mark, pid = d.mark(), d.workers[number]
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:      # it has left for another, just now
        return
    d.wait_log(rf"worker {number} (started|takes over) \(pid (?!{pid}\))", since=mark)


def reloaded(d, n):
    """Has the site served anew, and every other time one with another text."""
    d.rewrite(SITE.replace("/hello: {module: hello}",
                           f"/hello: {{module: hello, text: 'hello, {n % 2}'}}"))
    mark = d.mark()
    d.signal(signal.SIGHUP)
    d.wait_log("the new site is served", since=mark)


def either(d, n):
    (killed, reloaded)[n % 2](d, n // 2)


def under_load(act):
    """Does it each half second until the load has ended; how often, and what the load says."""
    d = Daemon(SITE)
    cells = cells_file(d)
    with d:
        host, port = d.address()
        load = subprocess.Popen(
            [f"{BUILD}/tests/bench/crashload", host, str(port), "200", str(SECONDS), cells],
            stdout=subprocess.PIPE, env=environment(), start_new_session=True, text=True)
        times = 0
        try:
            while not wait_end(load, 0.5):
                act(d, times)
                times += 1
            result = json.loads(load.stdout.read())
        finally:
            end_group(load)
            load.stdout.close()
        counters = d.counters()
        print("#", times, "times:", json.dumps(result), flush=True)
        print("#", {name: counters[name] for name in (
            "rx", "rx-replayed", "duplicates", "exec-lost", "adopted", "adopt-undone",
            "adopt-dropped", "adopt-wiped")}, flush=True)
        # As many as a machine lets happen that takes its time to start workers.
        check(times >= SECONDS / 4, f"only {times} times")
        check(result["gets"] > 1000 and result["posts"] > 1000, "too little load")
        for name in ("lost", "given_up", "get_500", "get_else", "post_else",
                     "executed_twice", "answered_not_executed", "refused"):
            equal(result[name], 0, name)
        equal((counters["adopt-dropped"], counters["adopt-wiped"]), (0, 0), "dropped, wiped")
    return times, result


@test
def kill_each_worker_in_turn():
    kills, result = under_load(killed)
    check(result["post_500"] <= kills, "more POSTs answered 5.00 than workers died")


@test
def another_site_takes_over_again_and_again():
    _, result = under_load(reloaded)
    equal(result["post_500"], 0, "POSTs answered 5.00")


@test
def sites_and_deaths_in_turn():
    times, result = under_load(either)
    check(result["post_500"] <= times, "more POSTs answered 5.00 than workers died")


run()
