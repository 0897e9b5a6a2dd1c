"""Bodies in blocks, by the numbers of the edge cases, as clients of others bring them about:
libcoap's (coap-client-notls) and the npm package coap.  What is judged is what goes over the
wire; their processes come through a Way, and so as one endpoint.

What they cannot do is left to tests/functional: libcoap's client takes Block1 for its own
matter where it is given by hand, and sends no block of a wrong size, none out of order and no
last one twice (E44, parts of E46, E50, E51); npm's compares no ETags (E52), and does not ask
for blocks after one that was asked for by hand (E43).  E56 is Q-Block, which neither has."""
import os
import subprocess

from harness import *
from harness.askers import ASKERS, there
from harness.process import end_group
from harness.way import DOWN, UP, Way

SITE = """
workers: 2
resources:
  /: {module: plugtest, directory: @DIR@/state}
  /sum: {module: sum}
limits: { endpoints: 1000, dedup: 2000, exchanges: 500, waiting: 500, messages: 500,
          body-size: 8MiB, body-memory: 1MiB }
"""
SMALL = SITE.replace("8MiB", "64KiB") + "transmission: { block-size: 64 }\n"
LONG = bytes(b"0123456789abcdef" * 190) + b"end"
known = {}
BLOCK2, BLOCK1, SIZE1, REQUEST_TAG = 23, 27, 60, 292


def site(text):
    """A daemon for all tests with this site, and a directory for its state."""
    if text not in known:
        d = known[text] = Daemon(text)
        os.mkdir(os.path.join(d.directory, "state"))
        os.chmod(os.path.join(d.directory, "state"), 0o777)
        d.start()
    return known[text]


def by(*names, text=SITE):
    """Makes a test of a function (ask, way, daemon) for each of these clients."""
    def decorate(function):
        for asker in ASKERS:
            def point(asker=asker):
                there(asker.name)
                d = site(text)
                with Way(d) as way:
                    function(asker.at(way.uri()), way, d)
            point.__name__ = f"{function.__name__}_by_{asker.name}"
            if asker.name in names:
                test(point)
        return function
    return decorate


def block(number, more=False, szx=6):
    return uint(number << 4 | more << 3 | szx)


def answers(way, since=0):
    return way.all(DOWN, since=since)


def is_code(answer, wanted):
    equal(answer.code, wanted, f"code of {answer}")
    return answer


def last(way, wanted):
    m = answers(way)[-1]
    equal(m.code, code(wanted), f"code of {m}")
    return m


@by("libcoap", "npm")
def E42_the_reserved_size(ask, way, _):
    for method, path, number, payload in (("GET", "/large", BLOCK2, None),
                                          ("PUT", "/large-update", BLOCK1, "x" * 16)):
        ask(method, path, payload, options=[(number, block(0, szx=7))])
        last(way, "4.00")


@by("libcoap", "npm")
def E43_more_in_a_question_means_nothing(ask, way, _):
    ask("GET", "/large", options=[(BLOCK2, block(0, True))])
    equal((answers(way)[0].uint("Block2"), len(answers(way)[0].payload)), (0x0e, 1024),
          "the first block")


@by("npm")
def E44_a_block_that_is_not_full(ask, way, _):
    ask("PUT", "/large-update", "x" * 100, options=[(BLOCK1, block(0, True))])
    last(way, "4.00")


@by("libcoap", "npm")
def E45_beyond_the_end(ask, way, _):
    for number in (2, 5, (1 << 20) - 1):
        ask("GET", "/large", options=[(BLOCK2, block(number))])
        last(way, "4.00")
    is_code(ask("GET", "/large"), "2.05")


@by("libcoap", "npm")
def E46_what_comes_without_its_beginning(ask, way, _):
    ask("PUT", "/large-update", "x", options=[(BLOCK1, block(1))])
    last(way, "4.08")


@by("npm")
def E46_a_block_is_missing(ask, way, _):
    ask("PUT", "/large-update", b"x" * 1024, options=[(BLOCK1, block(0, True))])
    last(way, "2.31")
    ask("PUT", "/large-update", b"x" * 1024, options=[(BLOCK1, block(2, True))])
    last(way, "4.08")


@by("libcoap", text=SMALL)
def E47_too_large_is_said_at_the_first_block(ask, way, d):
    refused = d.counters()["too-large"]
    is_code(ask("PUT", "/sum", b"x" * 65537), "4.13")
    equal(last(way, "4.13").uint("Size1"), 65536, "Size1")
    equal(len(way.all(UP)), 1, "messages it took")
    equal(d.counters()["too-large"], refused + 1, "too-large")


@by("npm", text=SMALL)
def E47_E55_who_claims_too_much_is_told_at_once(ask, way, _):
    ask("PUT", "/sum", b"x" * 1024, options=[(BLOCK1, block(0, True)), (SIZE1, uint(65537))])
    equal(last(way, "4.13").uint("Size1"), 65536, "Size1")


@by("libcoap", "npm", text=SMALL)
def E48_the_server_wants_smaller_blocks(ask, way, _):
    is_code(ask("PUT", "/large-update", LONG, format=42), "2.04")
    blocks = [m.uint("Block1") for m in way.all(UP, lambda m: m.payload)]
    sizes = [16 << (b & 7) for b in blocks]
    equal((sizes[0], set(sizes[1:])), (1024, {64}), "sizes of blocks")
    equal([(b >> 4) * 64 for b in blocks[1:]], list(range(1024, len(LONG), 64)), "offsets")
    check(ask("GET", "/large-update").payload == LONG, "the same bytes")


