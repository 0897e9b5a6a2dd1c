"""What the client sends for each line, and what it makes of the answers."""
import contextlib
import json
import os
import re
import stat
import tempfile

from harness import *
from harness.client import Client, coap, got
from harness.coap import ACK, CON, EMPTY, NON, RST, Message
from harness.foreign import libcoap, node
from harness.server import (Body, Server, Upload, Via, by_path, in_turn, message, reply,
                            separately, silent)

SITE = """
resources:
  /hello: {module: hello, text: hi}
  /slow: {module: separate, delay: 50ms}
transmission: { ack-delay: 10ms }
"""


def sent(*line, answer=reply("2.04")):
    """The request that this line makes."""
    with Server(answer) as server:
        words = [w.replace("URI", server.uri("/a")) for w in line]
        got(coap(*words), 0)
        return server.request()


# --- servers of all kinds

@test
def coapd_answers():
    with Daemon(SITE) as d:
        host, port = d.address()[:2]
        got(coap(f"coap://[{host}]:{port}/hello"), 0, "hi", "")
        got(coap("post", f"coap://[{host}]:{port}/slow"), 0)
        r = coap(f"coap://[{host}]:{port}/nothing")
        got(r, 1, "", r"^coap: coap://.*/nothing: 4\.04 Not Found")


@test
def libcoap_answers():
    with libcoap("-d", "10") as server:
        r = coap(server.uri("/"))
        got(r, 0, None, "")
        check(b"libcoap" in r.out, "its greeting")
        got(coap("put", server.uri("/new"), "-d", "text"), 0, "", r"^2\.01 Created$")
        got(coap(server.uri("/new")), 0, "text", "")
        got(coap("delete", server.uri("/new")), 0, "", r"^2\.02 Deleted$")


@test
def a_server_of_node_answers():
    with node() as server:
        big = bytes(97 + i % 26 for i in range(5000))
        got(coap(server.uri("/big")), 0, big, "")
        got(coap(server.uri("/late")), 0, "late", "")
        got(coap("put", server.uri("/store/a"), "-d", "kept"), 0, "", r"^2\.01 Created$")
        got(coap(server.uri("/store/a")), 0, "kept", "")
        got(coap("delete", server.uri("/store/a")), 0, "", r"^2\.02 Deleted$")
        for method in ("POST", "PUT"):
            told = json.loads(got(coap("-X", method, server.uri("/echo?q"), "-d", "text"), 0).out)
            equal(told["method"], method, "the method")
            equal(told["payload"], "text", "the payload")
            equal(told["url"], "/echo?q", "path and query")


# --- the request

@test
def a_bare_uri_is_got_and_a_body_is_posted_or_put():
    equal(sent("URI").code, 1, "method")
    equal(sent("URI", "-d", "x").code, 2, "method")
    equal(sent("URI", "-T", os.devnull).code, 3, "method")
    equal(sent("-m", "fetch", "URI").code, 5, "method")
    equal(sent("-X", "9", "URI").code, 9, "method")


@test
def options_stand_in_the_message():
    m = sent("put", "URI", "-d", "[1]", "--content-format", "json", "--accept", "cbor",
             "--if-match", "0102", "--if-match", "", "--no-response", "8", "--token", "c0ffee",
             "--option", "65000=0x0001", "--option", "Hop-Limit=5")
    equal(m.token.hex(), "c0ffee", "token")
    equal(m.all("If-Match"), [b"\1\2", b""], "If-Match")
    equal(m.uint("Content-Format"), 50, "Content-Format")
    equal(m.uint("Accept"), 60, "Accept")
    equal(m.uint("No-Response"), 8, "No-Response")
    equal(m.all(65000), [b"\0\1"], "an option by number")
    equal(m.all("Hop-Limit"), [b"\5"], "an option by name")
    equal(m.payload, b"[1]", "payload")
    m = sent("put", "URI", "--if-none-match")
    equal(m.all("If-None-Match"), [b""], "If-None-Match")
    m = sent("URI", "--etag", "aa", "--etag", "bbcc", answer=reply("2.03"))
    equal(m.all("ETag"), [b"\xaa", b"\xbb\xcc"], "ETag")


@test
def confirmable_or_not():
    equal(sent("URI").type, CON, "type")
    equal(sent("URI", "--non").type, NON, "type")


