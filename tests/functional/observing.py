"""coap observe: states in their order, how an observation begins, stays and ends."""
import json
import os
import re
import signal
import tempfile

from harness import *
from harness.client import CLIENT, Client, coap, got
from harness.coap import ACK, CON, EMPTY, NON, RST, Message
from harness.foreign import libcoap, node
from harness.pty import CTRL_C, Terminal
from harness.server import (Body, Server, block, block_value, in_turn, is_request, message, reply,
                            reset, separately, silent)


def observes(m):
    """0 of a registration, 1 of the end, None of any other request."""
    return m.uint("Observe")


class Observed:
    """Answers registrations with a first state, and whoever leaves without Observe."""

    def __init__(self, payload=b"0", value=1, options=(), left=reply(payload=b"left")):
        self.payload, self.value, self.options = payload, value, list(options)
        self.left = left

    def __call__(self, request):
        if observes(request) == 1:
            return self.left(request)
        if observes(request) is None:
            return message(request, "5.00")
        return message(request, "2.05", self.payload,
                       self.options + [("Observe", self.value)])


def watching(server, *line):
    """coap that has registered."""
    c = Client("observe", server.uri("/a"), *line)
    server.request()
    return c


def left(server):
    """The request that tells the server, with the token of the registration."""
    m = server.wait(lambda m: is_request(m) and observes(m) == 1, "the end of the observation")
    equal(m.token, server.request().token, "token")
    equal(m.all("Uri-Path"), server.request().all("Uri-Path"), "path")
    return m


# --- servers of all kinds

def numbers(out):
    """URI -> the Observe values of its states."""
    found = {}
    for line in out.splitlines():
        state = json.loads(line)
        found.setdefault(state["uri"], []).extend(
            o["value"] for o in state["options"] if o["name"] == "Observe")
    return found


@test
def time_of_libcoap_goes_on():
    with libcoap() as server:
        r = got(coap("observe", server.uri("/time"), "--count", "3", "--json"), 0, None, "")
        values = numbers(r.out)[server.uri("/time")]
        check(len(values) == 3 and values == sorted(set(values)), f"in their order: {values}")


@test
def what_libcoap_does_not_let_observe():
    with libcoap() as server:
        got(coap("observe", server.uri("/")), 1, None, "does not let it be observed")
        got(coap("observe", server.uri("/nothing")), 1, "", r"4\.04 Not Found")


@test
def counter_of_node_counts():
    with node() as server:
        got(coap("observe", server.uri("/count"), "--count", "4"), 0, "0123", "")


@test
def thousand_observations_in_one_process():
    with libcoap() as server:
        with Client("observe", server.uri("/time?[1-1000]"), "--count", "3", "--json") as c:
            equal(c.end(4 * TIMEOUT), 0, "exit status")
        states = numbers(c.out)
        equal(len(states), 1000, "observations")
        check(all(len(set(values)) == 3 for values in states.values()), "each has seen three states")


# --- the order of states (RFC 7641 section 3.4)

@test
def states_that_come_late_are_not_shown():
    with Server(Observed(value=5)) as server, watching(server, "--count", "4") as c:
        request = server.request()
        c.wait_out("0$")
        for value, state in ((7, "a"), (6, "late"), (7, "twice"), (8, "b"), (3, "later"), (9, "c")):
            server.notify(request, value, state)
        equal(c.end(), 0, "exit status")
        got(c, 0, "0abc", "")


@test
def E64_the_sequence_number_wraps():
    with Server(Observed(value=0xfffffe)) as server, watching(server, "--count", "4") as c:
        request = server.request()
        c.wait_out("0$")
        for value, state in ((0xffffff, "a"), (0, "b"), (0xffffff, "late"), (1, "c")):
            server.notify(request, value, state)
        c.end()
        got(c, 0, "0abc", "")


@test
def only_confirmable_notifications_are_acknowledged():
    with Server(Observed()) as server, watching(server, "--count", "3") as c:
        request = server.request()
        c.wait_out("0$")
        non = server.notify(request, 2, "a")
        con = server.notify(request, 3, "b", mtype=CON)
        equal(server.answered(con).type, ACK, "the answer")
        equal(c.end(), 0, "exit status")
        check(all(m.mid != non.mid for m in server.received if m.type in (ACK, RST)), "not to NON")


