"""/.well-known/core (RFC 6690) with its query filters."""
import json
import re

from harness import *

SITE = """
resources:
  /hello: {module: hello, link: {title: Hello, rt: "greeting text", if: core.rp, ct: "0"}}
  /sensors/temp: {module: hello, link: {rt: temperature-c, if: sensor}}
  /sensors/light: {module: hello, link: {rt: light-lux, if: sensor}}
"""
ALL = {"/hello", "/sensors/temp", "/sensors/light"}


def links(query=""):
    """Targets found, and the text."""
    with shared(SITE).peer() as p:
        m = p.get("/.well-known/core" + query)
        equal((m.code, m.uint("Content-Format")), (code("2.05"), 40), f"answer {m}")
        text = m.payload.decode()
        # Attribute values here have neither commas nor brackets.
        return {part[1:part.index(">")] for part in text.split(",") if part}, text


def found(query, *targets):
    equal(links(query)[0], set(targets), f"targets of {query}")


@test
def everything():
    targets, text = links()
    check(ALL <= targets, text)
    check('title="Hello"' in text and 'rt="greeting text"' in text, text)
    check('if="core.rp"' in text, text)


@test
def filter_by_resource_type():
    found("?rt=temperature-c", "/sensors/temp")
    found("?rt=light*", "/sensors/light")
    found("?rt=text", "/hello")
    found("?rt=greeting", "/hello")
    found("?rt=nothing")


@test
def filter_by_interface():
    found("?if=sensor", "/sensors/temp", "/sensors/light")
    found("?if=core*", "/hello")


@test
def filter_by_target():
    found("?href=/hello", "/hello")
    found("?href=/sensors*", "/sensors/temp", "/sensors/light")
    found("?href=/sens")


@test
def filter_by_title_and_format():
    found("?title=Hello", "/hello")
    found("?ct=0", "/hello")


def block2(number, size=64):
    """The value of a Block2 option (RFC 7959 section 2.2)."""
    return uint(number << 4 | (size.bit_length() - 5))


def in_blocks(p, uri, size):
    """The whole representation, asked for in blocks."""
    whole, number, etags = b"", 0, set()
    while True:
        m = p.get(uri, options=[("Block2", block2(number, size))])
        equal(m.code, code("2.05"), f"code of {m}")
        whole += m.payload
        etags.add(m.all("ETag")[0] if m.all("ETag") else None)
        if not m.uint("Block2") & 8:
            equal(len(etags), 1, "ETags")
            return whole
        equal(len(m.payload), size, "length of a block")
        number += 1


@test
def many_links_come_in_blocks():
    many = "".join(f"  /some/place/number-{i}: {{module: hello}}\n" for i in range(100))
    with Daemon("resources:\n" + many) as d, d.peer() as p:
        whole = in_blocks(p, "/.well-known/core", 64)
        equal(whole, in_blocks(p, "/.well-known/core", 1024), "blocks of two sizes")
        check(all(f"number-{i}>" in whole.decode() for i in range(100)), "a link is missing")
        m = p.get("/.well-known/core")          # too large to come whole unasked
        equal((len(m.payload), m.uint("Size2")), (1024, len(whole)), "first block, Size2")


@test
def E42_block_size_7():
    with shared(SITE).peer() as p:
        equal(p.get("/hello", options=[("Block2", 7)]).code, code("4.00"), "code")


@test
def E43_more_bit_in_a_request_is_ignored():
    with shared(SITE).peer() as p:
        equal(p.get("/hello", options=[("Block2", 8 | 6)]).code, code("2.05"), "code")


@test
def E45_block_beyond_the_end():
    with shared(SITE).peer() as p:
        for number in (1, 0xfffff):
            m = p.get("/hello", options=[("Block2", block2(number))])
            equal(m.code, code("4.00"), "code")


@test
def Accept_of_another_format():
    with shared(SITE).peer() as p:
        for other in (0, 42, 65):
            p.send(p.request("GET", "/.well-known/core", options=[("Accept", other)]))
            p.expect(ACK, "4.06")
        p.send(p.request("GET", "/.well-known/core", options=[("Accept", 40)]))
        p.expect(ACK, "2.05")


@test
def as_JSON():
    with shared(SITE).peer() as p:
        for accept in (50, 504):
            m = p.get("/.well-known/core?rt=light*", options=[("Accept", accept)])
            equal((m.code, m.uint("Content-Format")), (code("2.05"), accept), f"answer {m}")
            equal(json.loads(m.payload),
                  [{"href": "/sensors/light", "rt": "light-lux", "if": "sensor"}], "links")
        m = p.get("/.well-known/core", options=[("Accept", 50)])
        check({link["href"] for link in json.loads(m.payload)} >= ALL, m.payload)


@test
def as_CBOR():
    with shared(SITE).peer() as p:
        for accept in (60, 64):
            m = p.get("/.well-known/core?rt=light*", options=[("Accept", accept)])
            equal((m.code, m.uint("Content-Format")), (code("2.05"), accept), f"answer {m}")
            equal(m.payload, b"\x81\xa3\x01\x6e/sensors/light\x09\x69light-lux\x0a\x66sensor", "links")


@test
def what_the_server_is():
    targets, text = links("?rel=impl-info")
    check(re.fullmatch(r'<urn:x-coapd:[0-9.]+>;rel="impl-info"', text), text)
    for given, wanted in (("https://example.com/x", '<https://example.com/x>;rel="impl-info"'),
                          ("''", "")):
        with Daemon(f"impl-info: {given}\n{SITE}") as d, d.peer() as p:
            equal(p.get("/.well-known/core?rel=impl-info").payload.decode(), wanted, given)


def by_number(p, number, *more, mtype=CON):
    request = p.request("GET", "/", options=[(13, uint(number)), *more], mtype=mtype)
    p.send(request)
    return p.answer(request)


@test
def path_as_a_number():
    with shared(SITE).peer() as p:
        m = by_number(p, 0, ("Uri-Query", "rt=light*"))
        equal(m.payload, b'</sensors/light>;rt="light-lux";if="sensor"', "links")
        equal(by_number(p, 1).code, code("4.04"), "one of which nothing is here")
        equal(by_number(p, 3).code, code("4.02"), "a number of nobody's")
        equal(by_number(p, 3, mtype=NON).code, code("4.02"), "and as NON")
        equal(by_number(p, 0, ("Uri-Path", "hello")).code, code("4.02"), "beside Uri-Path")


@test
def the_same_in_all_workers():
    with Daemon("workers: 4\n" + SITE) as d:
        etags = set()
        for _ in range(64):
            with d.peer() as p:
                m = p.get("/.well-known/core")
                etags.add((m.all("ETag")[0], m.payload))
        equal(len(etags), 1, "ETags and lists")


@test
def only_GET():
    with shared(SITE).peer() as p:
        p.send(p.request("POST", "/.well-known/core"))
        p.expect(ACK, "4.05")


@test
def as_NON():
    with shared(SITE).peer() as p:
        p.send(p.request("GET", "/.well-known/core", mtype=NON))
        p.expect(NON, "2.05", options={"Content-Format": 40})


run()
