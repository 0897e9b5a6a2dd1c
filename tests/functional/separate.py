"""Separate responses (RFC 7252 sections 4.2, 4.7 and 5.2.2)."""
import os
import signal
import socket
import struct

from harness import *

SITE = """
workers: 1
watchdog: 0
resources:
  /hello: {module: hello}
  /slow: {module: separate, delay: 150ms}
  /later: {module: separate, delay: 400ms}
  /soon: {module: separate, delay: 20ms}
transmission: { ack-delay: 50ms, ack-timeout: 1m }
"""
QUICK = SITE.replace("ack-timeout: 1m", "ack-timeout: 60ms, max-retransmit: 4")


SO_TIMESTAMPNS = 35


def arrival(p):
    """The next message, and when the kernel got it."""
    data, extra, _, _ = p.socket.recvmsg(65536, 64)
    seconds, nanoseconds = struct.unpack("ll", extra[0][2])
    return Message.decode(data), seconds + nanoseconds / 1e9


def peer():
    return shared(SITE).peer()


def expect_separate(p, request):
    """An empty ACK, then the answer as a CON of its own."""
    p.expect(ACK, EMPTY, mid=request.mid, token=b"")
    return p.expect(CON, "2.05", token=request.token)


def two_begin(p):
    """Two requests wait, the first of which is answered first; that, and the other one."""
    requests = p.request("GET", "/slow"), p.request("GET", "/later")
    for request in requests:
        p.send(request)
    three = [p.receive() for _ in range(3)]     # of the first it may all be there already
    equal({m.mid for m in three if m.type == ACK}, {r.mid for r in requests}, "acknowledged")
    m = next(m for m in three if m.type == CON)
    equal((m.code, m.token), (code("2.05"), requests[0].token), f"the first answer, {m}")
    return m, requests[1]


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
        m, second = two_begin(p)
        with peer() as clock:           # by now /later's time is up as well
            clock.get("/later")
        p.silence()
        p.acknowledge(m)
        p.acknowledge(p.expect(CON, "2.05", token=second.token))


@test
def E19_reset_frees_the_backlog():
    with peer() as p:
        m, second = two_begin(p)
        p.reset(m)
        p.acknowledge(p.expect(CON, "2.05", token=second.token))


@test
def E20_E23_retransmissions_double_and_are_identical():
    with Daemon(QUICK) as d, d.peer() as p:
        p.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        request = p.request("GET", "/slow")
        p.send(request)
        p.expect(ACK, EMPTY, mid=request.mid, token=b"")
        first, begin = arrival(p)
        equal((first.type, first.code, first.token), (CON, code("2.05"), request.token), "response")
        for _ in range(4):
            m, at = arrival(p)
            equal(m.raw, first.raw, "the retransmission")
        # Exact times are for the unit tests; this bound bears that the first one left late, and
        # without doubling it would be 0.36 at most.
        check(at - begin >= 0.060 * 15 * 0.5, f"too soon: {at - begin}")
        d.wait_counter("timeouts")      # the next one would be due by then
        p.silence()


@test
def E20_acknowledgement_ends_the_retransmissions():
    site = QUICK.replace("ack-timeout: 60ms", "ack-timeout: 1s, ack-random-factor: 1")
    with Daemon(site) as d, d.peer() as p:
        request = p.request("GET", "/slow")
        p.send(request)
        m = expect_separate(p, request)
        equal(p.receive().raw, m.raw, "the retransmission")
        p.acknowledge(m)
        p.send(Message(CON, EMPTY, p.new_mid()))
        while p.receive().type != RST:          # what was under way before that
            pass
        before = d.counters()["retransmits"]
        with d.peer() as clock:         # the next one would be due 2 s after that
            for _ in range(6):
                clock.get("/later")
        c = d.counters()
        equal((c["retransmits"], c["timeouts"]), (before, 0), "retransmits, timeouts")


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
