"""At a limit the newest asker is refused, and those being served go on."""
import os

from harness import *

SITE = """
workers: 1
slots: 1
resources:
  /hello: {module: hello}
  /boom: {module: crash}
  /slow: {module: gate, file: @DIR@/open}
drain: 0s
transmission: { ack-delay: 1ms }
limits: { endpoints: %d, dedup: %d, exchanges: %d, waiting: %d, messages: %d }
"""


def site(endpoints=100, dedup=100, exchanges=100, waiting=100, messages=100):
    return SITE % (endpoints, dedup, exchanges, waiting, messages)


def fill(peers, n, method="GET", uri="/slow", **more):
    """Sends n requests that will wait, from these peers in turn."""
    requests = []
    for i in range(n):
        p = peers[i % len(peers)]
        requests.append((p, p.request(method, uri, **more)))
        p.send(requests[-1][1])
    return requests


def refused(p, method="GET", uri="/slow", **more):
    """A request that comes too late."""
    m = p.ask(method, uri, **more)
    equal(m.code, code("5.03"), f"code of {m}")
    check(m.uint("Max-Age"), f"no Max-Age in {m}")


def served(d, requests, mcode="2.05"):
    """From here on nobody has to wait."""
    with open(os.path.join(d.directory, "open"), "w", encoding="ascii"):
        pass
    for p, request in requests:
        equal(p.answer(request).code, code(mcode), "answer")


def peers(d, n):
    return [d.peer() for _ in range(n)]


@test
def waiting_requests():
    with Daemon(site(waiting=16)) as d:
        all_peers = peers(d, 17)
        requests = fill(all_peers[:16], 16)
        refused(all_peers[16])
        equal(all_peers[16].get("/hello").code, code("2.05"), "what need not wait")
        served(d, requests)
        check(d.counters()["full-waiting"] >= 1, "the counter")
        served(d, fill(all_peers[16:], 1))


@test
def endpoints():
    with Daemon(site(endpoints=16)) as d:
        all_peers = peers(d, 17)
        requests = fill(all_peers[:16], 16)
        refused(all_peers[16])
        served(d, requests)
        check(d.counters()["full-endpoints"] >= 1, "the counter")


@test
def endpoints_that_nobody_needs_make_room():
    with Daemon(site(endpoints=16)) as d:
        for _ in range(64):
            with d.peer() as p:
                equal(p.get("/hello").code, code("2.05"), "answer")
                equal(p.get("/hello", mtype=NON).code, code("2.05"), "answer")


@test
def who_waits_has_what_the_answer_needs():
    """The limit of exchanges is for what we begin: responses always go out."""
    with Daemon(site(exchanges=16)) as d:
        served(d, fill(peers(d, 40), 40))


@test
def long_messages():
    with Daemon(site(messages=16)) as d:
        all_peers = peers(d, 17)
        long = {"method": "POST", "payload": "x" * 700}
        requests = fill(all_peers[:16], 16, **long)
        refused(all_peers[16], **long)
        requests += fill(all_peers[16:], 1, mtype=NON)
        all_peers[16].silence()
        served(d, requests[:16], "2.04")
        served(d, requests[16:])
        check(d.counters()["full-messages"] >= 1, "the counter")


@test
def answers_kept():
    with Daemon(site(dedup=16)) as d:
        all_peers = peers(d, 17)
        asked = [(p, p.request("POST", "/boom")) for p in all_peers[:16]]
        answers = []
        for p, request in asked:
            p.send(request)
            answers.append(p.expect(ACK, "2.05", mid=request.mid))
        refused(all_peers[16], method="POST", uri="/boom")
        equal(all_peers[16].get("/hello").code, code("2.05"), "what need not be kept")
        for (p, request), answer in zip(asked, answers):
            p.send(request)
            equal(p.receive().raw, answer.raw, "the repeated answer")
        check(d.counters()["full-dedup"] >= 1, "the counter")


@test
def answers_kept_make_room_after_their_lifetime():
    brief = "ack-timeout: 10ms, max-retransmit: 0, max-latency: 100ms, processing-delay: 0s"
    with Daemon(site(dedup=16).replace("ack-delay: 1ms", "ack-delay: 1ms, " + brief)) as d:
        for p in peers(d, 16):
            equal(p.post("/boom").code, code("2.05"), "answer")
        with d.peer() as p:
            while (m := p.post("/boom")).code != code("2.05"):
                equal(m.code, code("5.03"), f"code of {m}")


@test
def duplicate_whose_answer_is_gone_is_not_run_again():
    with Daemon(site(dedup=16)) as d, d.peer() as p:
        first = p.request("POST", "/boom")
        p.send(first)
        p.expect(ACK, "2.05", mid=first.mid)
        for _ in range(40):
            equal(p.post("/boom").code, code("2.05"), "answer")
        ran = d.counters()["requests"]
        p.send(first)
        p.expect(ACK, "5.03", mid=first.mid, token=first.token)
        after = d.counters()
        equal(after["requests"], ran, "requests run")
        check(after["duplicate-lost"] >= 1, "the counter")


@test
def a_fast_peer_pushes_out_only_its_own():
    with Daemon(site(dedup=32)) as d, d.peer() as fast, d.peer() as slow:
        request = slow.request("POST", "/boom")
        slow.send(request)
        first = slow.expect(ACK, "2.05", mid=request.mid)
        for _ in range(200):
            fast.post("/boom")
        slow.send(request)
        equal(slow.receive().raw, first.raw, "the repeated answer")


@test
def lower_limits_hurt_nobody_who_just_asks():
    with Daemon(site(16, 16, 16, 16, 16)) as d:
        for p in peers(d, 100):
            equal(p.get("/hello").code, code("2.05"), "answer")
            equal(p.get("/hello", mtype=NON).code, code("2.05"), "answer")
            p.close()


run()