@test
def blocks_by_hand_go_out_in_one_message():
    with Server(Body(b"x" * 100)) as server:
        got(coap(server.uri(), "--option", "Block2=0x20"), 0, "x" * 16)
        got(coap(server.uri(), "--option", "Block2=0x60"), 0, "x" * 4)
        equal(len(server.requests()), 2, "one message each")


@test
def a_proxy_gets_what_another_server_is_asked():
    with Server(reply(payload=b"hi")) as proxy:
        got(coap("--proxy", proxy.uri(), "coap://device.example/a?b", "coap://[2001:db8::1]/",
                 "http://example.org/c"), 0, "hihihi")
        a, b, c = proxy.requests()
        equal(a.all("Proxy-Scheme"), [b"coap"], "Proxy-Scheme")
        equal(a.all("Uri-Host"), [b"device.example"], "Uri-Host")
        equal(a.uint("Uri-Port"), 5683, "Uri-Port")
        equal(a.all("Uri-Path") + a.all("Uri-Query"), [b"a", b"b"], "path and query")
        equal(b.all("Uri-Host"), [b"[2001:db8::1]"], "Uri-Host of an address")
        equal(c.all("Proxy-Uri"), [b"http://example.org/c"], "Proxy-Uri")


@test
def bodies_come_from_anywhere():
    with tempfile.NamedTemporaryFile() as f:
        f.write(b"in a file")
        f.flush()
        for line, body in ((("-d", "text"), b"text"), (("-d", f"@{f.name}"), b"in a file"),
                           (("-T", f.name), b"in a file"), (("--payload", ""), b""),
                           (("-d", "{1: 'a'}", "--content-format", "60"), b"\xa1\x01\x41a")):
            equal(sent("put", "URI", *line).payload, body, f"payload of {line}")
    with Server(reply("2.04")) as server:
        got(coap("post", server.uri(), "-d", "@-", stdin=b"typed"), 0)
        got(coap("post", server.uri(), "-T", "-", stdin=b""), 0)
        equal([m.payload for m in server.requests()], [b"typed", b""], "payloads")


@test
def a_large_body_goes_in_blocks():
    upload, body = Upload(szx=5), os.urandom(200001)
    with Server(upload) as server:
        got(coap("put", server.uri(), "-T", "-", stdin=body), 0, "", r"^2\.04 Changed$")
    check(upload.bodies == [body], "the body is whole")
    check(upload.sizes[0] == 1024 and upload.sizes[-1] == 512, "in the sizes that the server likes")


# --- the answer

@test
def results_come_in_the_order_of_the_uris():
    held = []

    def answer(request):
        path = request.all("Uri-Path")[0]
        if path == b"1":
            held.append(request)
            return Message(ACK, EMPTY, request.mid)
        late = [m for r in held for m in separately(r, payload=b"one ", ack=False)]
        return [message(request, payload=path + b" ")] + (late if path == b"3" else [])

    with Server(answer) as server:
        got(coap(*(server.uri(f"/{i}") for i in (1, 2, 3))), 0, "one 2 3 ", "")


@test
def the_exit_status_is_the_worst():
    with Server(by_path({"/a": reply("2.05", b"a"), "/b": reply("5.00", b"broken")})) as server:
        r = coap(server.uri("/b"), server.uri("/a"), server.uri("/c"))
        got(r, 1, "a", r'/b: 5\.00 Internal Server Error: "broken"')
        check(re.search(r"/c: 4\.04 Not Found", r.err), r.err)
        equal(len(r.err.splitlines()), 2, "one line each")


@test
def remarks_say_what_no_payload_says():
    location = [("Location-Path", b"a"), ("Location-Path", b"b c"), ("Location-Query", b"x=1")]
    with Server(reply("2.01", b"made", location)) as server:
        got(coap("post", server.uri(), "-d", "x"), 0, "made",
            r"^2\.01 Created, Location: /a/b%20c\?x=1$")
        got(coap("post", server.uri(), "-d", "x", "-q"), 0, "made", "")


@test
def nothing_that_a_server_sends_is_a_command_to_the_terminal():
    with Server(reply("4.00", b"\x1b]0;evil\x07\xc2\x9b2J\n")) as server:
        r = got(coap(server.uri(), "-v"), 1, "", r"4\.00")
        check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", r.err), repr(r.err))


