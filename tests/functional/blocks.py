"""The module block: one body of any size, taken and given part by part."""
import contextlib
import os
import shutil
import tempfile
import time

from harness import *
from harness.client import Client, coap, got

SITE = """
workers: 4
runtime-directory: %s
resources:
  /block: block
  /more: { module: block, body-size: 3MiB }
  /less: { module: block, body-size: 100 }
  /sum: { module: sum, body-size: 3MiB }
limits: { endpoints: 1000, dedup: 2000, exchanges: 500, waiting: 500, messages: 500,
          body-size: %s, body-memory: 4MiB, assemblies: 64 }
transmission: { body-timeout: 10s }
"""


def body(n):
    return bytes((i * 7 + (i >> 8) * 13 + (i >> 16)) & 0xff for i in range(n))


class Site:
    """A daemon, and the directory that it has its own in."""

    def __init__(self, size="8MiB"):
        self.top = tempfile.mkdtemp(prefix="blocks-")
        os.chmod(self.top, 0o755)       # workers may be nobody
        self.daemon = Daemon(SITE % (self.top, size))

    def __enter__(self):
        self.daemon.__enter__()
        return self

    def __exit__(self, *a):
        if a[0] is None:
            self.daemon.stop()
            equal(os.listdir(self.top), [], "what coapd leaves behind")
        self.daemon.__exit__(*a)
        shutil.rmtree(self.top)

    def files(self):
        """Those of the module."""
        return sorted(f for _, _, files in os.walk(self.top) for f in files
                      if not f.startswith("control"))

    def uri(self, path="/block"):
        host, port = self.daemon.address()[:2]
        return f"coap://[{host}]:{port}{path}"


def fetched(s):
    with Client("get", s.uri()) as c:
        equal(c.end(), 0, "exit status")
        return c.out


@test
def bodies_of_any_size_up_and_down():
    with Site() as s:
        got(coap("get", s.uri()), 1, "", r"4\.04")
        for n in (1, 1024, 1025, 65537, 300001):
            got(coap("put", s.uri(), "-T", "-", stdin=body(n)), 0, "")
            check(fetched(s) == body(n), f"{n} bytes come back")
        equal(s.files(), ["body"], "files")


@test
def workers_die_on_the_way():
    with Site() as s:
        data = body(700000)
        with Client("put", s.uri(), "-v", "-T", "-", stdin=data) as c:
            for block in (50, 200, 450):
                c.wait_err(rf"Block1={block}/")
                for worker in range(4):
                    s.daemon.kill(worker)
            equal(c.end(), 0, "exit status")
        with Client("get", s.uri(), "-v") as c:
            for block in (50, 200, 450):
                c.wait_err(rf"Block2={block}/")
                for worker in range(4):
                    s.daemon.kill(worker)
            equal(c.end(), 0, "exit status")
            check(c.out == data, "the same bytes")


@test
def E47_too_large_is_refused_at_once_and_nothing_is_kept():
    with Site("1MiB") as s:
        got(coap("put", s.uri(), "-T", "-", stdin=body(1024 * 1024 + 1)), 1, "", r"4\.13")
        equal(s.files(), [], "files")


@test
def E47_each_mount_has_its_own_longest_body():
    with Site("1MiB") as s:
        data = body(2 * 1024 * 1024)
        got(coap("put", s.uri(), "-T", "-", stdin=data), 1, "", r"4\.13")
        got(coap("put", s.uri("/more"), "-T", "-", stdin=data), 0, "")
        r = coap("put", s.uri("/sum"), "-T", "-", stdin=data)
        got(r, 0)
        check(r.out.startswith(b"%d " % len(data)), "as long as it was sent")
        got(coap("put", s.uri("/more"), "-T", "-", stdin=body(3 * 1024 * 1024 + 1)), 1, "",
            r"4\.13")


@test
def E47_what_would_be_taken_is_told():
    with Site("1MiB") as s, s.daemon.peer() as p:
        for payload, options in ((body(101), []), (body(128), [("Block1", 0x0b)])):
            m = p.ask("PUT", "/less", payload=payload, options=options)
            equal((m.code, m.uint("Size1")), (code("4.13"), 100), "too long")
        equal(p.ask("PUT", "/less", payload=body(100)).code, code("2.01"), "not too long")
        equal(p.ask("PUT", "/less", payload=body(64), options=[("Block1", 0x0a)]).code,
              code("2.31"), "first block")
        m = p.ask("PUT", "/less", payload=body(37), options=[("Block1", 0x12)])
        equal((m.code, m.uint("Size1")), (code("4.13"), 100), "at its end")
        equal(s.files(), ["body"], "files")


@test
def abandoned_uploads_cost_nothing_after_a_while():
    with Site() as s, contextlib.ExitStack() as stack:
        for _ in range(50):             # open to the end: no two have one port
            p = stack.enter_context(s.daemon.peer())
            equal(p.ask("PUT", "/block", payload=body(64),
                        options=[("Block1", 0x0a)]).code, code("2.31"), "first block")
        data = body(200000)
        got(coap("put", s.uri(), "-T", "-", stdin=data), 0, "")
        end = time.monotonic() + TIMEOUT
        while s.daemon.counters()["assembly-lost"] < 50:
            check(time.monotonic() < end, "what was given up stays")
        equal(s.daemon.counters()["assembly-lost"], 50, "what was given up")
        equal(s.files(), ["body"], "files")
        check(fetched(s) == data, "what was not, is there")


@test
def the_same_from_every_port():
    with Site() as s:
        data = body(64 * 1024 + 17)
        got(coap("put", s.uri(), "-T", "-", stdin=data), 0, "")
        peers = [s.daemon.peer() for _ in range(64)]
        first = [p.get("/block") for p in peers]
        equal(len({(m.code, m.payload, str(m.options)) for m in first}), 1, "first answers")
        whole, etags = b"", set()
        for i in range(65):                     # each block at another port, and so worker
            m = peers[i % 64].get("/block", options=[("Block2", uint(i << 4 | 6))])
            whole += m.payload
            etags.add(m.all("ETag")[0])
        check(whole == data, "the same bytes")
        equal(etags, {first[0].all("ETag")[0]}, "ETags")
        for p in peers:
            p.close()


run()
