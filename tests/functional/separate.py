"""Separate responses (RFC 7252 sections 4.2, 4.7 and 5.2.2)."""
import os
import signal
import time

from harness import *

SITE = """
workers: 1
resources:
  /hello: {module: hello}
  /slow: {module: separate, delay: 150ms}
  /later: {module: separate, delay: 400ms}
  /soon: {module: separate, delay: 20ms}
transmission: { ack-delay: 50ms, ack-timeout: 1m }
"""
QUICK = SITE.replace("ack-timeout: 1m", "ack-timeout: 60ms, max-retransmit: 4")


def peer():
    return shared(SITE).peer()


def expect_separate(p, request):
    """An empty ACK, then the answer as a CON of its own."""
    p.expect(ACK, EMPTY, mid=request.mid, token=b"")
    return p.expect(CON, "2.05", token=request.token)


def two_begin(p):
    """Two requests wait, the first of which will be answered first."""
    requests = p.request("GET", "/slow"), p.request("GET", "/later")
    for request in requests:
        p.send(request)
    for request in requests:
        p.expect(ACK, EMPTY, mid=request.mid)
    return requests


@test
def separate_response():
    with peer() as p:
        request = p.request("GET", "/slow")
        p.send(request)
        m = expect_separate(p, request)
        check(m.mid != request.mid, "the response has a message ID of its own")
        p.acknowledge(m)
        p.silence()


@test
def answer_within_the_delay_travels_with_the_acknowledgement():
    with Daemon(SITE.replace("ack-delay: 50ms", "ack-delay: 10s")) as d, d.peer() as p:
        request = p.request("GET", "/soon")
        p.send(request)
        p.expect(ACK, "2.05", mid=request.mid, token=request.token)


@test
def separate_response_to_a_NON_request_is_NON():
    with peer() as p:
        request = p.request("GET", "/slow", mtype=NON)
        p.send(request)
        p.expect(NON, "2.05", token=request.token)


def withdrawn(d):
    while not d.counters()["withdrawn"]:
        pass


@test
def what_waits_ends_when_its_acknowledgement_is_rejected():
    with Daemon(SITE.replace("delay: 400ms", "delay: 1h")) as d, d.peer() as p:
        request = p.request("GET", "/later")
        p.send(request)
        p.reset(p.expect(ACK, EMPTY, mid=request.mid))
        withdrawn(d)


@test
def E21_what_waits_ends_when_its_client_is_gone():
    with Daemon(SITE.replace("delay: 400ms", "delay: 1h")) as d:
        os.kill(d.workers[0], signal.SIGSTOP)
        with d.peer() as p:
            p.send(p.request("GET", "/later"))
        os.kill(d.workers[0], signal.SIGCONT)
        withdrawn(d)


@test
def E17_separate_response_with_an_empty_token():
    with peer() as p:
        request = p.request("GET", "/slow", token=b"")
        p.send(request)
        p.acknowledge(expect_separate(p, request))


@test
def E19_one_confirmable_response_at_a_time():
    with peer() as p:
        first, second = two_begin(p)
        m = p.expect(CON, "2.05", token=first.token)
        with peer() as clock:           # by now /later's time is up as well
            clock.get("/later")
        p.silence()
        p.acknowledge(m)
        p.acknowledge(p.expect(CON, "2.05", token=second.token))


@test
def E19_reset_frees_the_backlog():
    with peer() as p:
        first, second = two_begin(p)
        p.reset(p.expect(CON, "2.05", token=first.token))
        p.acknowledge(p.expect(CON, "2.05", token=second.token))


@test
def E20_E23_retransmissions_double_and_are_identical():
    with Daemon(QUICK) as d, d.peer() as p:
        request = p.request("GET", "/slow")
        p.send(request)
        first, times = expect_separate(p, request), [time.monotonic()]
        for _ in range(4):
            equal(p.receive().raw, first.raw, "the retransmission")
            times.append(time.monotonic())
        gaps = [b - a for a, b in zip(times, times[1:])]
        # Exact times are for the unit tests; these bounds bear a busy machine.
        check(sum(gaps) >= 0.060 * 15 * 0.8, f"too soon: {gaps}")
        check(gaps[3] > gaps[0] * 2, f"no back-off: {gaps}")
        with d.peer() as clock:         # the next one would be due by then
            while d.counters()["timeouts"] == 0:
                clock.get("/later")
        p.silence()


@test
def E20_acknowledgement_ends_the_retransmissions():
    with Daemon(QUICK) as d, d.peer() as p:
        request = p.request("GET", "/slow")
        p.send(request)
        m = expect_separate(p, request)
        equal(p.receive().raw, m.raw, "the retransmission")
        p.acknowledge(m)
        with d.peer() as clock:
            clock.get("/later")
        p.silence()
        equal(d.counters()["timeouts"], 0, "timeouts")


@test
def E40_suppressed_separate_response():
    with peer() as p:
        request = p.request("GET", "/slow", options=[("No-Response", 2)])
        p.send(request)
        p.expect(ACK, EMPTY, mid=request.mid)
        with peer() as clock:
            clock.get("/later")
        p.silence()


run()
