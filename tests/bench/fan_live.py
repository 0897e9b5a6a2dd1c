"""A new state goes to thousands of confirmable observers (observers.c) of one worker, round after
round, and all of them get it at once: no acknowledgement is lost for want of room.

In `make check` there are 1,000 of them, who acknowledge at once or all in one go.  By hand, for
docs/measurements.md: OBSERVERS, ROUNDS and HOLD in the environment say how many observe, how
often the state changes, and how many acknowledgements are sent in one go (0: each by itself).
"""
import json
import os
import subprocess

from harness import *
from harness.daemon import BUILD, environment

SITE = """
workers: 1
listen: [ "coap://[::1]:0" ]
limits: {}
resources: { /v: { module: value, file: @DIR@/value } }
"""
SHOWN = ("rx", "rx-dropped", "tx", "retransmits", "notifications", "notifications-replaced",
         "notifications-paced", "unmatched", "full-exchanges", "renders", "timeouts")


def pin(pid, core):
    """Server and observers each on a core of their own, if there are two."""
    if os.cpu_count() > 1:
        os.sched_setaffinity(pid, {core})


def fan_out(observers, rounds, hold):
    d = Daemon(SITE)
    path = os.path.join(d.directory, "value")
    with open(path, "wb") as f:
        f.write((1).to_bytes(4, "little") + b"0")
    os.chmod(path, 0o666)
    with d:
        pin(d.workers[0], 0)
        host, port = d.address()
        before = d.counters()
        load = subprocess.run([f"{BUILD}/tests/bench/observers", host, str(port), "/v",
                               str(observers), str(rounds), str(hold)],
                              env=environment(SERVER_PID=str(d.workers[0])), check=False,
                              stdout=subprocess.PIPE, text=True,
                              preexec_fn=lambda: pin(0, 1))
        after = d.counters()
        for line in load.stdout.splitlines():
            print("#", line)
        counted = {name: after[name] - before[name] for name in SHOWN}
        print("#", counted, flush=True)
        equal([json.loads(line)["seen"] for line in load.stdout.splitlines()],
              [observers] * rounds, "who was told, in each round")
        equal((counted["rx-dropped"], counted["timeouts"]), (0, 0), "dropped, timed out")


@test
def all_acknowledge_at_once():
    fan_out(int(os.environ.get("OBSERVERS", 1000)), int(os.environ.get("ROUNDS", 5)),
            int(os.environ.get("HOLD", 0)))


@test
def all_acknowledge_in_one_go():
    observers = int(os.environ.get("OBSERVERS", 1000))
    fan_out(observers, int(os.environ.get("ROUNDS", 3)), int(os.environ.get("HOLD", observers)))


run()
