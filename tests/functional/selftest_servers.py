"""The played servers play what they are told, and the foreign ones are there."""
import socket

from harness import *
from harness.foreign import libcoap, node
from harness.server import (Body, Server, Upload, Via, block_value, by_path, in_turn, message,
                            reply, reset, separately, silent)


def peer(s):
    return Peer(s.host, s.port)


@test
def answers_in_turn_and_by_path():
    answer = by_path({"/a": in_turn(reply(payload="1"), reply("4.00"), reply(payload="3")),
                      "/b": separately, "/c": reset, "/d": silent})
    with Server(answer) as s, peer(s) as p:
        equal([p.get("/a").payload for _ in range(4)], [b"1", b"", b"3", b"3"], "in turn")
        equal(p.get("/b").type, CON, "type of a separate response")
        p.send(p.request("GET", "/c"))
        equal(p.receive().type, RST, "type of a reset")
        p.send(p.request("GET", "/d"))
        p.silence()
        equal(p.get("/other").code, code("4.04"), "code")


@test
def duplicates_get_the_same_again():
    with Server(in_turn(reply(payload="1"), reply(payload="2"))) as s, peer(s) as p:
        request = p.request("GET", "/")
        first = p.ask("GET", "/", mid=request.mid, token=request.token)
        p.send(request)
        equal(p.receive().raw, first.raw, "answer to the duplicate")
        equal(p.get("/").payload, b"2", "answer to the next")
        equal((len(s.received), len(s.requests())), (3, 2), "what came")


@test
def any_bytes_from_any_socket():
    other = []
    with Server(lambda r: [b"\x40", Via(message(r), other[0])]) as s:
        other.append(s.listen("::1"))
        with Peer(s.host, s.port, any_source=True) as p:
            p.send(p.request("GET", "/"))
            equal(p.socket.recv(100), b"\x40", "the first datagram")
            data, source = p.socket.recvfrom(100)
            equal(source[1], other[0].getsockname()[1], "source port")


@test
def notifications():
    with Server(reply(options=[("Observe", 1)], payload="a")) as s, peer(s) as p:
        request = p.request("GET", "/", options=[("Observe", 0)])
        p.send(request)
        p.answer(request)
        sent = s.notify(s.request(), 2, "b", mtype=CON)
        m = p.expect(CON, "2.05", token=request.token, payload="b", options={"Observe": 2})
        p.acknowledge(m)
        equal(s.answered(sent).type, ACK, "what answers the notification")


@test
def bodies_in_blocks():
    body = bytes(range(256)) * 9
    with Server(Body(body, szx=4)) as s, peer(s) as p:
        m = p.get("/")
        equal((m.payload, m.uint("Block2"), m.uint("Size2")),
              (body[:256], block_value(0, True, 4), len(body)), "first block")
        m = p.get("/", options=[("Block2", block_value(8, False, 4))])
        equal((m.payload, m.uint("Block2")), (body[2048:], block_value(8, False, 4)), "last block")


@test
def uploads_in_blocks():
    upload = Upload(szx=2)
    with Server(upload) as s, peer(s) as p:
        m = p.ask("PUT", "/", payload=b"x" * 128, options=[("Block1", block_value(0, True, 3))])
        equal((m.code, m.uint("Block1")), (code("2.31"), block_value(0, True, 2)), "first answer")
        m = p.ask("PUT", "/", payload=b"y", options=[("Block1", block_value(2, False, 2))])
        equal((m.code, upload.bodies), (code("2.04"), [b"x" * 128 + b"y"]), "last answer, bodies")


@test
def mistakes_of_either_side_are_told():
    for datagram in ("60 01 12", "40 01 00 01"):
        try:
            with Server(lambda r: 1 / 0) as s, peer(s) as p:
                p.send(datagram)
                s.wait(lambda m: False, "anything")
        except Failure as why:
            check("ends" in str(why) or "ZeroDivision" in str(why), str(why))
            continue
        raise Failure("the server has not seen it")


@test
def foreign_servers_answer():
    with libcoap() as s, peer(s) as p:
        equal(p.get("/time").code, code("2.05"), "code of libcoap's")
    with node() as s, peer(s) as p:
        equal(p.get("/big").code, code("2.05"), "code of the node server's")


@test
def a_port_nobody_listens_at_refuses():
    with Server() as s:
        gone = s.port
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.connect(("::1", gone))
        sock.send(b"\x40\0\0\1")
        try:
            sock.settimeout(TIMEOUT)
            sock.recv(10)
        except ConnectionRefusedError:
            return
    raise Failure("nobody refuses")


run()
