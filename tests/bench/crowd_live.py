"""Many observers over 4 workers, 100 PUTs, with a worker killed or another site taking over (or
another binary) after each fifth: all are told the last state, in the order of states, and
nobody is lost.  OBSERVERS in the environment is how many there are."""
import os

from harness import *
from harness.control import Control
from harness.crowd import Crowd, put, state_file
from harness.unrest import SITE, Unrest, can_upgrade

OBSERVERS = int(os.environ.get("OBSERVERS") or (500 if os.environ.get("COAPD_QUICK") else 2000))
PUTS = 100
VALUE = f"""
transmission: {{ observe-pause: 100ms }}
limits: {{ endpoints: {4 * OBSERVERS + 4000}, dedup: 4000, exchanges: {4 * OBSERVERS + 4000},
          waiting: 1000, messages: 1000, observers: {4 * OBSERVERS + 4000} }}
resources:
  /v: {{module: value, file: "@DIR@/value"}}
  /hello: {{module: hello, text: "hello, %d"}}
"""
NEVER = ("full-endpoints", "full-exchanges", "full-observers", "full-representations",
         "observers-left", "observers-reset", "observers-timeout",
         "observers-unreachable", "observers-ended", "adopt-dropped", "adopt-wiped",
         "import-dropped")


def site(n):
    return SITE + VALUE % n


def observers_of(d):
    """As many as the slots have."""
    with Control(os.path.join(d.directory, "control")) as c:
        return sum(line["slot"]["slabs"]["observers"]["live"] for line in c.ask("status")
                   if "slot" in line)


def the_last_state_comes_to(kind):
    d = Daemon(site(0))
    state_file(d)
    with d, Crowd(d, OBSERVERS, kind, "/v") as crowd:
        unrest = Unrest(d, site)
        step = unrest.mixed(can_upgrade())
        for n in range(PUTS):
            put(d, "/v", b"s%d" % n)
            if n % 5 == 4:
                next(step)
        crowd.say("want last")
        put(d, "/v", b"last")
        said = crowd.line() or crowd.ask()
        print(f"# {OBSERVERS} {kind}: {unrest};", said, flush=True)
        counters = d.counters()
        print("#", {name: counters[name] for name in (
            "notifications", "notifications-replaced", "renders", "retransmits", "adopted",
            "adopt-undone")}, flush=True)
        equal(said["have"], OBSERVERS, "observers that were told the last state")
        equal((said["back"], said["ended"], said["unobserved"]), (0, 0, 0),
              "went back, ended, were not taken")
        equal({name: counters[name] for name in NEVER if counters[name]}, {}, "who was lost")
        equal(observers_of(d), OBSERVERS, "observers in the slots")
        check(unrest.kills >= 8, f"only {unrest.kills} kills")


@test
def who_acknowledges():
    the_last_state_comes_to("con")


@test
def who_does_not_acknowledge():
    the_last_state_comes_to("non")


run()
