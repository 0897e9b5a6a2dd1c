"""/.well-known/core (RFC 6690) with its query filters."""
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


@test
def Accept_of_another_format():
    with shared(SITE).peer() as p:
        p.send(p.request("GET", "/.well-known/core", options=[("Accept", 50)]))
        p.expect(ACK, "4.06")
        p.send(p.request("GET", "/.well-known/core", options=[("Accept", 40)]))
        p.expect(ACK, "2.05")


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
