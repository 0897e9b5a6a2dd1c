"""Requests that say what they are (Content-Format) and what must be so for them to be
worked on (ETag, If-Match, If-None-Match), by three clients (RFC 7252 5.9.2.9, 5.10.8)."""
import atexit
import os
import shutil
import tempfile

from harness import *
from harness.askers import by_all

# Workers, whoever they are, write there.
STATE = tempfile.mkdtemp(prefix="coapd-test-")
os.chmod(STATE, 0o777)
atexit.register(shutil.rmtree, STATE, ignore_errors=True)
SITE = f"""
resources:
  /: {{module: plugtest, directory: {STATE}}}
  /sum: {{module: sum}}
  /hello: {{module: hello}}
"""


def base():
    host, port = shared(SITE).address()
    return f"coap://[{host}]:{port}"


def is_code(answer, wanted):
    equal(answer.code, wanted, f"code of {answer}")
    return answer


def if_match(*etags):
    return [(1, bytes.fromhex(etag)) for etag in etags]


IF_NONE_MATCH = [(5, b"")]


def fresh(ask, path):
    """A resource that exists, and its ETag."""
    is_code(ask("DELETE", path), "2.02")
    return is_code(ask("GET", path), "2.05").etag


@by_all(base)
def E35_a_content_format_that_is_not_read(ask):
    for format in (0, 50, 65000):
        is_code(ask("PUT", "/sum", "x", format=format), "4.15")
    is_code(ask("PUT", "/sum", "x", format=42), "2.04")


@by_all(base, "libcoap", "npm")
def E35_who_names_none_is_believed(ask):
    is_code(ask("PUT", "/sum", "x"), "2.04")


@test
def E35_an_elective_option_all_the_same():
    with shared(SITE).peer() as p:
        p.send(p.request("PUT", "/sum", payload=b"x", options=[("Content-Format", b"\1\2\3")]))
        p.expect(ACK, "2.04")                   # too long: as if it were not there (5.4.3)


@by_all(base)
def E36_If_Match_of_one_ETag(ask):
    etag = fresh(ask, "/validate")
    is_code(ask("PUT", "/validate", "a", format=0, options=if_match(etag)), "2.04")
    is_code(ask("PUT", "/validate", "b", format=0, options=if_match(etag)), "4.12")
    equal(ask("GET", "/validate").payload, b"a", "what is there")


@by_all(base)
def E36_If_Match_of_several_means_any(ask):
    etag = fresh(ask, "/validate")
    is_code(ask("PUT", "/validate", "a", format=0, options=if_match("01", "0203")), "4.12")
    is_code(ask("PUT", "/validate", "a", format=0, options=if_match("01", etag, "02")), "2.04")


@by_all(base)
def E36_empty_If_Match_means_that_it_exists(ask):
    fresh(ask, "/validate")
    is_code(ask("PUT", "/validate", "a", format=0, options=if_match("")), "2.04")
    is_code(ask("DELETE", "/create1"), "2.02")
    is_code(ask("PUT", "/create1", "a", format=0, options=if_match("")), "4.12")
    is_code(ask("GET", "/create1"), "4.04")


@by_all(base)
def E36_If_Match_goes_for_DELETE_too(ask):
    etag = fresh(ask, "/validate")
    is_code(ask("PUT", "/validate", "a", format=0), "2.04")
    is_code(ask("DELETE", "/validate", options=if_match(etag)), "4.12")
    equal(ask("GET", "/validate").payload, b"a", "what is there")


@by_all(base)
def E36_E37_conditions_that_nobody_judges_are_not_met(ask):
    is_code(ask("GET", "/hello", options=if_match("")), "4.02")
    is_code(ask("GET", "/hello", options=IF_NONE_MATCH), "4.02")


@by_all(base)
def E37_If_None_Match(ask):
    is_code(ask("DELETE", "/create1"), "2.02")
    is_code(ask("PUT", "/create1", "a", format=0, options=IF_NONE_MATCH), "2.01")
    is_code(ask("PUT", "/create1", "b", format=0, options=IF_NONE_MATCH), "4.12")
    equal(ask("GET", "/create1").payload, b"a", "what is there")


@by_all(base)
def E38_ETag_that_is_still_right(ask):
    etag = fresh(ask, "/validate")
    known = [(4, bytes.fromhex("0102")), (4, bytes.fromhex(etag))]
    a = is_code(ask("GET", "/validate", options=known), "2.03")
    equal((a.etag, a.payload, a.format), (etag, b"", None), "what is told of it")
    is_code(ask("PUT", "/validate", "a", format=0), "2.04")
    a = is_code(ask("GET", "/validate", options=known), "2.05")
    equal(a.payload, b"a", "what is there")
    # A PUT is no matter of ETags.
    is_code(ask("PUT", "/validate", "b", format=0, options=[(4, bytes.fromhex(a.etag))]), "2.04")


@by_all(base, "coap", "libcoap")               # the third takes ETags for text
def E38_ETag_of_the_list_of_links(ask):
    etag = is_code(ask("GET", "/.well-known/core?rt=Type1"), "2.05").etag
    known = [(4, bytes.fromhex(etag))]
    is_code(ask("GET", "/.well-known/core?rt=Type1", options=known), "2.03")
    is_code(ask("GET", "/.well-known/core?rt=Type1", options=known, accept=50), "2.05")


run()
