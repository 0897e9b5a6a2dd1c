"""The module plugtest, by the test descriptions of the CoAP plugtests: three clients do
what each of them asks of a client, on several workers that must be as one."""
import atexit
import json
import os
import shutil
import tempfile

from harness import *
from harness.askers import by_all, uint_bytes

# Workers, whoever they are, write there.
STATE = tempfile.mkdtemp(prefix="coapd-test-")
os.chmod(STATE, 0o777)
atexit.register(shutil.rmtree, STATE, ignore_errors=True)
SITE = f"""
workers: 4
resources:
  /: {{module: plugtest, directory: {STATE}, delay: 300ms, created: 4, interval: 1d}}
transmission: {{ ack-delay: 50ms }}
"""
IF_MATCH, ETAG, IF_NONE_MATCH = 1, 4, 5
LONG = bytes(b"0123456789abcdef" * 200) + b"end"


def base():
    host, port = shared(SITE).address()
    return f"coap://[{host}]:{port}"


def got(answer, code, payload=None, format=None):
    equal(answer.code, code, f"code of {answer}")
    if payload is not None:
        wanted = payload.encode() if isinstance(payload, str) else payload
        equal(answer.payload, wanted, "payload")
    if format is not None:
        equal(answer.format, format, f"format of {answer}")
    return answer


# --- CORE: GET, DELETE, PUT, POST as CON and as NON

@by_all(base)
def TD_COAP_CORE_01_and_05_GET(ask):
    ask("DELETE", "/test")
    for non in (False, True):
        got(ask("GET", "/test", non=non), "2.05", "a test resource", 0)


@by_all(base)
def TD_COAP_CORE_02_and_06_DELETE(ask):
    for non in (False, True):
        got(ask("DELETE", "/test", non=non), "2.02")


@by_all(base)
def TD_COAP_CORE_03_and_07_PUT(ask):
    for non in (False, True):
        got(ask("PUT", "/test", f"new {non}", format=0, non=non), "2.04")
        got(ask("GET", "/test"), "2.05", f"new {non}", 0)
    ask("DELETE", "/test")


@by_all(base)
def TD_COAP_CORE_04_and_08_POST(ask):
    for non in (False, True):
        got(ask("POST", "/test", "new", format=0, non=non), "2.01")


@by_all(base)
def TD_COAP_CORE_11_and_17_separate(ask):
    for non in (False, True):
        got(ask("GET", "/separate", non=non), "2.05", "that took a while", 0)


@test
def TD_COAP_CORE_11_is_acknowledged_first():
    with shared(SITE).peer() as p:
        r = p.request("GET", "/separate")
        p.send(r)
        p.expect(ACK, 0, mid=r.mid, token=b"", payload=b"")
        p.acknowledge(p.expect(CON, "2.05", token=r.token))


@test
def TD_COAP_CORE_12_empty_token():
    with shared(SITE).peer() as p:
        p.send(p.request("GET", "/test", token=b""))
        p.expect(ACK, "2.05", token=b"")


@by_all(base)
def TD_COAP_CORE_13_several_segments(ask):
    got(ask("GET", "/seg1/seg2/seg3"), "2.05", "three segments", 0)


@by_all(base)
def TD_COAP_CORE_14_several_arguments(ask):
    got(ask("GET", "/query?first=1&second=2&third=3"), "2.05",
        "Uri-Query:\nfirst=1\nsecond=2\nthird=3\n", 0)


@by_all(base)
def TD_COAP_CORE_18_Location_Path(ask):
    a = got(ask("POST", "/test", "created", format=0), "2.01")
    equal(a.location, ["location1", "location2", "location3"], "Location-Path")
    got(ask("GET", "/location1/location2/location3"), "2.05", "created")


@by_all(base)
def TD_COAP_CORE_19_Location_Query(ask):
    a = got(ask("POST", "/location-query", "created", format=0), "2.01")
    equal(a.query, ["first=1", "second=2"], "Location-Query")
    got(ask("GET", "/location-query?first=1&second=2"), "2.05", "created")


@by_all(base)
def TD_COAP_CORE_20_Accept(ask):
    got(ask("GET", "/multi-format", accept=0), "2.05", "two formats", 0)
    got(ask("GET", "/multi-format", accept=41), "2.05", "<msg>two formats</msg>", 41)
    got(ask("GET", "/multi-format", accept=50), "4.06")


