"""Bodies of requests in blocks (RFC 7959): put together in the daemon, whole or not at all."""
import re
import time

from harness import *
from harness.client import Client, coap, got

SITE = """
workers: 2
resources:
  /sum: {module: sum}
limits: { endpoints: 1000, dedup: 2000, exchanges: 500, waiting: 500, messages: 500,
          body-size: 1MiB, body-memory: 2MiB, assemblies: 64 }
transmission: { body-timeout: 10s }
"""


def body(n):
    return bytes((i * 7 + (i >> 8) * 13 + (i >> 16)) & 0xff for i in range(n))


def sum_of(data):
    h = 0xcbf29ce484222325
    for b in data:
        h = (h ^ b) * 0x100000001b3 & 0xffffffffffffffff
    return f"{len(data)} {h:016x}"


def uri(d):
    host, port = d.address()[:2]
    return f"coap://[{host}]:{port}/sum"


@test
def whole_bodies_of_any_size():
    with Daemon(SITE) as d:
        for n in (0, 1, 16, 1023, 1024, 1025, 65536, 65537, 300001):
            got(coap("put", uri(d), "-T", "-", stdin=body(n)), 0, sum_of(body(n)))


@test
def smallest_blocks():
    with Daemon(SITE) as d:
        got(coap("fetch", uri(d), "--block-size", "16", "-T", "-", stdin=body(5000)), 0,
            sum_of(body(5000)))


@test
def blocks_as_small_as_the_site_says():
    with Daemon(SITE.replace("body-timeout", "block-size: 64, body-timeout")) as d:
        r = coap("put", uri(d), "-v", "-T", "-", stdin=body(3000))
        got(r, 0, sum_of(body(3000)))
        check(re.search(r"Block1=\d+/M/64", r.err), "blocks of 64 bytes")


@test
def E47_too_large_is_refused_at_once():
    with Daemon(SITE) as d:
        r = coap("put", uri(d), "-T", "-", "-v", stdin=body(1024 * 1024 + 1))
        got(r, 1, "", r"4\.13")
        check(r.err.count("Size1=1048576") >= 1, "the limit is told")
        check(len(re.findall(r"Block1=", r.err)) < 8, "after the first block")


@test
def survives_workers_that_die_on_the_way():
    with Daemon(SITE) as d, Client("put", uri(d), "-v", "-T", "-", stdin=body(700000)) as c:
        for block in (50, 200, 450):
            c.wait_err(rf"Block1={block}/")
            for worker in range(2):
                d.kill(worker)
        equal(c.end(), 0, "exit status")
        equal(c.out.decode(), sum_of(body(700000)), "what the module saw")


def first_block(p, tag):
    """Sends the first of several blocks; the code of the answer."""
    return p.ask("PUT", "/sum", payload=body(64),
                 options=[("Block1", 0x0a), (292, bytes([tag]))]).code


def wait_counter(d, name, least):
    """The counter rises by what time does, so it is asked until it has."""
    end = time.monotonic() + TIMEOUT
    while d.counters()[name] < least:
        check(time.monotonic() < end, f"{name} stays below {least}")


@test
def abandoned_bodies_are_forgotten():
    with Daemon(SITE) as d, d.peer() as p:
        for i in range(8):
            equal(first_block(p, i), code("2.31"), "first block")
        equal(first_block(p, 8), code("5.03"), "one too many for a peer")
        wait_counter(d, "assembly-lost", 8)
        equal(first_block(p, 8), code("2.31"), "room again")


run()
