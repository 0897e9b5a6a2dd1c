"""More than anybody means to send: coapd says no, or does not fall behind; what it keeps has
a bound, and the log says what happened."""
import os
import select
import socket
import threading

from harness import *
from harness.memory import private_kb

SITE = """
workers: 1
resources:
  /v: {module: value, file: @DIR@/value}
  /sum: {module: sum}
"""
NO_PAUSE = "transmission: { ack-timeout: 20s, ack-random-factor: 1, observe-pause: 0s }\n"
LONGEST_OF_UDP = 65507                          # bytes in a datagram of IPv4


def valued(site, state=b"v0"):
    d = Daemon(site)
    path = f"{d.directory}/value"
    with open(path, "wb") as f:
        f.write(len(state).to_bytes(4, "little") + state)
    os.chmod(path, 0o666)
    return d


def register(p, uri="/v", **more):
    request = p.request("GET", uri, options=[("Observe", 0)], **more)
    p.send(request)
    return request


# --- tokens ----------------------------------------------------------------------------------

@test
def E2_a_token_of_64_KiB_to_observe_with():
    """65,804 bytes can be written into a token's length, of which a datagram brings 65,499."""
    with valued(SITE) as d, d.peer() as p:
        before = private_kb(d)
        for n in (1025, 1500, 2000, LONGEST_OF_UDP - 8):
            r = register(p, token=bytes(n))
            p.expect(RST, EMPTY, mid=r.mid, token=b"")
        c = d.counters()
        equal((c["long-token"], c["observers"]), (4, 0), "long-token, observers")
        d.wait_log(r"\]:\d+: a token of \d+ bytes, limits.token-length is 1024: "
                   r"the request is reset")
        r = register(p, token=bytes(n), mtype=NON)
        p.silence()
        r = register(p, token=bytes(1024))
        check(p.answer(r).all("Observe"), "it is observed with what can be kept")
        with d.peer() as other:
            equal(other.ask("PUT", "/v", payload=b"v1").code, code("2.04"), "PUT")
        p.acknowledge(p.expect(CON, "2.05", token=bytes(1024), payload=b"v1"))
        check(private_kb(d) - before < 2048, "nothing of it is kept")


@test
def long_tokens_of_observers_have_a_limit():
    site = SITE + "slots: 1\nlimits: { endpoints: 100, dedup: 100, exchanges: 100, " \
                  "waiting: 100, messages: 16 }\n" + NO_PAUSE
    """Half of the room: the other is for what they are to be told."""
    with valued(site) as d, d.peer() as p:
        tokens = [bytes([i]) + bytes(1023) for i in range(40)]
        answers = [p.answer(register(p, token=t)) for t in tokens]
        kept = [m.token for m in answers if m.all("Observe")]
        equal({m.code for m in answers}, {code("2.05")}, "codes")
        check(8 <= len(kept) <= 10, f"{len(kept)} observers")
        equal(d.counters()["full-messages"], 40 - len(kept), "full-messages")
        with d.peer() as other:
            equal(other.ask("DELETE", "/v").code, code("2.02"), "DELETE")
        told = set()
        while len(told) < len(kept):
            m = p.receive()
            told.add(m.token)
            if m.type == CON:
                p.acknowledge(m)
        equal(told, set(kept), "who is told")


# --- bodies that do not fit a datagram -------------------------------------------------------

@test
def E47_a_body_in_one_huge_datagram():
    with valued(SITE) as d, d.peer() as p:
        for n in (1600, 8192, 65000):
            r = p.request("PUT", "/sum", payload=bytes(n))
            p.send(r)
            p.expect(ACK, "4.13", mid=r.mid, token=r.token, options={"Block1": 6})
        c = d.counters()
        equal((c["rx-truncated"], c["requests"]), (3, 0), "rx-truncated, requests")
        r = p.request("PUT", "/sum", payload=bytes(2000), mtype=NON)
        p.send(r)
        p.expect(NON, "4.13", token=r.token, options={"Block1": 6})


# --- changes faster than they can be told ------------------------------------------------------

PUTS = 4000
STILL = 40
LIVELY = 8


class Lively(threading.Thread):
    """Observers that acknowledge what they are told, at once."""

    def __init__(self, peers):
        super().__init__(daemon=True)
        self.peers = {p.socket.fileno(): p for p in peers}
        self.values = {fd: [] for fd in self.peers}
        self.states = {}
        self.over, self.tell_over = socket.socketpair()

    def run(self):
        poll = select.epoll()
        for fd in (*self.peers, self.over.fileno()):
            poll.register(fd, select.EPOLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == self.over.fileno():
                    return
                p = self.peers[fd]
                m = p.receive()
                p.acknowledge(m)
                self.values[fd].append(m.uint("Observe"))
                self.states[fd] = m.payload

    def last(self):
        """Waits until the last state has come to all."""
        for _ in range(int(TIMEOUT * 50)):
            if all(self.states.get(fd) == b"last" for fd in self.peers):
                return True
            select.select([], [], [], 0.02)
        return False

    def end(self):
        self.tell_over.close()
        self.join(TIMEOUT)
        self.over.close()


@test
def a_storm_of_PUTs_on_an_observed_resource():
    with valued(SITE.replace("workers: 1", "workers: 2") + NO_PAUSE) as d, d.peer() as writer:
        still, lively = ([d.peer().connect() for _ in range(n)] for n in (STILL, LIVELY))
        for p in (*still, *lively):
            check(p.answer(register(p)).all("Observe"), "it is observed")
        crowd = Lively(lively)
        crowd.start()
        before = private_kb(d)
        for i in range(PUTS):
            equal(writer.ask("PUT", "/v", payload=b"s%d" % i).code, code("2.04"), "PUT")
        equal(writer.ask("PUT", "/v", payload=b"last").code, code("2.04"), "PUT")
        check(crowd.last(), "who listens is told the last state")
        c, after = d.counters(), private_kb(d)
        for seen in crowd.values.values():
            check(in_order(seen), f"the order of {seen}")
        crowd.end()
        # Who does not acknowledge is told one thing, however often that has changed since.
        told = sum(len(seen) for seen in crowd.values.values())
        check(c["notifications"] <= told + STILL * 5, f"{c['notifications']} notifications")
        check(c["renders"] <= c["notifications"] + 2, f"{c['renders']} renders")
        equal([k for k, v in c.items() if v and k.startswith(("full-", "observers-"))], [],
              "what was refused or ended")
        check(after - before < 2048, f"memory grew from {before} to {after} KiB")
        print(f"# {PUTS} PUTs, {told} notifications to {LIVELY}, "
              f"{c['notifications'] - told} to {STILL}, {c['renders']} renders, "
              f"{after - before} KiB", flush=True)
        for p in still:
            count, state = 0, b""
            while state != b"last":
                m = p.receive()
                p.acknowledge(m)
                count, state = count + 1, m.payload
            check(count <= 6, f"{count} notifications to one that did not acknowledge")
        for p in (*still, *lively):
            p.close()


run()