@test
def a_file_appears_when_it_is_whole():
    with tempfile.TemporaryDirectory() as d, Server(by_path(
            {"/a": reply("2.05", b"a"), "/big": Body(b"y" * 5000)})) as server:
        a, big, no = (os.path.join(d, name) for name in ("a", "big", "no"))
        got(coap(server.uri("/a"), server.uri("/big"), "-o", a, "-o", big,
                 preexec=lambda: os.umask(0o027)), 0, "", "")
        equal(open(a, "rb").read() + open(big, "rb").read(), b"a" + b"y" * 5000, "contents")
        equal(stat.S_IMODE(os.stat(a).st_mode), 0o640, "mode")
        got(coap(server.uri("/nothing"), "-o", no), 1, "", r"4\.04")
        got(coap(server.uri("/nothing"), "-o", a), 1, "", r"4\.04")
        equal(open(a, "rb").read(), b"a", "the old one")
        equal(sorted(os.listdir(d)), ["a", "big"], "no other files")


@test
def json_has_an_object_for_each():
    with Server(by_path({"/t": reply("2.05", b"text\n", [("Content-Format", 0), ("ETag", b"\1")]),
                         "/b": reply("2.05", b"\0\xff")})) as server:
        r = coap("--json", *(server.uri(p) for p in ("/t", "/b", "/none")), "coap://[::1]:1/")
        got(r, 1)
        t, b, none, dead = (json.loads(line) for line in r.out.splitlines())
        equal(t["code"] + t["name"] + t["type"], "2.05ContentACK", "code, name, type")
        equal(t["payload"], "text\n", "payload")
        equal(t["media_type"], "text/plain;charset=utf-8", "media type")
        equal(t["options"][0], {"number": 4, "name": "ETag", "value": "0x01"}, "an option")
        equal(t["retransmissions"], 0, "retransmissions")
        equal((b["payload_base64"], b["size"]), ("AP8=", 2), "a payload that is no text")
        equal(none["code"], "4.04", "an error response")
        check("nobody listens" in dead["error"], dead)


@test
def names_that_aiocoap_client_taught():
    with Server(Observed()) as server, tempfile.TemporaryDirectory() as d:
        up = os.path.join(d, "up")
        with open(up, "wb") as f:
            f.write(b"file")
        for line, out in (
                (["--non"], "0"), (["-m", "GET"], "0"), (["--method", "1"], "0"),
                (["--accept", "text/plain"], "0"), (["--accept", "0"], "0"),
                (["-m", "PUT", "--content-format", "0", "--payload", "x"], "0"),
                (["--payload", "@" + up], "0"), (["--payload-initial-szx", "2"], "0"),
                (["--proxy", server.uri("")], "0"), (["--no-set-hostname"], "0"), (["--color"], "0"),
                (["--no-color"], "0"), (["--pretty-print"], "0"), (["--no-pretty-print"], "0"),
                (["-v"], "0"), (["-q"], "0"), (["--observe", "--count", "1"], "0"),
                (["--observe", "--observe-exec", "cat; echo .", "--count", "1"], "0.\n")):
            got(coap(*line, server.uri("/a")), 0, out)
        for line, why in ((["--credentials", up], "no secure transports"),
                          (["--interactive"], "no interactive mode")):
            got(coap(*line, server.uri("/a")), 2, "", rf"^coap: {line[0]}: there (is|are) {why}")
        check(coap("--version").out.startswith(b"coap "), "--version")


class Observed:
    """One state for everybody."""

    def __call__(self, request):
        if request.uint("Observe") == 0:
            return message(request, "2.05", b"0", [("Observe", 1)])
        return message(request, "2.05", b"0")


# --- answers that are not wanted (RFC 7967)

def taken(request):
    return Message(ACK, EMPTY, request.mid) if request.type == CON else None


def all_at_once(*lines):
    """coap with each line, side by side, for each takes its time."""
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(Client(*line)) for line in lines]
        for c in running:
            c.end()
    return running


@test
def silence_is_right_where_no_answer_is_wanted_but_not_amid_a_body():
    with Server(taken) as server, Server(taken) as other:
        line = ("post", server.uri(), "--no-response", "26")
        body = ("put", other.uri(), "-d", "x" * 3000, "--no-response", "26")
        results = all_at_once(line, (*line, "--non"), (*line, "--timeout", "5"),
                              (*line, "--non", "--timeout", "0.5"),
                              (*line, "-d", "text", "--timeout", "5"),
                              body, (*body, "--timeout", "0.5"), (*body, "--non"))
        for r in results[:5]:
            got(r, 0, "", "no answer, and none was wanted")
        for r in results[5:]:
            got(r, 1, "", "no answer from")
        other.request(2)                # all that there are, perhaps only now
        equal(len(other.requests()), 3, "the first block of each")


