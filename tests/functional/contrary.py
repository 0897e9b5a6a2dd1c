"""Blocks and observers that make no sense: any numbers, sizes, tags and orders, of resources of
all kinds.  Each request is answered or rejected, nobody dies, and nothing stays.  COAPD_CONTRARY
says how many requests, COAPD_SEED which."""
import os
import random

from harness import *

COUNT = int(os.environ.get("COAPD_CONTRARY", "2000" if os.environ.get("COAPD_QUICK") else "8000"))
SEED = int(os.environ.get("COAPD_SEED", "7959"))
IN_A_ROW = 20                                   # requests without looking at what comes
SITE = """
workers: 2
slow-hook: 0
resources:
  /: {module: plugtest, directory: @DIR@/state, interval: 1d}
  /sum: {module: sum}
  /block: block
  /files: {module: files, root: @DIR@/root, write: yes}
  /v: {module: value, file: @DIR@/value}
limits: { endpoints: 1000, dedup: 2000, exchanges: 500, waiting: 500, messages: 500,
          body-size: 64KiB, body-memory: 1MiB }
transmission: { observe-pause: 0s, body-timeout: 5s, ack-timeout: 1m }
"""
PATHS = ("/sum", "/block", "/files/a", "/files/b", "/files/", "/v", "/large-update", "/large-post",
         "/large-create", "/large", "/obs-large", "/.well-known/core")
METHODS = ("GET", "GET", "PUT", "PUT", "PUT", "POST", "FETCH", "DELETE", "iPATCH")
TOKENS = (b"", b"t", b"u", b"12345678", bytes(300))


def block(rng):
    number = rng.randrange(6) if rng.random() < .9 else (1 << 20) - 1 - rng.randrange(3)
    return uint(number << 4 | rng.choice((8, 8, 0)) | rng.choice((0, 1, 2, 5, 6, 6, 6, 7)))


def sized(rng, value):
    """As long as the block should be, mostly."""
    size = 16 << min((value or b"\0")[-1] & 7, 6)
    return bytes(size) if rng.random() < .9 else rng.randbytes(rng.randrange(size + 2))


def options(rng):
    some = [("Block2", block(rng), .3), ("Observe", rng.choice((0, 0, 0, 1, 5)), .3),
            ("Size1", rng.choice((0, 100, 2000, 1 << 20, 1 << 31)), .2), ("Size2", 0, .1),
            ("If-Match", rng.choice((b"", b"x" * 8)), .1), ("If-None-Match", b"", .05),
            (292, rng.choice((b"a", b"b")), .1), ("No-Response", rng.choice((2, 8, 16, 26)), .05),
            ("ETag", rng.randbytes(rng.choice((1, 8))), .1), ("Echo", rng.randbytes(8), .02),
            ("Content-Format", rng.choice((0, 42, 50, 60000)), .05),
            ("Accept", rng.choice((0, 42, 50, 60)), .05), ("Block2", block(rng), .01)]
    return [(name, value) for name, value, often in some if rng.random() < often]


def request(rng, p):
    method, more = rng.choice(METHODS), options(rng)
    payload = b""
    if method not in ("GET", "DELETE"):
        payload = rng.randbytes(rng.randrange(200))
        if rng.random() < .7:
            more.append(("Block1", block(rng)))
            payload = sized(rng, more[-1][1])
    if rng.random() < .001:
        p.mid = rng.randrange(1 << 16)
    return p.request(method, rng.choice(PATHS), options=more, payload=payload,
                     mtype=rng.choice((CON, CON, CON, NON)), token=rng.choice(TOKENS))


def take(rng, p, m, asked, codes):
    codes[m.code] = codes.get(m.code, 0) + 1
    if m.type in (ACK, RST):
        asked.discard(m.mid)
    elif rng.random() < .1:
        p.reset(m)
    elif m.type == CON:
        p.acknowledge(m)


def look(rng, p, asked, codes):
    """Reads all that comes until a ping is reset, and each confirmable request acknowledged:
    modules may take their time."""
    p.send(Message(CON, EMPTY, p.new_mid()))
    asked.add(p.mid)
    while asked:
        take(rng, p, p.receive(), asked, codes)


def contrary(rng, peers, kill=lambda n: None):
    codes = {}
    for n in range(COUNT // IN_A_ROW):
        p, asked = rng.choice(peers), set()
        for _ in range(IN_A_ROW):
            r = request(rng, p)
            data = p.send(r)
            if r.type == CON:
                asked.add(r.mid)
            if rng.random() < .05:
                p.send(data)
        kill(n)
        look(rng, p, asked, codes)
    return codes


def site():
    """A daemon with files that its workers, whoever they are, can write."""
    d = Daemon(SITE)
    for name in ("state", "root"):
        os.mkdir(os.path.join(d.directory, name))
        os.chmod(os.path.join(d.directory, name), 0o777)
    with open(os.path.join(d.directory, "value"), "wb") as f:
        f.write((3000).to_bytes(4, "little") + bytes(3000))
    os.chmod(f.name, 0o666)
    return d


def told(d, codes):
    c = d.counters()
    print("#", {f"{c >> 5}.{c & 31:02}": n for c, n in sorted(codes.items())}, flush=True)
    print("#", {k: v for k, v in c.items() if v}, flush=True)
    equal((c["adopt-dropped"], c["adopt-wiped"], c["module-failed"]), (0, 0, 0),
          "dropped, wiped, module-failed")


@test
def any_order_of_anything():
    with site() as d:
        since, workers = d.mark(), dict(d.workers)
        peers = [d.peer() for _ in range(6)]
        told(d, contrary(random.Random(SEED), peers))
        equal([r.line for r in d.records(": (warn|error): ", since)], [], "the log")
        equal(d.workers, workers, "workers")
        d.wait_counter("assembly-lost")
        for p in peers:
            p.close()


@test
def any_order_of_anything_while_workers_die():
    with site() as d:
        def kill(n):
            if n % 25 == 24:
                d.kill(n // 25 % 2)
        peers = [d.peer() for _ in range(6)]
        told(d, contrary(random.Random(SEED + 1), peers, kill))
        check(d.counters()["adopted"], "deaths")
        for p in peers:
            p.close()


run()
