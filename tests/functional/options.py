"""Options (RFC 7252 section 5.4) as a requester sees them treated."""
from harness import *

SITE = """
resources:
  /hello: {module: hello}
  /: {module: hello}
"""
HELLO = ("Uri-Path", "hello")


def peer():
    return shared(SITE).peer()


def request(options, mcode="GET", mtype=CON, **more):
    """Answers to a request with exactly these options."""
    with peer() as p:
        return p.ask(mcode, "/", options=options, mtype=mtype, **more)


def answered(mcode, *options, **more):
    """The code of the answer to /hello with these options, in CON and in NON."""
    for mtype in (CON, NON):
        m = request([HELLO, *options], mtype=mtype, **more)
        equal(m.code, code(mcode), f"the code of {m}")
    return m


def malformed(data):
    """Reset as CON; ignored as NON."""
    with peer() as p:
        p.send("40" + data)
        p.expect(RST, EMPTY, mid=int(data[4:9].replace(" ", ""), 16))
        p.send("50" + data)
        p.silence()


@test
def E24_nibble_15_outside_the_marker():
    malformed(" 01 24 01 f0")
    malformed(" 01 24 02 bf 68656c6c6f")
    malformed(" 01 24 03 b5 68656c6c6f f1 00")


@test
def E25_option_past_the_end():
    malformed(" 01 25 01 b5 68656c6c")
    malformed(" 01 25 02 bd")
    malformed(" 01 25 03 be 00")
    malformed(" 01 25 04 d0")
    malformed(" 01 25 05 e0 00")
    malformed(" 01 25 06 be ff ff 68656c6c6f")


@test
def E25_option_number_over_65535():
    malformed(" 01 25 11 e0 ff ff")                     # 65804
    malformed(" 01 25 12 e0 fe f2 10")                  # 65535, then 65536
    with peer() as p:                                   # 65535 itself is critical
        p.send("40 01 25 13 e0 fe f2")
        p.expect(ACK, "4.02", mid=0x2513)


@test
def E26_unknown_critical_option():
    answered("4.02", (9999, b"x"))
    answered("4.02", (2055, b""))
    answered("4.02", (65001, b""))


@test
def E26_unknown_elective_option_is_ignored():
    answered("2.05", (9998, b"x"))
    answered("2.05", (65000, b"x" * 300))


@test
def E27_repeated_critical_option():
    answered("4.02", ("Accept", 0), ("Accept", 0))
    answered("4.02", ("Uri-Port", 5683), ("Uri-Port", 5683))


@test
def E27_repeated_elective_option_keeps_the_first():
    with peer() as p:                   # suppress 2.xx, then want everything
        p.send(p.request("GET", "/hello", mtype=NON,
                         options=[("No-Response", 2), ("No-Response", 0)]))
        p.silence()
    answered("2.05", ("No-Response", 0), ("No-Response", 2))


@test
def E28_wrong_length_of_a_critical_option():
    answered("4.02", ("Accept", b"\1\2\3"))
    answered("4.02", ("Uri-Port", b"\1\2\3"))
    answered("4.02", ("Uri-Host", b""))
    answered("4.02", ("If-None-Match", b"x"))
    answered("4.02", ("Uri-Query", "x" * 256))


@test
def E28_wrong_length_of_an_elective_option():
    answered("2.05", ("No-Response", b"\2\2"))
    answered("2.05", ("ETag", b"123456789"))
    answered("2.05", ("Size1", b"12345"))


@test
def E29_leading_zeros_are_accepted():
    answered("2.05", ("Accept", b"\0\0"))
    answered("2.05", ("No-Response", b"\0"))


@test
def E29_leading_zeros_are_never_sent():
    m = answered("2.05")                # decoding refuses them
    equal(m.all("Content-Format"), [b""], "Content-Format 0")


@test
def E30_reserved_numbers():
    for number in (128, 132, 136, 140):
        answered("2.05", (number, b"x"))