@by_all(base)
def TD_COAP_CORE_21_E38_ETag(ask):
    ask("DELETE", "/validate")
    etag = got(ask("GET", "/validate"), "2.05", "to be validated").etag
    check(etag, "an ETag")
    known = [(ETAG, bytes.fromhex(etag))]
    a = got(ask("GET", "/validate", options=known), "2.03", b"")
    equal(a.etag, etag, "ETag")
    got(ask("PUT", "/validate", "other", format=0), "2.04")
    a = got(ask("GET", "/validate", options=known), "2.05", "other")
    check(a.etag not in ("", etag), f"another ETag than {etag}: {a}")


@by_all(base)
def TD_COAP_CORE_22_E36_If_Match(ask):
    def if_match(etag):
        return [(IF_MATCH, bytes.fromhex(etag))]
    ask("DELETE", "/validate")
    first = ask("GET", "/validate").etag
    got(ask("PUT", "/validate", "2nd", format=0, options=if_match(first)), "2.04")
    second = got(ask("GET", "/validate"), "2.05", "2nd").etag
    got(ask("PUT", "/validate", "3rd", format=0), "2.04")
    got(ask("PUT", "/validate", "4th", format=0, options=if_match(second)), "4.12")
    got(ask("GET", "/validate"), "2.05", "3rd")
    got(ask("PUT", "/validate", "5th", format=0, options=if_match("")), "2.04")
    ask("DELETE", "/create2")
    got(ask("PUT", "/create2", "x", format=0, options=if_match("")), "4.12")
    third = ask("GET", "/validate").etag
    got(ask("PUT", "/validate", "6th", format=0, options=if_match(second) + if_match(third)),
        "2.04")


@by_all(base)
def TD_COAP_CORE_23_E37_If_None_Match(ask):
    ask("DELETE", "/create1")
    got(ask("PUT", "/create1", "1st", format=0, options=[(IF_NONE_MATCH, b"")]), "2.01")
    got(ask("PUT", "/create1", "2nd", format=0, options=[(IF_NONE_MATCH, b"")]), "4.12")
    got(ask("GET", "/create1"), "2.05", "1st")
    ask("DELETE", "/create1")
    got(ask("GET", "/create1"), "4.04")


@test
def TD_COAP_CORE_31_ping():
    with shared(SITE).peer() as p:
        p.ping()


# --- BLOCK

@by_all(base)
def TD_COAP_BLOCK_01_02_and_06_large(ask):
    whole = got(ask("GET", "/large"), "2.05", None, 0).payload
    equal(len(whole), 2048, "length")
    check(whole.startswith(b"|   0| a large resource") and b"|1984|" in whole, whole)


@test
def TD_COAP_BLOCK_06_blocks_of_16():
    with shared(SITE).peer() as p:
        whole, number, more = b"", 0, 8
        while more & 8:
            m = p.get("/large", options=[("Block2", uint_bytes(number << 4))])
            whole += m.payload
            more = m.uint("Block2")
            number += 1
        equal((len(whole), number), (2048, 128), "bytes and blocks")


@by_all(base)
def TD_COAP_BLOCK_03_large_update(ask):
    ask("DELETE", "/large-update")
    got(ask("PUT", "/large-update", LONG, format=42), "2.04")
    got(ask("GET", "/large-update"), "2.05", LONG, 42)


@by_all(base)
def TD_COAP_BLOCK_04_large_create(ask):
    a = got(ask("POST", "/large-create", LONG, format=42), "2.01")
    equal(len(a.location), 2, f"segments of Location-Path in {a}")
    equal(a.location[0], "large-create", "the first")
    path = "/" + "/".join(a.location)
    got(ask("GET", path), "2.05", LONG, 42)
    links = got(ask("GET", "/large-create"), "2.05", None, 40).payload
    check(f"<{path}>".encode() in links, links)
    got(ask("DELETE", path), "2.02")
    got(ask("GET", path), "4.04")


@by_all(base)
def TD_COAP_BLOCK_05_large_post(ask):
    got(ask("POST", "/large-post", LONG, format=42), "2.04", LONG, 42)


# --- OBS, as far as GET, PUT and DELETE go

