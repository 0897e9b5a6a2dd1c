"""Observers by the numbers of the edge cases, as clients of others bring them about: libcoap's
(coap-client-notls) and the npm package coap.  They come through a Way, and so are one
endpoint, whichever process it is by then.

What neither can do is left to tests/functional: neither lives for the 24 hours of E62, nor
until the values of E64 wrap, which are of a clock, and both fill in a token where they are given
an empty one (E59).  npm's takes the last block of a large state for an old one, as it has no
Observe, and does not show it (E66)."""
import os
import signal

from harness import *
from harness.askers import there
from harness.foreign import NODE, NODE_MODULES, TESTS
from harness.watcher import Watcher
from harness.way import DOWN, UP, Way

SITE = """
workers: 1
resources:
  /v: {module: value, file: @DIR@/value, max-age: 5s}
  /w: {module: value, file: @DIR@/other}
  /hello: {module: hello, text: "hello, you"}
transmission: { ack-timeout: 20s, ack-random-factor: 1, observe-pause: 0s }
"""
AGAIN = SITE.replace("ack-timeout: 20s", "ack-timeout: 1s")
HASTY = SITE.replace("ack-timeout: 20s", "ack-timeout: 100ms, max-retransmit: 2")


class Observer(Watcher):
    """A client that observes."""

    def __init__(self, name, way, path="/v", token=b"abcd", non=False, seconds=60):
        if name == "libcoap":
            line = ["coap-client-notls", "-s", str(seconds), "-B", "60", "-w", "-T",
                    token.decode(), *["-N"] * non, way.uri(path)]
        else:
            line = [NODE, os.path.join(TESTS, "interop", "watch.js"), "::1", str(way.port), path,
                    "non" if non else "con", token.hex()]
        super().__init__(line, NODE_PATH=NODE_MODULES)

    def leave(self):
        """npm's does when it is told to, libcoap's when its seconds are over."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()


def write(d, name, state):
    path = os.path.join(d.directory, name)
    with open(path, "wb") as f:
        f.write(len(state).to_bytes(4, "little") + state)
    os.chmod(path, 0o666)


def by(*names, text=SITE, state=b"v0"):
    """Makes a test of a function (name, way, daemon) for each of these clients."""
    def decorate(function):
        def make(name):
            def point():
                there(name)
                d = Daemon(text)
                write(d, "value", state)
                write(d, "other", b"w0")
                with d, Way(d) as way:
                    function(name, way, d)
            point.__name__ = f"{function.__name__}_by_{name}"
            return point
        for name in names:
            test(make(name))
        return function
    return decorate


def put(d, payload, path="/v"):
    with d.peer() as p:
        equal(p.ask("PUT", path, payload=payload).code, code("2.04"), "PUT")


def is_notification(m):
    """Not an answer: of those this site has none that are separate."""
    return m.type in (CON, NON) and m.code != EMPTY


def notifications(way, since=0):
    return way.all(DOWN, is_notification, since)


def ends(d):
    return {k: v for k, v in d.counters().items() if k.startswith("observers-") and v}


BOTH = ("libcoap", "npm")


@by(*BOTH)
def E57_who_leaves_is_told_nothing(name, way, d):
    with Observer(name, way, seconds=1) as w:
        w.wait(b"v0")
        if name == "npm":
            w.leave()
        d.wait_counter("observers-left")
        first, left = way.all(UP, lambda m: m.all("Observe"))
        equal((left.uint("Observe"), left.token), (1, first.token), "who leaves")
        put(d, b"v1")
        equal(d.counters()["notifications"], 0, "notifications")


@by(*BOTH)
def E58_who_registers_again_is_told_once(name, way, d):
    with Observer(name, way) as w:
        w.wait(b"v0")
    with Observer(name, way) as w:               # another process, and the same token
        w.wait(b"v0")
        put(d, b"v1")
        w.wait(b"v1")
        equal(ends(d), {"observers-again": 1}, "ends of observers")
        equal(d.counters()["notifications"], 1, "notifications")


@by(*BOTH)
def E60_E68_what_is_gone_is_told_and_over(name, way, d):
    with Observer(name, way) as w:
        w.wait(b"v0")
        with d.peer() as p:
            equal(p.ask("DELETE", "/v").code, code("2.02"), "DELETE")
        m = way.wait(DOWN, is_notification, "a notification")
        equal((m.code, m.all("Observe")), (code("4.04"), []), "what is told")
        way.wait(UP, lambda a: a.type == ACK and a.mid == m.mid, "its acknowledgement")
        put(d, b"v1")
        equal(ends(d), {"observers-ended": 1}, "ends of observers")
        equal(d.counters()["notifications"], 1, "notifications")


def rejected(name, way, d, non):
    """One that has died is told, and a successor does not know what of."""
    with Observer(name, way, token=b"dead", non=non) as w:
        w.wait(b"v0")
    with Observer(name, way, "/w", token=b"live", non=non) as w:
        w.wait(b"w0")
        mark = way.mark()
        put(d, b"v1")
        way.wait(UP, lambda m: m.type == RST, "a Reset")
        d.wait_counter("observers-reset")
        put(d, b"v2")
        put(d, b"w1", "/w")
        w.wait(b"w1")
        equal(ends(d), {"observers-reset": 1}, "ends of observers")
        told = notifications(way, mark)
        equal([m.payload for m in told], [b"v1", b"w1"], "notifications")
        equal({m.type for m in told}, {NON if non else CON}, "types of notifications")


@by(*BOTH)
def E61_a_reset_ends_it(name, way, d):
    rejected(name, way, d, False)


@by(*BOTH)
def E61_a_reset_of_what_is_not_confirmable_ends_it(name, way, d):
    rejected(name, way, d, True)


@by(*BOTH, text=HASTY)
def E62_who_is_silent_is_forgotten(name, way, d):
    with Observer(name, way, "/w") as w:
        w.wait(b"w0")
        os.kill(w.process.pid, signal.SIGSTOP)
        put(d, b"w1", "/w")
        d.wait_counter("observers-timeout")
        way.wait(DOWN, lambda m: len(notifications(way)) == 3, "three transmissions")
        equal(len({m.raw for m in notifications(way)}), 1, "messages")
        put(d, b"w2", "/w")
        equal(ends(d), {"observers-timeout": 1}, "ends of observers")
        equal(d.counters()["notifications"], 1, "notifications")


@by(*BOTH, text=AGAIN)
def E63_E65_E67_the_newest_state_takes_the_place_of_what_was_lost(name, way, d):
    with Observer(name, way) as w:
        w.wait(b"v0")
        way.lose = lambda direction, m: direction == DOWN and m.payload == b"v1"
        put(d, b"v1")
        lost = way.wait_lost(DOWN, is_notification, "the notification to be lost")
        put(d, b"v2")
        w.wait(b"v2")
        check(b"v1" not in w.out, f"what was lost is not told: {w.out}")
        m = way.wait(DOWN, lambda m: m.payload == b"v2", "the newer one")
        check(m.mid != lost.mid and in_order([lost.uint("Observe"), m.uint("Observe")]), f"{lost}, {m}")
        equal((lost.uint("Max-Age"), m.uint("Max-Age")), (5, 5), "Max-Age")
        check(d.counters()["notifications-replaced"], "it took the other's place")


@by(*BOTH)
def E64_states_come_in_their_order(name, way, d):
    with Observer(name, way) as w:
        w.wait(b"v0")
        for i in range(1, 21):
            put(d, b"v%d." % i)
            w.wait(b"v%d." % i)
        values = [m.uint("Observe") for m in way.all(DOWN, lambda m: m.all("Observe"))]
        check(in_order(values), f"the order of {values}")
        equal(len(values), 21, "how many")


@by(*BOTH, state=b"a" * 3000)
def E66_of_a_large_state_the_rest_is_asked_for(name, way, d):
    with Observer(name, way) as w:
        w.wait(b"a" * 3000)
        with d.peer() as p:
            for i in range(3):
                m = p.ask("PUT", "/v", payload=b"b" * (1024 if i < 2 else 700), options=[
                    ("Block1", uint(i << 4 | (8 if i < 2 else 0) | 6))])
        equal(m.code, code("2.04"), "PUT")
        if name == "libcoap":
            w.wait(b"b" * 2748)
        way.wait(DOWN, lambda m: m.payload[:1] == b"b" and m.uint("Block2") == 0x26, "the last block")
        m = notifications(way)[0]
        equal((m.uint("Block2"), len(m.payload), m.uint("Size2")), (0x0e, 1024, 2748), "the first")
        rest = way.all(DOWN, lambda m: (m.uint("Block2") or 0) >> 4)
        equal({str(m.all("Observe")) for m in rest}, {"[]"}, "Observe in the rest")
        equal({m.all("ETag")[0] for m in rest if m.payload[:1] == b"b"}, {m.all("ETag")[0]},
              "ETags")
        put(d, b"short")                        # it is still observed
        way.wait(DOWN, lambda m: is_notification(m) and m.payload == b"short", "the next state")
        equal(ends(d), {}, "ends of observers")


@by(*BOTH)
def E69_what_is_not_observable_is_answered_plainly(name, way, d):
    with Observer(name, way, "/hello") as w:
        w.wait(b"hello, you")
        equal(way.all(DOWN)[0].all("Observe"), [], "Observe")
        equal(d.counters()["observers"], 0, "observers")


run()
