"""The client's end of exchanges: which answers count, which errors, what is sent again."""
import json

from harness import *
from harness.client import coap, got
from harness.coap import ACK, CON, EMPTY, NON, RST, Message
from harness.foreign import libcoap, node
from harness.server import (Body, Server, Upload, Via, block, in_turn, message, reply, separately,
                            silent)


def raw(server, request, *answers):
    """These, and then the right answer."""
    return [*answers, message(request, payload=b"right")]


@test
def E14_a_response_to_nothing_is_reset_if_it_is_confirmable():
    def answer(request):
        return raw(server, request,
                   Message(CON, "2.05", 1, b"nobody's", payload=b"wrong"),
                   Message(ACK, "2.05", 2, b"nobody's", payload=b"wrong"),
                   Message(ACK, "2.05", request.mid, b"nobody's", payload=b"wrong"),
                   Message(CON, EMPTY, 3))

    with Server(answer) as server:
        got(coap("get", server.uri(), server.uri()), 0, "rightright", "")
        server.wait(lambda m: m.type == RST and m.mid == 3, "the Reset of a ping")
        resets = {m.mid for m in server.received if m.type == RST}
        equal(resets, {1, 3}, "what was reset")


@test
def E15_acknowledgements_and_resets_of_others_mean_nothing():
    def answer(request):
        return raw(server, request,
                   Message(RST, EMPTY, request.mid ^ 0x8000), Message(ACK, EMPTY, request.mid ^ 1),
                   Via(Message(RST, EMPTY, request.mid), sock=other),
                   Via(Message(ACK, EMPTY, request.mid), sock=other))

    with Server(answer) as server:
        other = server.listen("::1")
        got(coap("get", server.uri()), 0, "right", "")


@test
def E20_E23_what_is_sent_again_is_the_same_after_ever_longer_times():
    with Server(in_turn(silent, silent, reply(payload="third")), repeat=False) as server:
        r = got(coap("put", server.uri("/a?b"), "-d", "text", "--json", "-v"), 0)
        equal(json.loads(r.out)["retransmissions"], 2, "retransmissions")
        first, second, third = server.received
        equal([m.raw for m in (second, third)], [first.raw] * 2, "their bytes")
        at = r.traced()
        gaps = at[1] - at[0], at[2] - at[1]     # to a millisecond, each
        check(gaps[0] >= 1.999 and gaps[1] >= 3.999, f"gaps of {gaps} seconds")


@test
def E21_a_port_that_refuses_harms_no_other():
    with Server(lambda r: separately(r, payload=b"here")) as server:
        r = coap("get", "coap://[::1]:1/", server.uri("/1"), "coap://[::1]:1/", server.uri("/2"))
        got(r, 1, "herehere", r"^coap: \S+: nobody listens at \[::1\]:1 \(ICMP")
        equal(len(r.err.splitlines()), 2, "lines of errors")


@test
def E22_message_IDs_and_tokens_differ():
    with Server(reply()) as server:
        got(coap("get", *(server.uri(f"/{i}") for i in range(300))), 0, "", "")
        equal(len({m.mid for m in server.requests()}), 300, "message IDs")
        equal(len({m.token for m in server.requests()}), 300, "tokens")


@test
def E19_one_request_at_a_time_to_a_server():
    with Server(silent) as server:
        def answer(request):
            check(len(server.requests()) == len(asked) + 1, "one at a time")
            asked.append(request)
            return message(request, payload=b"x")
        asked, server.answer = [], answer
        got(coap("get", *(server.uri(f"/{i}") for i in range(20))), 0, "x" * 20, "")


# --- methods

METHODS = ("get", "post", "put", "delete", "fetch", "patch", "ipatch")
WITH_BODY = ("post", "put", "fetch", "patch", "ipatch")


@test
def every_method_reaches_a_node_server():
    with node() as server:
        for method in METHODS:
            body = ("-d", "text", "--content-format", "text") if method in WITH_BODY else ()
            told = json.loads(got(coap(method, server.uri("/echo?q"), *body), 0, None, "").out)
            equal((told["method"].lower(), told["payload"]), (method, "text" if body else ""),
                  "method and payload that came")


@test
def methods_that_a_resource_has_not():
    with Daemon("resources: { /hello: {module: hello} }") as d, libcoap() as other:
        host, port = d.address()
        for uri in (f"coap://[{host}]:{port}/hello", other.uri("/")):
            for method in METHODS[1:]:
                body = ("-d", "text") if method in WITH_BODY else ()
                got(coap(method, uri, *body), 1, "", r"4\.05 Method Not Allowed")


# --- bodies of requests (RFC 7959)

def uploaded(upload, body, *line):
    with Server(upload) as server:
        r = coap("put", server.uri("/a"), "-T", "-", *line, stdin=body)
        return r, server.requests()


@test
def sizes_of_blocks_that_a_server_wants():
    body = bytes(range(256)) * 20
    for upload in (Upload(szx=2), Upload(szx=2, refuse=True), Upload(szx=0)):
        r, requests = uploaded(upload, body)
        got(r, 0, "", r"^2\.04 Changed$")
        check(upload.bodies == [body], "the body is whole")
        check(upload.sizes[0] == 1024 and set(upload.sizes[1:]) == {16 << upload.szx},
              f"sizes {upload.sizes}")
        if upload.refuse:
            equal(block(requests[1].uint("Block1"))[0], 0, "it begins anew")


@test
def a_size_that_the_user_wants():
    upload, body = Upload(), b"x" * 100
    r, _ = uploaded(upload, body, "--block-size", "32")
    got(r, 0, "")
    equal((upload.sizes, upload.bodies), ([32] * 4, [body]), "sizes and body")


@test
def a_body_that_a_server_does_not_want():
    def too_large(request):
        return message(request, "4.13", b"no", [("Size1", 100)])

    r, requests = uploaded(too_large, b"x" * 5000)
    got(r, 1, "", r'4\.13 Request Entity Too Large: "no"')
    equal(len(requests), 1, "requests")
    r, requests = uploaded(in_turn(Upload(), reply("4.08")), b"x" * 5000)
    got(r, 1, "", r"4\.08 Request Entity Incomplete")


@test
def an_answer_in_blocks_to_a_body_in_blocks():
    upload, back = Upload(), Body(bytes(range(256)) * 9, mcode="2.04")

    def answer(request):
        value = request.uint("Block1")
        if value is None:
            return back(request)
        m = upload(request)
        if not block(value)[1]:
            last = back(request)
            m = message(request, last.code, last.payload, last.options + [("Block1", value)])
        return m

    with Server(answer) as server:
        got(coap("post", server.uri("/a"), "-d", "@-", stdin=b"y" * 2500), 0, back.data, r"2\.04")
    check(upload.bodies == [b"y" * 2500], "the request's body is whole")


@test
def a_node_server_gets_a_large_body():
    body = bytes(range(97, 123)) * 200
    with node() as server:
        got(coap("put", server.uri("/store/big"), "-T", "-", stdin=body), 0, "", r"2\.01 Created")
        got(coap("get", server.uri("/store/big")), 0, body, "")
        got(coap("get", server.uri("/store/big"), "--block-size", "64"), 0, body, "")


@test
def E55_a_size_that_is_claimed_costs_nothing():
    class Boasting(Body):
        def part(self, num, szx):
            return (*super().part(num, szx)[:5], (1 << 32) - 1)

    with Server(Boasting(b"z" * 3000)) as server:
        got(coap("get", server.uri()), 0, "z" * 3000, "")


run()
