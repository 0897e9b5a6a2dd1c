"""Virtual hosts: resources by Uri-Host (RFC 7252, 5.10.1), or by the listener of a request."""
import re

from harness import *

SITE = """
listen: [ "coap://[::1]:0" ]
resources:
  /a: { module: hello, text: everybody }
  /b: { module: hello, text: everybody }
hosts:
  one.example:
    aliases: uno.example eins
    resources:
      /a: { module: hello, text: one, link: { title: Of one } }
      /c: { module: hello, text: one }
  two.example:
    resources: { /a: { module: hello, text: two }, /time: { module: time, interval: 100ms } }
"""


def of(host):
    return [("Uri-Host", host)] if host else []


def asks(p, host, path, expected):
    m = p.get(path, options=of(host))
    equal((m.code, m.payload.decode() if m.code == code("2.05") else None),
          (code("2.05"), expected) if expected else (code("4.04"), None), f"{path} of {host}")


@test
def each_has_its_resources():
    with shared(SITE).peer() as p:
        for host, a, b, c in ((None, "everybody", "everybody", None),
                              ("::1", "everybody", "everybody", None),
                              ("nobody.example", "everybody", "everybody", None),
                              ("one.example", "one", None, "one"),
                              ("ONE.Example", "one", None, "one"),
                              ("uno.example", "one", None, "one"),
                              ("eins", "one", None, "one"),
                              ("two.example", "two", None, None)):
            for path, expected in (("/a", a), ("/b", b), ("/c", c)):
                asks(p, host, path, expected)


def links(p, host):
    m = p.get("/.well-known/core", options=of(host))
    equal(m.code, code("2.05"), f"links of {host}")
    return m.payload.decode(), m.all("ETag")


@test
def each_has_its_links():
    with shared(SITE).peer() as p:
        texts = {host: links(p, host) for host in (None, "one.example", "eins", "two.example")}
        targets = {host: set(re.findall("<(/[^>]*)>", text)) for host, (text, _) in texts.items()}
        equal(targets, {None: {"/a", "/b"}, "one.example": {"/a", "/c"}, "eins": {"/a", "/c"},
                        "two.example": {"/a", "/time"}}, "targets")
        check('title="Of one"' in texts["eins"][0], texts["eins"])
        check(texts["eins"][1] == texts["one.example"][1] != texts[None][1], texts)
        check("impl-info" in texts["two.example"][0], texts["two.example"])


@test
def observers_of_one_hear_nothing_of_another():
    with shared(SITE).peer() as p, shared(SITE).peer() as other:
        m = p.get("/time", options=[("Uri-Host", "two.example"), ("Observe", b"")])
        equal(m.code, code("2.05"), "registration")
        check(m.all("Observe"), "it is observed")
        later = p.receive()
        equal((later.code, later.token), (code("2.05"), m.token), "notification")
        m = other.get("/time", options=[("Observe", b"")])
        equal(m.code, code("4.04"), "of the default host")


@test
def messages_name_the_host():
    with Daemon(SITE + """  three:
    resources: { /crash: crash }
""") as d, d.peer() as p:
        m = p.post("/crash?how=segv", options=of("three"))
        equal(m.code, code("5.00"), "answer of the successor")
        d.wait_log("SIGSEGV.*//three/crash")


@test
def a_listener_of_its_own():
    port = free_port()
    site = SITE + f"""  admin:
    listen: coap://[::1]:{port}
    resources: {{ /a: {{ module: hello, text: admin }} }}
"""
    with Daemon(site) as d:
        with Peer("::1", port) as p:
            for host in (None, "admin", "one.example", "nobody"):
                asks(p, host, "/a", "admin")
                asks(p, host, "/b", None)
        with d.peer() as p:
            check(p.remote[1] != port, "the site's own listener comes first")
            asks(p, None, "/a", "everybody")
            asks(p, "admin", "/a", "everybody")
            asks(p, "one.example", "/a", "one")


run()
