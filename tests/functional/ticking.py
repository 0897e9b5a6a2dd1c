"""One clock for all workers: the module time, and what changes by itself in plugtest."""
from harness import *

SITE = """
workers: 3
resources:
  /time: {module: time, format: unix, interval: 1s}
  /fast: {module: time, interval: 100ms}
transmission: { observe-pause: 0s, ack-timeout: 1m }
"""


def register(p, uri):
    request = p.request("GET", uri, options=[("Observe", 0)])
    p.send(request)
    first = p.answer(request)
    check(first.uint("Observe") is not None, f"Observe in {first}")
    return request, first


def told(p, request):
    m = p.expect(CON, "2.05", token=request.token)
    p.acknowledge(m)
    return m


def leave(p, uri, registration):
    request = p.request("GET", uri, options=[("Observe", 1)], token=registration.token)
    p.send(request)
    while p.receive().mid != request.mid:       # it may be told once more before
        pass


@test
def observers_of_all_workers_are_told_each_second_once():
    with Daemon(SITE) as d:
        peers = [d.peer() for _ in range(12)]
        requests = [register(p, "/time") for p in peers]

        def all_told():
            return [int(told(p, request).payload) for p, (request, _) in zip(peers, requests)]

        last = all_told()               # of the second that they came in, perhaps
        for _ in range(3):
            now = all_told()
            check(all(a < b for a, b in zip(last, now)), f"each second once: {last}, {now}")
            last = now
        for p in peers:
            p.close()


@test
def the_clock_goes_on_when_its_worker_dies():
    with Daemon(SITE) as d, d.peer() as p:
        request, _ = register(p, "/fast")
        for worker in range(3):
            told(p, request)
            d.kill(worker)
        for _ in range(5):
            told(p, request)


PLUGTEST = """
workers: 2
resources:
  /: {module: plugtest, interval: %s}
transmission: { observe-pause: 0s }
"""


@test
def plugtest_changes_by_itself():
    with Daemon(PLUGTEST % "300ms") as d, d.peer() as p:
        request, first = register(p, "/obs")
        # The state that it came in with may be told once more.
        states = {told(p, request).payload for _ in range(3)}
        check(states - {first.payload}, "another state")


@test
def plugtest_tells_of_requests():
    with Daemon(PLUGTEST % "1d") as d, d.peer() as p, d.peer() as other:
        request, first = register(p, "/obs")
        equal(other.ask("PUT", "/obs", payload=b"put", options=[("Content-Format", 0)]).code,
              code("2.04"), "PUT")
        equal(told(p, request).payload, b"put", "the new state")
        equal(other.ask("POST", "/obs-reset", payload=b"sesame").code, code("2.04"), "reset")
        equal(told(p, request).payload, first.payload, "as it was at first")


@test
def TD_COAP_OBS_02_told_by_non_confirmable_messages():
    with Daemon(PLUGTEST % "300ms") as d, d.peer() as p, d.peer() as other:
        for path in ("/obs-non", "/obs-pumping-non"):
            request, first = register(p, path)
            m = p.expect(NON, "2.05", token=request.token)
            check(m.payload != first.payload, "another state")
            check(in_order([first.uint("Observe"), m.uint("Observe")]), "in order")
            leave(p, path, request)
        request = other.request("GET", "/obs", options=[("Observe", 0)], mtype=NON)
        other.send(request)
        other.answer(request)
        told(other, request)


@test
def E69_what_cannot_be_observed_is_answered_plainly():
    with Daemon(PLUGTEST % "1d") as d, d.peer() as p:
        plain = p.request("GET", "/test", options=[("Observe", 0)])
        p.send(plain)
        equal(p.answer(plain).uint("Observe"), None, "Observe")


run()
