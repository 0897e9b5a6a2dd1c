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
    for off in JUMPS:
        w.set_clock(off)
        yield off
        d.kill(0)
        yield off


@test
def tasks_and_waiting_requests_go_on():
    with World() as w, Daemon(SITE, env=w.env) as d, d.peer() as p:
        last = 0
        for _ in jumps(w, d):
            request = p.request("GET", "/slow")
            p.send(request)
            p.expect(ACK, EMPTY, mid=request.mid)
            mark = d.mark()
            r = d.wait_log(r"/tick: tick \d+$", mark)
            tick = int(re.search(r"tick (\d+)", r.text)[1])
            check(tick >= last, f"{tick} follows {last}")
            last = tick
            p.acknowledge(p.expect(CON, "2.05", token=request.token))


@test
def what_waits_while_it_jumps_is_answered():
    with World() as w, Daemon(SITE, env=w.env) as d, d.peer() as p:
        for off in JUMPS:
            request = p.request("GET", "/slow")
            p.send(request)
            p.expect(ACK, EMPTY, mid=request.mid)
            w.set_clock(off)
            p.acknowledge(p.expect(CON, "2.05", token=request.token))


@test
def duplicates_are_known_whatever_the_clock_says():
    with World() as w, Daemon(SITE, env=w.env) as d, d.peer() as p:
        request = p.request("POST", "/any")
        p.send(request)
        first = p.answer(request)
        n = 0
        for _ in jumps(w, d):
            p.send(request)
            equal(p.expect(ACK, "2.05", mid=request.mid).payload, first.payload, "answer")
            n += 1
        equal(d.counters()["duplicates"], n, "duplicates")


@test
def who_tells_the_time_tells_the_new_one():
    with World() as w, Daemon(SITE, env=w.env) as d, d.peer() as p:
        before = int(p.get("/time").payload)
        w.set_clock(400 * DAY)
        check(int(p.get("/time").payload) >= before + 400 * DAY, "the clock of the day")


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