@by_all(base)
def TD_COAP_OBS_07_08_and_09_what_is_observed(ask):
    ask("DELETE", "/obs")
    tick = got(ask("GET", "/obs"), "2.05", None, 0).payload
    check(tick.isdigit(), tick)
    got(ask("PUT", "/obs", "[1]", format=50), "2.04")
    got(ask("GET", "/obs"), "2.05", "[1]", 50)
    got(ask("DELETE", "/obs"), "2.02")
    got(ask("GET", "/obs"), "2.05", tick, 0)


@by_all(base)
def TD_COAP_OBS_13_and_14_large_ones(ask):
    check(len(got(ask("GET", "/obs-large"), "2.05").payload) > 1024, "more than one block")


# --- LINK

def links(ask, query=""):
    a = got(ask("GET", "/.well-known/core" + query), "2.05", None, 40)
    return {part[:part.index(b">")].decode() for part in a.payload.split(b"<")[1:]}


@by_all(base)
def TD_COAP_LINK_01_all(ask):
    check({"/test", "/large", "/obs", "/link1", "/path"} <= links(ask), "links")


@by_all(base)
def TD_COAP_LINK_02_to_08_filters(ask):
    for query, wanted in (("?rt=Type1", {"/link1", "/link3"}), ("?rt=Type2", {"/link1", "/link2"}),
                          ("?if=If*", {"/link1", "/link2"}), ("?href=/link1", {"/link1"}),
                          ("?href=/link*", {"/link1", "/link2", "/link3"}),
                          ("?sz=*", {"/large", "/large-update", "/obs-large"})):
        equal(links(ask, query), wanted, query)
    some = links(ask, "?rt=*")
    check({"/link1", "/link2", "/link3", "/large"} <= some and "/test" not in some, f"{some}")


@by_all(base)
def TD_COAP_LINK_09_hierarchy(ask):
    equal(links(ask, "?href=/path*"), {"/path"}, "in /.well-known/core")
    got(ask("GET", "/path"), "2.05", "</path/sub1>,</path/sub2>,</path/sub3>", 40)
    got(ask("GET", "/path/sub1"), "2.05", "/path/sub1", 0)


@test
def links_as_JSON_in_blocks():
    with shared(SITE).peer() as p:
        whole, number, more = b"", 0, 8
        while more & 8:
            m = p.get("/.well-known/core",
                      options=[("Accept", 50), ("Block2", uint_bytes(number << 4 | 2))])
            whole += m.payload
            more = m.uint("Block2")
            number += 1
        found = {link["href"]: link for link in json.loads(whole)}
        equal(found["/link1"], {"href": "/link1", "rt": "Type1 Type2", "if": "If1"}, "a link")


# --- many workers, one state

@test
def all_workers_see_what_one_was_told():
    peers = [shared(SITE).peer() for _ in range(32)]
    for i, p in enumerate(peers):
        text = f"state {i}".encode()
        equal(p.ask("PUT", "/test", payload=text).code, code("2.04"), "PUT")
        seen = {(q.get("/test").payload, q.get("/test").all("ETag")[0]) for q in peers[:8]}
        equal({payload for payload, _ in seen}, {text}, "what is seen")
        equal(len(seen), 1, "ETags")
    equal(peers[0].ask("DELETE", "/test").code, code("2.02"), "DELETE")


@test
def of_many_who_would_create_it_one_does():
    peers = [shared(SITE).peer() for _ in range(32)]
    equal(peers[0].ask("DELETE", "/create3").code, code("2.02"), "DELETE")
    asked = [(p, p.request("PUT", "/create3", payload=str(i).encode(),
                           options=[("If-None-Match", b"")])) for i, p in enumerate(peers)]
    for p, r in asked:
        p.send(r)
    codes = [p.answer(r).code for p, r in asked]
    equal((codes.count(code("2.01")), codes.count(code("4.12"))), (1, 31), "2.01s and 4.12s")


@test
def the_example_site_is_right():
    top = os.environ["COAPD_SRCDIR"]
    status, err = coapd("--check", os.path.join(top, "conf", "plugtest.yaml"), "--modules-dir",
                        shared(SITE).modules)
    equal((status, err), (0, ""), "coapd --check")


@test
def a_directory_that_nobody_can_write_to():
    status, err = coapd("--config", site_file(STATE, "resources: {/: {module: plugtest, "
                        "directory: /proc/self/none}}"), "--modules-dir",
                        shared(SITE).modules)
    check(status != 0 and "/proc/self/none" in err and "module plugtest does not open" in err, err)


run()