@test
def E31_slash_inside_a_segment_divides_nothing():
    m = request([("Uri-Path", "a/hello")])
    check(m.code >> 5 == 4, f"{m}")
    m = request([("Uri-Path", "/hello")])
    check(m.code >> 5 == 4, f"{m}")


@test
def E31_dot_segments():
    for segment in (".", ".."):
        m = request([("Uri-Path", "hello"), ("Uri-Path", segment)])
        equal(m.code, code("4.00"), f"answer to the segment {segment}")


@test
def E31_invalid_UTF8():
    for bad in (b"hell\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"):
        m = request([("Uri-Path", bad)])
        check(m.code >> 5 == 4, f"{m}")


@test
def E32_trailing_slash_is_another_path():
    with peer() as p:
        p.send(p.request("GET", "/hello/"))
        p.expect(ACK, "4.04")
        p.send(p.request("GET", "/hello"))
        p.expect(ACK, "2.05")


@test
def E32_no_path_is_the_root():
    with peer() as p:
        p.send("40 01 32 01")
        p.expect(ACK, "2.05", mid=0x3201)


@test
def E33_host_and_port_default_to_the_destination():
    host, port = shared(SITE).address()
    answered("2.05")
    answered("2.05", ("Uri-Host", f"[{host}]"), ("Uri-Port", port))
    answered("2.05", ("Uri-Host", f"[{host}]"))
    answered("2.05", ("Uri-Port", port))


@test
def E34_Accept():
    answered("4.06", ("Accept", 65000))
    answered("4.06", ("Accept", 50))
    m = answered("2.05", ("Accept", 0))
    equal(m.uint("Content-Format"), 0, "Content-Format")
    answered("2.05")


@test
def E39_unknown_path():
    with peer() as p:
        for uri in ("/nowhere", "/hell", "/hello/there", "/hello2", "/.well-known"):
            p.send(p.request("GET", uri))
            p.expect(ACK, "4.04")


@test
def E39_unknown_method():
    with peer() as p:
        for method in ("POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH", "0.08", "0.31"):
            p.send(p.request(method, "/hello"))
            p.expect(ACK, "4.05")
            p.send(p.request(method, "/hello", mtype=NON))
            p.expect(NON, "4.05")


@test
def E36_If_Match_is_critical_and_not_supported_here():
    answered("4.02", ("If-Match", b""))


@test
def E69_observing_what_cannot_be_observed_is_a_plain_GET():
    m = answered("2.05", ("Observe", 0))
    equal(m.all("Observe"), [], "Observe")


@test
def E101_no_proxy():
    answered("5.05", ("Proxy-Uri", "coap://example.org/"))
    answered("5.05", ("Proxy-Scheme", "coap"))


@test
def E40_suppressed_class():
    with peer() as p:
        p.send(p.request("GET", "/hello", mtype=NON, options=[("No-Response", 2)]))
        p.silence()
        p.send(p.request("GET", "/nowhere", mtype=NON, options=[("No-Response", 8)]))
        p.silence()
        p.send(p.request("GET", "/nowhere", mtype=NON, options=[("No-Response", 26)]))
        p.silence()


@test
def E40_other_classes_are_answered():
    with peer() as p:
        p.send(p.request("GET", "/nowhere", mtype=NON, options=[("No-Response", 2)]))
        p.expect(NON, "4.04")
        p.send(p.request("GET", "/hello", mtype=NON, options=[("No-Response", 24)]))
        p.expect(NON, "2.05")
        p.send(p.request("GET", "/hello", mtype=NON, options=[("No-Response", b"")]))
        p.expect(NON, "2.05")


@test
def E40_suppressed_CON_is_still_acknowledged():
    with peer() as p:
        p.send(p.request("GET", "/hello", mid=0x4001, options=[("No-Response", 2)]))
        p.expect(ACK, EMPTY, mid=0x4001)
        p.silence()


run()
