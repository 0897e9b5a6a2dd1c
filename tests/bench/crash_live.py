"""Live crash test: 4 workers, 200 clients in closed loop; each half second a worker is killed,
or another site takes over, each three seconds another binary, or all of that in turn; nobody
may notice.  LENGTH in the environment is how many seconds each takes."""
from harness import *
from harness.load import CELLS, cells_file, length, result, start
from harness.process import end_group, wait_end
from harness.unrest import SITE, Unrest, can_upgrade, paced

SECONDS = length(6, quick=3)
HELLO = """
limits: { endpoints: 4000, dedup: 16000, exchanges: 1000, waiting: 1000, messages: 1000 }
resources:
  /hello: {module: hello, text: "hello, %d"}
  /count: {module: count, file: "@DIR@/cells"}
"""
NEVER = ("lost", "given_up", "get_500", "get_else", "post_else", "executed_twice",
         "answered_not_executed", "refused")


def site(n):
    """Every other time it is the same one."""
    return SITE + HELLO % (n // 2)


def under_load(every, way):
    """Has way(unrest) do something each so many seconds until the load has ended; the unrest,
    and what the load says."""
    d = Daemon(site(0))
    cells = cells_file(d, n=max(CELLS, int(SECONDS * 100_000)))
    with d:
        unrest, load = Unrest(d, site), start(d, "crashload", 200, SECONDS, cells)
        try:
            paced(every, lambda seconds: wait_end(load, seconds), way(unrest))
            said = result(load, TIMEOUT, status=None)
        finally:
            end_group(load)
        counters = d.counters()
        print(f"# {unrest};", {name: counters[name] for name in (
            "rx", "rx-replayed", "duplicates", "exec-lost", "adopted", "adopt-undone",
            "adopt-dropped", "adopt-wiped")}, flush=True)
        # As many as a machine lets happen that takes its time to start workers.
        times = unrest.kills + unrest.reloads + unrest.upgrades
        check(times >= SECONDS / every / 8, f"only {times} times")
        check(said["gets"] > 1000 and said["posts"] > 1000, "too little load")
        for name in NEVER:
            equal(said[name], 0, name)
        check(said["post_500"] <= unrest.kills, "more POSTs answered 5.00 than workers died")
        check(0 <= said["posts"] - said["executed"] <= said["post_500"],
              "not as many POSTs were executed as were answered")
        equal((counters["adopt-dropped"], counters["adopt-wiped"]), (0, 0), "dropped, wiped")
    return unrest


@test
def kill_each_worker_in_turn():
    under_load(0.5, lambda unrest: unrest.kill)


@test
def another_site_takes_over_again_and_again():
    under_load(0.5, lambda unrest: unrest.reload)


@test
def another_binary_takes_over_again_and_again():
    if not can_upgrade():
        raise Skip("this coapctl knows no upgrade")
    under_load(3, lambda unrest: unrest.upgrade)


@test
def all_of_it_in_turn():
    upgrades = can_upgrade()
    under_load(0.5, lambda unrest: unrest.mixed(upgrades).__next__)


run()