@test
def E13_a_notification_that_comes_twice_is_acknowledged_twice():
    with Server(Observed()) as server, watching(server) as c:
        request = server.request()
        c.wait_out("0$")
        con = server.notify(request, 2, "a", mtype=CON)
        server.send(con, request.source)
        server.send(Message(CON, EMPTY, 1), request.source)
        server.wait(lambda m: m.type == RST and m.mid == 1, "the Reset of a ping")
        equal([m.type for m in server.received if m.mid == con.mid], [ACK, ACK], "its answers")
        c.signal()
        c.end()
        got(c, 3, "0a", "")


# --- the end of an observation

@test
def Ctrl_C_tells_the_server():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with Server(Observed()) as server, watching(server) as c:
            c.wait_out("0$")
            c.signal(number)
            left(server)
            c.end()
            got(c, 3, "0", "")


@test
def a_second_Ctrl_C_ends_it_at_once():
    with Server(Observed(left=silent)) as server, watching(server) as c:
        c.wait_out("0$")
        c.signal()
        left(server)
        c.signal()
        c.end()
        got(c, 3, "0")


@test
def Ctrl_C_in_a_terminal():
    with Server(Observed()) as server, Terminal([CLIENT, "observe", server.uri("/a")]) as t:
        request = server.request()
        t.wait_text("0\n")
        server.notify(request, 2, "one")
        t.wait_text("one\n")
        server.notify(request, 3, "two\n")
        t.wait_text("two\n")
        t.send(CTRL_C)
        equal(t.end(), 3, "exit status")
        left(server)
        equal(t.screen(), ["0", "one", "two", "^C"], "the screen")


@test
def E14_who_has_left_resets_a_later_notification():
    late = []

    def leave(request):
        late.append(server.notify(request, 3, "late", mtype=CON))
        return message(request)

    with Server(Observed(left=leave)) as server, watching(server) as c:
        c.wait_out("0$")
        c.signal()
        left(server)
        c.end()
        got(c, 3, "0", "")


@test
def enough_states_or_time():
    with Server(Observed()) as server:
        got(coap("observe", server.uri("/a"), "--count", "1"), 0, "0", "")
        left(server)
    with Server(Observed()) as server:
        got(coap("observe", server.uri("/a"), "--for", "5"), 0, "0", "")
        left(server)
    with Server(silent) as server:
        got(coap("observe", server.uri("/a"), "--for", "0.2", "--timeout", "0.3"), 1, "",
            "no answer within 0.2 s")


@test
def the_server_ends_it():
    with Server(Observed()) as server, watching(server) as c:
        c.wait_out("0$")
        server.notify(server.request(), None, b"gone", mcode="4.04", mtype=CON)
        c.end()
        got(c, 1, "0", r'^coap: coap://\S+/a: 4\.04 Not Found: "gone"')
    with Server(Observed()) as server, watching(server) as c:
        c.wait_out("0$")
        server.notify(server.request(), None, b"last", mtype=CON)
        c.end()
        got(c, 1, "0last", "the server has ended the observation$")


# --- staying registered (section 3.3.1)

@test
def a_state_that_is_stale_is_asked_for_again():
    first = Observed(options=[("Max-Age", 1)])
    second = Observed(b"1", value=2)
    # Both wait up to 15 seconds, so they do it together.
    with Server(in_turn(first, second, reply())) as server, Server(in_turn(first, reset)) as other, \
            watching(other) as gone, watching(server, "--count", "2", "-v") as c:
        again = server.request(1)
        request = server.request()
        equal((again.token, observes(again)), (request.token, 0), "token and Observe")
        check(again.mid != request.mid, "another message")
        equal(c.end(), 0, "exit status")
        check(c.traced(" -> ")[1] - c.traced(" <- ")[0] >= 0.999, "not before Max-Age has passed")
        got(c, 0, "01", None)
        equal(len(re.findall(r"-> \S+ CON GET .*Observe=0", c.err)), 2, "registrations shown")
        gone.end()
        got(gone, 1, "0", r"rejected the message")


