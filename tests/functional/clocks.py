"""The clock of the day jumps while coapd serves: nothing that is due depends on it."""
import re

from harness import *
from harness.world import World

SITE = """
workers: 2
watchdog: 3s
drain: 1h
resources:
  /tick: {module: ticker}
  /slow: {module: separate, delay: 300ms}
  /any: {module: crash}
  /time: {module: time, format: unix}
  /job: {module: jobber}
threads: 1
transmission: { ack-delay: 1ms, ack-timeout: 1m }
"""
DAY = 86400
JUMPS = (3600, 400 * DAY, -3600, -20000 * DAY, 0)


def jumps(w, d):
    """The clock after each jump, and after each of them a worker dies."""
    for n, off in enumerate(JUMPS):
        w.set_clock(off)
        yield off
        d.kill(n % 2)
        yield off


def next_tick(d, last):
    """The one task there is goes on where it was."""
    r = d.wait_log(r"/tick: tick \d+$", d.mark())
    tick = int(re.search(r"tick (\d+)", r.text)[1])
    check(tick >= last, f"{tick} follows {last}")
    return tick


@test
def what_is_due_comes_and_what_is_kept_stays_whatever_the_clock_says():
    with World() as w, Daemon(SITE, env=w.env) as d, d.peer() as p, d.peer() as q:
        once, tick = q.request("POST", "/any"), 0
        q.send(once)
        first = q.answer(once)
        for n, _ in enumerate(jumps(w, d), 1):
            request = p.request("GET", "/slow")
            p.send(request)
            p.expect(ACK, EMPTY, mid=request.mid)
            tick = next_tick(d, tick)
            q.send(once)
            equal(q.expect(ACK, "2.05", mid=once.mid).payload, first.payload, "the same answer")
            p.acknowledge(p.expect(CON, "2.05", token=request.token))
            equal(d.counters()["duplicates"], n, "duplicates")


@test
def what_waits_while_it_jumps_is_answered():
    with World() as w, Daemon(SITE, env=w.env) as d, d.peer() as p:
        before = int(p.get("/time").payload)
        for off in JUMPS:
            request = p.request("GET", "/slow")
            p.send(request)
            p.expect(ACK, EMPTY, mid=request.mid)
            w.set_clock(off)
            p.acknowledge(p.expect(CON, "2.05", token=request.token))
        w.set_clock(400 * DAY)
        check(int(p.get("/time").payload) >= before + 400 * DAY, "what the clock of the day says")


@test
def the_end_of_jobs_does_not_wait_for_the_clock():
    """What a worker waits for its jobs at its end."""
    with World() as w, Daemon(SITE.replace("drain: 1h", "drain: 100ms"), env=w.env) as d, \
            d.peer() as p:
        w.set_clock(400 * DAY)
        p.send(p.request("POST", "/job?ms=3600000"))
        d.wait_log(r"/job: job in \d+")
        d.stop()
        check(d.records(r"warn.*a job does not end"), "it ends by itself")


run()