@by("libcoap", "npm")
def E49_the_last_block_gets_the_answer(ask, way, _):
    is_code(ask("PUT", "/sum", LONG), "2.04")
    equal([m.code for m in answers(way) if m.code != code("4.01")],     # Echo (RFC 9175)
          [code("2.31"), code("2.31"), code("2.04")], "codes")


@by("npm")
def E50_the_last_block_comes_again(ask, way, _):
    ask("POST", "/large-create", b"x" * 1024, options=[(BLOCK1, block(0, True))])
    last(way, "2.31")
    for _ in range(3):                          # with a message ID of its own each time
        ask("POST", "/large-create", b"end", options=[(BLOCK1, block(1))])
        last(way, "2.01")
    equal(ask("GET", "/large-create").payload.count(b"<"), 1, "resources created")


@by("libcoap", "npm")
def E50_the_answer_to_the_last_block_is_lost(ask, way, _):
    losing = [True]

    def lose(direction, m):
        return direction == DOWN and m.code == code("2.04") and losing and losing.pop()
    way.lose = lose
    is_code(ask("PUT", "/sum", LONG), "2.04")
    equal(way.lost[0][1].raw, answers(way)[-1].raw, "the answer to it again")


@by("npm")
def E51_two_bodies_at_a_time(ask, way, _):
    def part(tag, number, more, payload):
        return ask("PUT", "/sum", payload, options=[
            (BLOCK1, block(number, more)), (REQUEST_TAG, tag)])
    part(b"a", 0, True, b"a" * 1024)
    part(b"b", 0, True, b"b" * 1024)
    sums = [part(tag, 1, False, tag).payload for tag in (b"a", b"b")]
    equal(sums, [ask("PUT", "/sum", text * 1025).payload for text in (b"a", b"b")], "bodies")


@by("libcoap")
def E51_its_request_tags_tell_them_apart(ask, way, _):
    for text in (b"a", b"b"):
        is_code(ask("PUT", "/sum", text * 3000), "2.04")
    tags = [tag for m in way.all(UP) for tag in m.all(REQUEST_TAG)]
    equal(len(set(tags)), 2, "Request-Tags")


def until_answered(way, n, since):
    """libcoap's client asks until so many answers have come."""
    p = subprocess.Popen(["coap-client-notls", "-B", "60", way.uri("/large-update")],
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        way.wait(DOWN, lambda m: len(answers(way, since)) >= n, f"{n} answers")
    finally:
        end_group(p)


@by("libcoap", "npm")
def E52_the_state_changes_on_the_way(ask, way, d):
    is_code(ask("PUT", "/large-update", LONG, format=42), "2.04")
    mark, changed = way.mark(), []

    def change(direction, m):
        """Before the question for its second block is passed on, once."""
        if direction == UP and not changed and (m.uint("Block2") or 0) >> 4 == 1:
            with d.peer() as p:
                changed.append(p.ask("PUT", "/large-update", payload=b"x" * 1000).code)
                changed.append(p.ask("PUT", "/large-update", payload=b"y" * 1024,
                                     options=[("Block1", block(0, True))]).code)
                changed.append(p.ask("PUT", "/large-update", payload=b"y" * 1024,
                                     options=[("Block1", block(1))]).code)
    way.meets = change
    if ask.client == "libcoap":                 # which has all of it then, and waits on
        until_answered(way, 4, mark)
    else:
        ask("GET", "/large-update")
    equal(changed, [code("2.04"), code("2.31"), code("2.04")], "PUTs on the way")
    seen = answers(way, mark)
    check(seen[0].all("ETag") != seen[1].all("ETag"), f"ETags of {seen[0]} and {seen[1]}")
    if ask.client == "libcoap":                 # which compares them, and begins anew
        equal([m.uint("Block2") for m in seen[1:]], [0x16, 0x0e, 0x16], "blocks")
        equal(len({m.all("ETag")[0] for m in seen[1:]}), 1, "ETags of the new state")


@by("libcoap", "npm")
def E53_the_rest_of_what_is_gone(ask, way, _):
    ask("POST", "/large-post", options=[(BLOCK2, block(1))])
    last(way, "4.08")


@by("libcoap", "npm")
def E54_both_ways_in_one_exchange(ask, way, _):
    a = ask("POST", "/large-post", LONG, format=42)
    check(a.payload == LONG, "the same bytes")
    turn = [m for m in answers(way) if m.all("Block1") and m.all("Block2")]
    equal(len(turn), 1, "answers that end the one and begin the other")


@by("npm")
def E55_what_is_claimed_is_not_laid_aside(ask, way, d):
    for tag in b"abc":                          # each as much as all may have eight times
        is_code(ask("PUT", "/sum", b"x" * 1024, options=[
            (BLOCK1, block(0, True)), (SIZE1, uint(8 << 20)),
            (REQUEST_TAG, bytes([tag]))]), "2.31")
    equal(d.counters()["full-bodies"], 0, "full-bodies")


@test
def daemons_of_all_tests_stop():
    for d in known.values():
        d.stop()


run()