@test
def silence_is_none_from_who_has_not_acknowledged():
    with Server(silent) as server:
        got(coap("post", server.uri(), "--no-response", "26", "--timeout", "0.5"), 1, "",
            "no answer from")


@test
def body_in_blocks_goes_on_though_no_answer_is_wanted():
    def answer(request):            # as a server that leaves out what it may
        return Message(ACK, EMPTY, request.mid) if request.uint("No-Response") else upload(request)
    upload = Upload()
    with Server(answer) as server:
        got(coap("put", server.uri(), "-d", "x" * 3000, "--no-response", "26"), 0, "",
            "no answer, and none was wanted")
        equal([m.uint("No-Response") for m in server.requests()], [None, None, 26], "options")
        equal(upload.sizes, [1024, 1024], "blocks before the last")


# --- messages (RFC 7252 section 4)

@test
def a_request_without_answer_is_sent_again_and_that_is_told():
    with Server(in_turn(silent, reply("2.05", b"hi")), repeat=False) as server:
        r = got(coap(server.uri(), "--json", "-v"), 0)
        first, second = server.received
        check(first.mid == second.mid and first.token == second.token, "the same message")
        at = r.traced()
        check(at[1] - at[0] >= 1.999, f"after ACK_TIMEOUT: {at}")
        check(re.search(r" -> \S+ CON GET .*\(again 1\)$", r.err, re.M), r.err)
        equal(json.loads(r.out)["retransmissions"], 1, "retransmissions")


def acks(server):
    return [m for m in server.received if m.type == ACK]


@test
def E13_a_separate_response_that_comes_twice_is_acknowledged_twice():
    twice = {}

    def answer(request):
        if request.all("Uri-Path") == [b"b"]:
            return twice["response"], message(request, payload=b"two")
        ack, twice["response"] = separately(request, payload=b"one")
        return ack, twice["response"]

    with Server(answer) as server:
        got(coap(server.uri("/a"), server.uri("/b")), 0, "onetwo")
        # coap may have ended before the server has read what it sent last.
        server.wait(lambda m: len(acks(server)) == 2, "two acknowledgements")
        equal([m.mid for m in acks(server)], [twice["response"].mid] * 2, "acknowledgements")


@test
def E16_a_response_counts_as_the_lost_acknowledgement():
    with Server(lambda r: separately(r, payload=b"hi", ack=False)) as server:
        got(coap(server.uri()), 0, "hi", "")
        equal(len([m for m in server.received if m.code != EMPTY]), 1, "nothing was sent again")


@test
def E15_an_answer_from_elsewhere_is_no_answer():
    def answer(request):
        return Via(message(request, payload=b"wrong"), sock=other), message(request, payload=b"hi")

    with Server(answer) as server:
        other = server.listen("::1")
        got(coap(server.uri()), 0, "hi", "")


@test
def E41_a_response_with_an_unknown_critical_option_is_rejected():
    with Server(lambda r: separately(r, payload=b"wrong", options=[(65001, b"")])) as server:
        got(coap(server.uri()), 1, "", "a critical option that is unknown")
        server.wait(lambda m: m.type == RST, "a Reset")
    with Server(lambda r: message(r, payload=b"wrong", options=[(65001, b"")])) as server:
        got(coap(server.uri(), "--timeout", "0.3"), 1, "", "no answer")
        check(all(m.type != RST for m in server.received), "an acknowledgement is not reset")


@test
def loss_on_purpose_is_told_and_overcome():
    with Server(reply("2.05", b"hi")) as server:
        r = got(coap(server.uri(), "-v", "--loss", "100", "--timeout", "0.3"), 1, "",
                r"CON GET .*\(lost on purpose\)")
        equal(server.received, [], "nothing came")
        check(re.search(r"no answer from .* within 0\.3 s", r.err), r.err)


@test
def bytes_are_shown_when_asked_twice():
    with Server(reply("2.05", b"hi")) as server:
        r = got(coap(server.uri("/abc"), "-vv", "--token", "0102"), 0, "hi")
        check(re.search(r"^ +0000  42 01 .. .. 01 02 b3 61  62 63 +\|B.*abc\|$", r.err, re.M), r.err)


run()
