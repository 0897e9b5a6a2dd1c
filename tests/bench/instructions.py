"""A guard that no load on the machine moves: user-space instructions for one request, at
most 3 % above the budgets beside this script.  With "--print" it shows what there is instead.

    COAPD_SRCDIR=SOURCE COAPD_BUILDDIR=BUILD tests/harness/run tests/bench/instructions.py --print
"""
import os
import platform
import re
import subprocess
import sys

from harness import *
from harness.instructions import BATCH, Counted

SLACK = 1.03
BUDGETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "budgets")
TEXT = b"hello, world"
PAYLOAD = b"twenty bytes of it.."
OBSERVERS = 8, 24


class Load:
    """Requests by one client, their answers checked in full."""

    def __init__(self, counted, method, uri, answer, options=(), payload=b""):
        self.counted, self.peer, self.answer = counted, counted.asker, answer
        self.what = method, uri
        self.more = {"options": options, "payload": payload}

    def _requests(self, n):
        return [self.peer.request(*self.what, token=b"tokn", **self.more) for _ in range(n)]

    def _take(self, request):
        m = self.peer.answer(request)
        options, payload = self.answer
        equal((m.code, m.options, m.payload), (self.code(), options, payload), "the answer")

    def code(self):
        return {"GET": 0x45, "POST": 0x44}[self.what[0]]

    def alone(self, n):
        for request in self._requests(n):
            self.peer.send(request)
            self._take(request)

    def together(self, n):
        """n batches of as many as there can be."""
        for _ in range(n):
            requests = self._requests(BATCH)
            self.counted.at_once(requests, self.peer)
            for request in requests:
                self._take(request)

    def gates(self, n):
        """What of together() is no request."""
        for _ in range(n):
            self.counted.at_once([], self.peer)

    def measure(self):
        batch = self.counted.cost(self.together, 8, 24) - self.counted.cost(self.gates, 8, 24)
        return self.counted.cost(self.alone, 80, 400), batch / BATCH


def get(c):
    return Load(c, "GET", "/hello", ([(12, b"")], TEXT))


def made(c):
    return Load(c, "GET", "/state", ([(12, b"")], b""))


def post(c):
    return Load(c, "POST", "/sink", ([], b""), payload=PAYLOAD)


def block(c):
    """The fourth of 64."""
    part = b"body" + bytes(1020)
    return Load(c, "GET", "/body", ([(4, b"etag"), (12, b""), (23, b"\x3e")], part),
                options=[("Block2", 0x36)])


def round_of(c, observers, n):
    """A new state, which all are told; their acknowledgements come in one go."""
    equal(c.asker.ask("PUT", "/state", payload=f"state {n:4}").code, 0x44, "the answer to a PUT")
    acks = []
    for peer in observers:
        m = peer.receive()
        equal((m.type, m.code, m.payload), (CON, 0x45, f"state {n:4}".encode()), "a notification")
        acks.append(Message(ACK, 0, m.mid))
    c.shut()
    for peer, ack in zip(observers, acks):
        peer.send(ack)
    c.open()


def rounds(c, count):
    """Instructions of a round with so many observers."""
    observers = [c.peer() for _ in range(count)]
    for peer in observers:
        m = peer.get("/state", token=b"seen", options=[("Observe", 0)])
        equal((m.code, m.uint("Observe") is None), (0x45, False), "the registration")
    try:
        return c.cost(lambda n: [round_of(c, observers, i) for i in range(n)], 4, 124)
    finally:
        for peer in observers:
            peer.get("/state", token=b"seen", options=[("Observe", 1)])
            peer.close()


def notification(c):
    few, many = OBSERVERS
    return (rounds(c, many) - rounds(c, few)) / (many - few)


def figures(more=""):
    """{name: instructions}, of those whose names begin with one that is wanted."""
    with Counted(more) as c:
        out = {}
        for name, load in (("get", get), ("made", made), ("post", post), ("block", block)):
            out[name], out[f"{name}-batch"] = load(c).measure()
        out["notification"] = notification(c)
        return out


def budgets():
    with open(BUDGETS, encoding="ascii") as f:
        return {m[1]: int(m[2]) for m in re.finditer(r"^([a-z-]+) +(\d+)$", f.read(), re.M)}


def is_comparable():
    """Whether this is what the budgets were taken of."""
    built = os.environ.get("COAPD_BUILT", "").split()
    if built[:1] != ["gcc"] or [w for w in built if w.startswith("-O")] != ["-O2"] or \
            any(w.startswith("-fsan") for w in built) or platform.machine() != "x86_64":
        return False
    version = subprocess.run(["gcc", "-dumpversion"], capture_output=True, text=True, check=True)
    return version.stdout.strip() == "12"


@test
def no_request_costs_more():
    if not is_comparable():
        raise Skip("the budgets are of gcc 12 -O2 for x86_64")
    got, most = figures(), budgets()
    equal(sorted(got), sorted(most), "what there is a budget for")
    for name in most:
        print(f"# {name}: {got[name]:.0f} instructions, the budget is {most[name]}")
    over = [name for name in most if got[name] > most[name] * SLACK]
    check(not over, f"over the budget by more than 3 %: {', '.join(over)}; tests/bench/budgets "
          "says what to do")


if sys.argv[1:] == ["--print"]:
    for name, count in figures().items():
        print(f"{name:<16}{count:8.1f}")
else:
    run()
