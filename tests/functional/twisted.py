"""Answers that no server means: each verb ends by itself, in time, and with a status of
its own, whatever comes.  COAPD_TWISTED says how many runs, COAPD_SEED which."""
import os
import random
import tempfile
from concurrent.futures import ThreadPoolExecutor

from harness import *
from harness.client import Client
from harness.coap import ACK, CON, EMPTY, NON, RST, Message
from harness.server import Body, Server, Upload, block_value, message, separately

RUNS = int(os.environ.get("COAPD_TWISTED", "40" if os.environ.get("COAPD_QUICK") else "160"))
SEED = int(os.environ.get("COAPD_SEED", "7252"))
AT_ONCE = 8
LINKS = b'</a>;rt="x y";ct="0 40",</b/c>;obs;title="T\\"t",<coap://o/d>;anchor="/a";rel=z,' * 20
CODES = ("2.01", "2.03", "2.04", "2.05", "2.31", "4.00", "4.01", "4.04", "4.08", "4.13", "5.03",
         "1.00", "6.01", "7.31", "0.00", "0.01", "2.30")


def odd_options(rng):
    """Options as they may stand in an answer, and as they may not."""
    some = [("Block2", block_value(rng.randrange(1 << 20), rng.random() < .5, rng.randrange(8))),
            ("Block2", block_value(rng.randrange(4), rng.random() < .7, rng.randrange(7))),
            ("Block1", block_value(rng.randrange(4), rng.random() < .7, rng.randrange(8))),
            ("Size2", rng.choice((0, 1, 5000, 1 << 31, (1 << 32) - 1))), ("Size1", 1 << 32),
            ("Observe", rng.randrange(1 << 24)), ("Observe", 1 << 30), ("Max-Age", rng.randrange(3)),
            ("ETag", rng.randbytes(rng.randrange(10))), ("Content-Format", rng.choice((0, 40, 50, 60))),
            ("Echo", rng.randbytes(rng.randrange(42))), ("Location-Path", rng.randbytes(5)),
            (rng.randrange(1 << 16), rng.randbytes(rng.randrange(20))), ("Uri-Path", b"x")]
    return rng.sample(some, rng.randrange(4))


def bent(rng, data):
    """The bytes with a few of them changed, missing, or added."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        how, at = rng.randrange(5), rng.randrange(len(data))
        if how == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            del data[at:]
        elif how == 2:
            data[at:at] = rng.randbytes(rng.choice((1, 2, 20)))
        elif how == 3:
            data[at] = rng.choice((0, 0xff, 0x0f, 0xf0, 0xd0, 0xe0))
        else:
            data[at:at + 3] = b""
        if not data:
            return bytes([rng.randrange(256)])
    return bytes(data)


class Twisted:
    """Mostly a good server: of its answers some are bent, some odd, some not there."""

    def __init__(self, rng):
        self.rng = rng
        self.links = Body(LINKS, szx=rng.randrange(7), options=[("Content-Format", 40)])
        self.body = Body(rng.randbytes(3000), szx=rng.randrange(3, 7))
        self.upload = Upload(szx=rng.randrange(7), refuse=rng.random() < .3)

    def good(self, request):
        if request.uint("Block1") is not None or request.payload:
            return [self.upload(request)]
        if request.all("Uri-Path")[-1:] == [b"core"]:
            return [self.links(request)]
        if request.uint("Observe") == 0:
            state = message(request, payload=b"state", options=[("Observe", 1)])
            return [state] + [Message(self.rng.choice((CON, NON)), "2.05", self.rng.randrange(1 << 16),
                                      request.token, [("Observe", i)] + odd_options(self.rng), b"next")
                              for i in range(2, self.rng.randrange(3, 9))]
        return [self.body(request)] if self.rng.random() < .7 else separately(request, payload=b"{}")

    def odd(self, request):
        rng = self.rng
        return Message(rng.choice((ACK, ACK, CON, NON, RST)), rng.choice(CODES),
                       rng.choice((request.mid, request.mid, rng.randrange(1 << 16))),
                       rng.choice((request.token, request.token, b"", rng.randbytes(8))),
                       odd_options(rng), rng.randbytes(rng.choice((0, 1, 16, 64, 1024))))

    def __call__(self, request):
        rng, out = self.rng, []
        for m in self.good(request):
            if rng.random() < .25:
                out.append(self.odd(request))
            if rng.random() < .25:
                out.append(bent(rng, m.encode()))
            if rng.random() < .8:
                out.append(m)
        return out


def lines(server, directory, rng):
    """A command line of any verb."""
    up, down = os.path.join(directory, "up"), os.path.join(directory, "down")
    with open(up, "wb") as f:
        f.write(rng.randbytes(rng.choice((10, 1024, 2500))))
    verbs = (["get", *(server.uri(f"/{i}") for i in range(6))],
             ["get", server.uri("/"), "-o", down],
             ["get", server.uri("/"), "--non", "--block-size", "64", "--json"],
             ["get", server.uri("/l"), "--pretty-print", "--color"],
             ["observe", server.uri("/"), "--for", "0.3"],
             ["observe", server.uri("/[1-3]"), "--count", "3", "--for", "0.3", "--json"],
             ["discover", server.uri("")],
             ["discover", server.uri(""), "--rt", "x", "--json"],
             ["put", server.uri("/"), "-T", up],
             ["fetch", server.uri("/"), "-d", "x" * 2000, "-o", down],
             ["ping", server.uri(""), "--count", "3", "--interval", "0.02"])
    return [*rng.choice(verbs), "--timeout", "0.3", *rng.choice(([], ["-v"], ["-vv"]))]


def one(number):
    rng = random.Random(f"{SEED} {number}")
    with tempfile.TemporaryDirectory() as directory, Server(Twisted(rng)) as server:
        line = lines(server, directory, rng)
        try:
            with Client(*line) as c:
                status = c.end()
            check(status in (0, 1), f"exit status {status} of {line}")
            check(status == 0 or c.err or line[0] == "ping", f"a failure without a word: {line}")
            left = [name for name in os.listdir(directory) if name not in ("up", "down")]
            check(not left, f"left behind: {left}")
            check(status == 0 or not os.path.exists(os.path.join(directory, "down")),
                  "a part of a file under its name")
        except Failure as why:
            raise Failure(f"run {number} of seed {SEED}: {why}") from None


@test
def any_verb_ends_whatever_comes():
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(one, range(RUNS)):
            pass


run()
