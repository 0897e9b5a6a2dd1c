"""Those who observe what coapd serves (RFC 7641): told, and ended, whoever dies."""
import os

from harness import *

SITE = """
workers: 1
resources:
  /v: {module: value, file: @DIR@/value}
  /hello: {module: hello}
transmission: { ack-timeout: 100ms, ack-random-factor: 1, max-retransmit: 2, observe-pause: 0s,
                observe-confirm: 4 }
"""


def observed(site=SITE, **more):
    """A daemon with a state that all workers can write."""
    d = Daemon(site, **more)
    path = os.path.join(d.directory, "value")
    with open(path, "wb") as f:
        f.write((2).to_bytes(4, "little") + b"v0")
    os.chmod(path, 0o666)
    return d


def register(p, uri="/v", observe=0, **more):
    request = p.request("GET", uri, options=[("Observe", observe)], **more)
    p.send(request)
    return request, p.answer(request)


def put(d, payload, uri="/v"):
    with d.peer() as p:
        return p.ask("PUT", uri, payload=payload)


@test
def a_new_state_is_told():
    with observed() as d, d.peer() as p:
        request, first = register(p)
        equal(first.payload, b"v0", "the state")
        check(first.uint("Observe") is not None, f"{first}")
        equal(put(d, b"v1").code, code("2.04"), "PUT")
        m = p.expect(CON, "2.05", token=request.token, payload=b"v1")
        check(m.uint("Observe") > first.uint("Observe"), f"{m} after {first}")
        p.acknowledge(m)
        equal(put(d, b"v2").code, code("2.04"), "PUT")
        p.acknowledge(p.expect(CON, "2.05", token=request.token, payload=b"v2"))
        p.silence()
        equal(d.counters()["notifications"], 2, "notifications")


run()