@test
def a_registration_is_answered_separately():
    def answer(request):
        if observes(request) == 0:
            return separately(request, payload=b"0", options=[("Observe", 1)])
        return message(request)

    with Server(answer) as server, watching(server, "--count", "2") as c:
        c.wait_out("0$")
        server.notify(server.request(), 2, "1")
        c.end()
        got(c, 0, "01", "")


# --- states in blocks

class Large(Observed):
    """A state of several blocks: a notification has the first, GETs bring the others."""

    def __init__(self, *bodies):
        super().__init__()
        self.bodies = [Body(b, szx=2, etag=bytes([i + 1])) for i, b in enumerate(bodies)]
        self.at = 0

    def __call__(self, request):
        if observes(request) == 1:
            return message(request)
        m = self.bodies[self.at](request)
        if observes(request) == 0:
            m = message(request, m.code, m.payload, m.options + [("Observe", 1)])
        return m

    def notify(self, server, value):
        """The next state."""
        self.at += 1
        request = server.request()
        m = self.bodies[self.at](Message(NON, "GET", 0))
        server.notify(request, value, m.payload, options=m.options)


@test
def E66_the_rest_of_a_state_is_got():
    bodies = [os.urandom(200), os.urandom(300)]
    answer = Large(*bodies)
    with Server(answer) as server, watching(server, "--count", "2") as c:
        c.wait(lambda: len(c.out) == 200, "the first state")
        answer.notify(server, 2)
        equal(c.end(), 0, "exit status")
        check(c.out == b"".join(bodies), "the states are whole")
        rest = [m for m in server.requests() if m.uint("Block2") and observes(m) is None]
        equal([block(m.uint("Block2"))[0] for m in rest], [1, 2, 3, 1, 2, 3, 4], "blocks")
        check(all(m.token != server.request().token for m in rest), "tokens of their own")


@test
def E52_a_state_that_changes_midway_is_not_shown():
    answer = Large(b"a" * 200, b"b" * 200, b"c" * 200)

    class Slow(Large):
        """Has the next state when the second block of the last one is asked for."""

        def __call__(self, request):
            value = request.uint("Block2")
            if value and observes(request) is None and self.at == 1:
                self.notify(server, 3)
                return None
            return super().__call__(request)

    answer.__class__ = Slow
    with Server(answer) as server, watching(server, "--count", "2") as c:
        c.wait(lambda: len(c.out) == 200, "the first state")
        answer.notify(server, 2)
        equal(c.end(), 0, "exit status")
        equal(c.out, b"a" * 200 + b"c" * 200, "the states")


# --- what states are for

@test
def a_command_for_each_state():
    with tempfile.TemporaryDirectory() as d, Server(Observed(options=[("ETag", b"\1\2")])) as server:
        name = os.path.join(d, "states")
        command = f"{{ cat; echo \" $COAP_STATE $COAP_CODE $COAP_ETAG\"; }} >>{name}; exit $COAP_STATE"
        with watching(server, "--count", "2", "--observe-exec", command) as c:
            c.wait_err("exited with status 1")
            server.notify(server.request(), 2, "next")
            equal(c.end(), 1, "exit status")
            got(c, 1, "", "the command exited with status 2$")
        equal(open(name, encoding="ascii").read(), "0 1 2.05 0102\nnext 2 2.05 \n", "what it got")


@test
def several_uris_and_one_that_is_gone():
    def answer(request):
        if request.all("Uri-Path") == [b"gone"]:
            return message(request, "4.04")
        return Observed()(request)

    with Server(answer) as server:
        r = coap("observe", server.uri("/a"), server.uri("/gone"), server.uri("/[1-3]"), "--count", "1")
        got(r, 1, "0000", r"/gone: 4\.04 Not Found")


@test
def observing_with_FETCH():
    with Server(Observed()) as server:
        got(coap("observe", "-X", "FETCH", "-d", "what", server.uri("/a"), "--count", "1"), 0, "0")
        equal((server.request().code, server.request().payload), (5, b"what"), "the request")
        m = left(server)
        equal((m.code, m.payload), (5, b"what"), "the end of it")


run()
