"""Addresses that may be made up get no long answers (RFC 7252 11.3, RFC 9175 2.4)."""
import contextlib
import shutil

from harness import *
from harness.client import coap, got
from harness.process import output

SITE = """
workers: 1
resources:
  /hello: {module: hello}
  /time: time
  /block: block
transmission: { amplification: 3, ack-timeout: 1m }
"""
LIBCOAP = shutil.which("coap-client-notls")
BODY = b"0123456789abcdef" * 200


@contextlib.contextmanager
def site():
    """A daemon that has been sent a body, by requests that change something."""
    with Daemon(SITE) as d:
        got(coap("put", uri(d, "/block"), "--data", BODY.decode()), 0)
        equal(d.counters()["echo-asked"], 0, "requests that were held back")
        yield d


def uri(d, path):
    host, port = d.address()
    return f"coap://{'[%s]' % host if ':' in host else host}:{port}{path}"


def asked(p, path, *options):
    """The Echo value in place of the answer."""
    m = p.get(path, options=list(options))
    equal(m.code, code("4.01"), "the code")
    check(len(m.encode()) <= 40, f"{len(m.encode())} bytes")
    return m.all("Echo")[0]


@test
def E119_a_long_answer_takes_an_echo():
    with site() as d, d.peer() as p, d.peer() as other:
        equal(p.get("/hello").code, code("2.05"), "what is short is given")
        echo = asked(p, "/block")
        equal(other.get("/block", options=[("Echo", echo)]).code, code("4.01"),
              "the value is for another port")
        equal(p.get("/block", options=[("Echo", echo)]).code, code("2.05"), "the code")
        equal(other.get("/block").code, code("2.05"), "the address is known now")
        counters = d.counters()
        equal((counters["echo-asked"], counters["verified"]), (2, 1), "asked, and verified")


@test
def E119_an_observation_takes_an_echo():
    with Daemon(SITE) as d, d.peer() as p:
        echo = asked(p, "/time", ("Observe", b""))
        equal(d.counters()["observers-ended"], 1, "entries that were taken back")
        m = p.get("/time", options=[("Observe", b""), ("Echo", echo)])
        equal((m.code, bool(m.all("Observe"))), (code("2.05"), True), "the answer")


@test
def E119_clients_that_know_echo_read_on():
    for command in ["get", "/block"], ["observe", "/time", "--count", "1"]:
        with site() as d:
            r = coap(command[0], uri(d, command[1]), *command[2:])
            got(r, 0, BODY if command[1] == "/block" else None)
            equal(d.counters()["verified"], 1, "addresses that are believed")


@test
def E119_libcoap_reads_on():
    if LIBCOAP is None:
        raise Skip("no coap-client-notls (Debian package libcoap3-bin)")
    with site() as d:
        status, out, err = output([LIBCOAP, "-B", "20", uri(d, "/block")])
        equal((status, out.rstrip("\n")), (0, BODY.decode()), f"what libcoap got ({err})")
        equal(d.counters()["verified"], 1, "addresses that are believed")


run()
