"""Message format and message types (RFC 7252 sections 3 and 4), on the wire."""
from harness import *

SITE = "log: {level: info}\nresources: { /hello: {module: hello} }"
GET = "b5 68656c6c6f"               # Uri-Path: hello


def peer():
    return shared(SITE).peer()


def reset(data):
    """A malformed confirmable message is reset (section 4.2)."""
    with peer() as p:
        data = p.send(data)
        p.expect(RST, EMPTY, mid=data[2] << 8 | data[3], token=b"", payload=b"")
        p.silence()


def nothing(*datagrams):
    """Nothing is answered to any of them."""
    with peer() as p:
        for data in datagrams:
            p.send(data)
            p.silence()


@test
def E1_other_versions_are_ignored():
    nothing(f"00 01 11 01 {GET}", f"80 01 11 02 {GET}", f"c0 01 11 03 {GET}",
            "80 00 11 04")


@test
def E1_less_than_a_header_is_ignored():
    nothing("", "40", "40 01", "40 01 12")


@test
def E2_token_length_15_is_a_format_error():
    reset(f"4f 01 22 01 {'aa' * 15} {GET}")
    reset(f"4f 01 22 02 00 00 {'aa' * 15} {GET}")
    nothing(f"5f 01 22 03 {'aa' * 15} {GET}")


@test
def E2_extended_tokens_come_back():
    with peer() as p:
        for n in (1, 8, 9, 12, 13, 268, 269, 300):
            token = bytes(i & 0xff for i in range(n))
            p.get("/hello", token=token)


@test
def E2_extended_length_cut_short():
    reset("4d 01 23 01")
    reset("4e 01 23 02 00")
    reset("4d 01 23 03 ff aabb")


@test
def E2_token_beyond_the_limit():
    with Daemon(SITE + "\nlimits: { token-length: 16 }") as d, d.peer() as p:
        p.get("/hello", token=bytes(16))
        p.send(p.request("GET", "/hello", token=bytes(17), mid=0x2401))
        p.expect(RST, EMPTY, mid=0x2401)


@test
def E3_payload_marker_followed_by_nothing():
    reset(f"40 01 33 01 {GET} ff")
    reset("40 01 33 02 ff")


@test
def E4_empty_message_with_token_or_trailing_bytes():
    reset("41 00 44 01 aa")
    reset("40 00 44 02 aa")
    reset("40 00 44 03 ff 41")
    nothing("60 00 44 04 aa", "70 00 44 05 aa", "61 00 44 06 aa", "50 00 44 07 aa")


@test
def E5_malformed_CON_is_reset():
    reset("40 01 55 01 ff")
    reset("44 01 55 02 aa bb")


@test
def E5_malformed_NON_ACK_and_RST_are_silent():
    nothing("50 01 55 03 ff", "60 45 55 04 ff", "70 00 55 05 ff",
            "54 01 55 06 aa", "64 45 55 07 aa", "74 00 55 08 aa")


@test
def E5_malformed_messages_are_not_logged():
    d = shared(SITE)
    before = d.mark()
    with d.peer() as p:
        for data in ("40 01 55 11 ff", "50 01 55 12 ff", "49 01 55 13", "ff"):
            p.send(data)
        p.expect(RST, EMPTY, mid=0x5511)
        p.expect(RST, EMPTY, mid=0x5513)
        p.silence()
    equal([r.line for r in d.records(since=before)], [], "the log")


@test
def E6_ping_is_reset():
    reset("40 00 66 01")
    with peer() as p:
        p.ping()


@test
def E6_empty_NON_is_no_ping():
    nothing("50 00 66 02")


@test
def E7_reserved_classes():
    for mcode in (0x20, 0x3f, 0xc0, 0xc5, 0xe1, 0xff):      # 1.00 .. 7.31
        reset(f"40 {mcode:02x} 77 {mcode:02x}")
        nothing(f"50 {mcode:02x} 77 {mcode:02x}", f"60 {mcode:02x} 77 {mcode:02x}",
                f"70 {mcode:02x} 77 {mcode:02x}")


@test
def E8_request_in_an_acknowledgement_or_reset_is_ignored():
    nothing(f"60 01 88 01 {GET}", f"70 01 88 02 {GET}", f"60 02 88 03 {GET}")


@test
def E14_unmatched_confirmable_response_is_reset():
    reset("44 45 ee 01 01020304 ff 41")


@test
def E14_unmatched_response_in_an_acknowledgement_is_ignored():
    nothing("64 45 ee 02 01020304 ff 41")


@test
def E15_acknowledgements_and_resets_of_nothing_are_ignored():
    nothing("60 00 ef 01", "70 00 ef 02")


@test
def E17_empty_token_is_a_token():
    with peer() as p:
        p.send(p.request("GET", "/hello", token=b"", mid=0x1701))
        p.expect(ACK, "2.05", mid=0x1701, token=b"")
        p.send(p.request("GET", "/hello", token=b"", mid=0x1702, mtype=NON))
        p.expect(NON, "2.05", token=b"")


@test
def datagram_longer_than_any_message_of_ours_is_too_large():
    d = shared(SITE)
    before = d.counters()["rx-truncated"]
    with d.peer() as p:
        p.send("40 01 98 01" + GET + "ff" + "41" * 3000)
        p.expect(ACK, "4.13", mid=0x9801)
    nothing("ff" * 3000)
    equal(d.counters()["rx-truncated"] - before, 2, "rx-truncated")


@test
def counters_tell():
    d = shared(SITE)
    before = d.counters()
    with d.peer() as p:
        p.send("40 01 99 01 ff")
        p.expect(RST, EMPTY)
        p.send("00 01 99 02")
        p.ping()
        p.get("/hello")
    after = d.counters()
    for name, n in {"rx": 4, "rx-malformed": 1, "rx-ignored": 1, "pings": 1,
                    "requests": 1, "resets-sent": 2, "tx": 3}.items():
        equal(after[name] - before[name], n, name)


run()
