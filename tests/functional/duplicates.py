"""Deduplication (RFC 7252 section 4.5): one execution, the same answer."""
import os
import struct

from harness import *

SITE = """
resources:
  /hello: {module: hello}
  /count: {module: count, file: "@DIR@/cells"}
  /slow: {module: separate, delay: 300ms}
transmission: { ack-delay: 10ms, ack-timeout: 1m }
workers: 1
"""


class Counting(Daemon):
    """A daemon with a file to count in."""

    def __init__(self, site=SITE, **more):
        super().__init__(site, **more)
        self.file = f"{self.directory}/cells"
        with open(self.file, "wb") as f:
            f.write(bytes(4 * 1000))
        os.chmod(self.file, 0o666)

    def count(self, cell):
        with open(self.file, "rb") as f:
            f.seek(4 * cell)
            return struct.unpack("I", f.read(4))[0]


@test
def E9_duplicate_CON_is_answered_alike_and_executed_once():
    with Counting() as d, d.peer() as p:
        request = p.request("POST", "/count", payload="1")
        p.send(request)
        first = p.expect(ACK, "2.04", mid=request.mid, token=request.token)
        for _ in range(3):
            p.send(request)
            equal(p.receive().raw, first.raw, "the repeated answer")
        equal(d.count(1), 1, "executions")
        equal(d.counters()["duplicates"], 3, "duplicates")


@test
def E9_duplicate_GET_is_answered_alike():
    with Counting() as d, d.peer() as p:
        request = p.request("GET", "/hello")
        p.send(request)
        first = p.expect(ACK, "2.05", mid=request.mid, token=request.token)
        p.send(request)
        equal(p.receive().raw, first.raw, "the repeated answer")


@test
def E9_duplicate_after_the_workers_death():
    with Counting() as d, d.peer() as p:
        request = p.request("POST", "/count", payload="2")
        p.send(request)
        first = p.expect(ACK, "2.04", mid=request.mid)
        d.kill(0)
        p.send(request)
        equal(p.receive().raw, first.raw, "the repeated answer")
        equal(d.count(2), 1, "executions")


@test
def E9_same_message_ID_with_other_bytes_is_a_new_request():
    with Counting() as d, d.peer() as p:
        p.send(p.request("POST", "/count", payload="3", mid=0x0901))
        p.expect(ACK, "2.04", mid=0x0901)
        p.send(p.request("POST", "/count", payload="4", mid=0x0901))
        p.expect(ACK, "2.04", mid=0x0901)
        equal((d.count(3), d.count(4)), (1, 1), "executions")


@test
def E10_duplicate_while_processing_gets_at_most_an_empty_ACK():
    with Counting() as d, d.peer() as p:
        request = p.request("GET", "/slow")
        for _ in range(3):
            p.send(request)
        acknowledgements = 0
        while (m := p.receive()).type == ACK:
            equal((m.code, m.mid), (EMPTY, request.mid), "the acknowledgement")
            acknowledgements += 1
        equal((m.type, m.code, m.token), (CON, code("2.05"), request.token), "the answer")
        p.acknowledge(m)
        p.send(Message(CON, EMPTY, p.new_mid()))
        while (m := p.receive()).type == ACK:   # of one that came behind the answer
            acknowledgements += 1
        equal(m.type, RST, f"type of {m}")
        check(1 <= acknowledgements <= 3, f"{acknowledgements} acknowledgements")


@test
def E11_same_message_ID_from_another_port_is_no_duplicate():
    with Counting() as d, d.peer() as p, d.peer() as other:
        for who in (p, other):
            who.send(who.request("POST", "/count", payload="5", mid=0x1101, token=b"t"))
            who.expect(ACK, "2.04", mid=0x1101)
        equal(d.count(5), 2, "executions")


@test
def E12_duplicate_NON_is_ignored():
    with Counting() as d, d.peer() as p:
        request = p.request("POST", "/count", payload="6", mtype=NON)
        p.send(request)
        p.expect(NON, "2.04", token=request.token)
        p.send(request)
        p.silence()
        equal(d.count(6), 1, "executions")


@test
def E12_duplicate_NON_is_ignored_where_its_ID_was_another_s():
    with Counting() as d, d.peer() as p:
        p.send(p.request("POST", "/count", payload="7", mid=0x1201))
        p.expect(ACK, "2.04", mid=0x1201)
        request = p.request("GET", "/hello", mtype=NON, mid=0x1201)
        p.send(request)
        p.expect(NON, "2.05", token=request.token)
        p.send(request)
        p.silence()
        equal(d.counters()["duplicates"], 1, "duplicates")


@test
def E22_message_IDs_of_NON_answers_differ():
    with Counting() as d, d.peer() as p:
        mids = {p.get("/hello", mtype=NON).mid for _ in range(300)}
        equal(len(mids), 300, "different message IDs")


run()
