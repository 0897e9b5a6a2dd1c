"""The module whoami: clients are told how they come here."""
import json

from harness import *
from harness.askers import by_all
from harness.client import coap, got

SITE = """
resources:
  /who: whoami
"""


def ends(p):
    # On the loopback both have one address.
    return {"from": {"address": p.remote[0], "port": p.socket.getsockname()[1]},
            "to": {"address": p.remote[0], "port": p.remote[1]}}


@test
def addresses_of_both_ends():
    listen = 'listen: [ "coap://[::1]:0", "coap://127.0.0.1:0" ]'
    with Daemon(listen + SITE) as d:
        for host, port in d.listeners * 8:      # whichever worker it comes to
            with Peer(host, port) as p:
                m = p.get("/who", options=[("Accept", 50)])
                equal((m.code, m.uint("Max-Age")), (code("2.05"), 0), f"answer {m}")
                equal(json.loads(m.payload), {"transport": "udp", "identity": "", **ends(p)},
                      "answer")


@test
def the_address_asked_is_told_where_any_is_listened_at():
    with Daemon('listen: [ "coap://[::]:0" ]' + SITE) as d:
        port = d.address()[1]
        for host in ("[::1]", "127.0.0.1"):
            r = got(coap(f"coap://{host}:{port}/who"), 0)
            check(f"to: {host}:{port}\n" in r.out.decode(), r.out)


def base():
    host, port = shared(SITE).address()
    return f"coap://[{host}]:{port}"


@by_all(base)
def every_client_is_told(ask):
    a = ask("GET", "/who")
    equal((a.code, a.format), ("2.05", 0), f"answer {a}")
    check(b"transport: udp\nfrom: [::1]:" in a.payload, a.payload)
    a = ask("GET", "/who", accept=50)
    equal((a.code, a.format, json.loads(a.payload)["transport"]), ("2.05", 50, "udp"), "as JSON")


@test
def as_CBOR_for_the_client():
    with Daemon(SITE) as d:
        host, port = d.address()[:2]
        r = got(coap(f"coap://[{host}]:{port}/who", "--accept", "cbor"), 0)
        check(r.out.startswith(b"\xa4\x69transport\x63udp\x64from\xa2"), r.out)


run()
