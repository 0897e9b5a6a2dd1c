"""Those who observe what coapd serves (RFC 7641): told, and ended, whoever dies."""
import os
import select
import signal

from harness import *

SITE = """
workers: 1
resources:
  /v: {module: value, file: @DIR@/value}
  /aged: {module: value, file: @DIR@/value, max-age: 5s}
  /hello: {module: hello}
transmission: { ack-timeout: 20s, ack-random-factor: 1, max-retransmit: 4, observe-pause: 0s,
                observe-confirm: 4 }
"""

AGAIN = SITE.replace("ack-timeout: 20s", "ack-timeout: 2s")     # where that is waited for


def observed(site=SITE, state=b"v0", **more):
    """A daemon with a state that all workers can write."""
    d = Daemon(site, **more)
    path = os.path.join(d.directory, "value")
    with open(path, "wb") as f:
        f.write(len(state).to_bytes(4, "little") + state)
    os.chmod(path, 0o666)
    return d


def register(p, uri="/v", observe=0, options=(), **more):
    request = p.request("GET", uri, options=[("Observe", observe), *options], **more)
    p.send(request)
    return request, p.answer(request)


def put(d, payload, uri="/v"):
    with d.peer() as p:
        equal(p.ask("PUT", uri, payload=payload).code, code("2.04"), "PUT")


def told(p, request, payload, mtype=CON):
    m = p.expect(mtype, "2.05", token=request.token, payload=payload)
    if mtype == CON:
        p.acknowledge(m)
    return m


def value(m):
    found = m.uint("Observe")
    check(found is not None, f"Observe in {m}")
    return found


def ended(d, how, n=1):
    """Whom the counters call gone, and for which reason."""
    counters = d.counters()
    equal({k: v for k, v in counters.items() if k.startswith("observers-") and v}, {how: n},
          "the ends of observers")


@test
def a_new_state_is_told():
    with observed() as d, d.peer() as p:
        request, first = register(p)
        equal(first.payload, b"v0", "the state")
        put(d, b"v1")
        second = told(p, request, b"v1")
        put(d, b"v2")
        third = told(p, request, b"v2")
        check(in_order([value(first), value(second), value(third)]), f"{first} {second} {third}")
        p.silence()
        equal(d.counters()["notifications"], 2, "notifications")


def last_of(p, request, payload):
    """Reads until it is told this; what is older comes only before it."""
    seen = []
    while True:
        m = p.receive()
        if m.type == CON:
            p.acknowledge(m)
        equal(m.token, request.token, "token")
        seen.append(value(m))
        check(in_order(seen), f"{seen}")
        if m.payload == payload:
            return


def first_answered(d, n=32):
    """Of many who ask, one that a worker answers which does not stand still."""
    asking = [d.peer() for _ in range(n)]
    for p in asking:
        p.send(p.request("GET", "/hello"))
    ready = select.select([p.socket for p in asking], [], [], TIMEOUT)[0]
    check(ready, "nobody is answered")
    found = next(p for p in asking if p.socket in ready)
    found.receive()
    for p in asking:
        if p is not found:
            p.close()
    return found


@test
def who_sleeps_through_many_changes_tells_the_last():
    """A worker that stands still while another one changes the state a thousand times."""
    site = SITE.replace("workers: 1", "workers: 2\nwatchdog: 0")
    with observed(site) as d:
        peers = [d.peer() for _ in range(8)]
        requests = [register(p)[0] for p in peers]
        os.kill(d.workers[0], signal.SIGSTOP)
        with first_answered(d) as writer:
            for n in range(1000):
                equal(writer.ask("PUT", "/v", payload=b"n%d" % n).code, code("2.04"), "PUT")
        os.kill(d.workers[0], signal.SIGCONT)
        for p, request in zip(peers, requests):
            last_of(p, request, b"n999")
            p.close()


@test
def E57_who_leaves_is_told_nothing():
    with observed() as d, d.peer() as p, d.peer() as other:
        request, _ = register(p)
        stays, _ = register(other, token=request.token)     # the same token, another endpoint
        again, _ = register(p)
        _, answer = register(p, observe=1, token=request.token)
        equal((answer.code, answer.all("Observe")), (code("2.05"), []), "answer")
        put(d, b"v1")
        told(other, stays, b"v1")
        told(p, again, b"v1")
        p.silence()
        ended(d, "observers-left")


@test
def E58_who_registers_again_is_told_once():
    with observed() as d, d.peer() as p:
        request, first = register(p)
        _, second = register(p, token=request.token)
        check(in_order([value(first), value(second)]), f"{second} after {first}")
        put(d, b"v1")
        check(in_order([value(second), value(told(p, request, b"v1"))]), "the order")
        p.silence()
        equal(d.counters()["notifications"], 1, "notifications")


@test
def E59_an_empty_token_observes():
    with observed() as d, d.peer() as p:
        request, _ = register(p, token=b"")
        put(d, b"v1")
        told(p, request, b"v1")


@test
def E60_E68_what_is_gone_is_told_as_4_04():
    with observed() as d, d.peer() as p, d.peer() as other:
        request, _ = register(p)
        equal(other.ask("DELETE", "/v").code, code("2.02"), "DELETE")
        p.acknowledge(p.expect(CON, "4.04", token=request.token, without=["Observe"]))
        put(d, b"v1")
        p.silence()
        ended(d, "observers-ended")


@test
def E61_a_reset_ends_it():
    with observed() as d, d.peer() as p:
        request, _ = register(p)
        put(d, b"v1")
        p.reset(p.expect(CON, "2.05", token=request.token))
        put(d, b"v2")
        p.silence()
        ended(d, "observers-reset")


@test
def E61_a_reset_of_a_non_confirmable_one_ends_it():
    with observed() as d, d.peer() as p:
        request, _ = register(p, mtype=NON)
        put(d, b"v1")
        p.reset(told(p, request, b"v1", NON))
        put(d, b"v2")
        p.silence()
        ended(d, "observers-reset")


@test
def E62_who_does_not_acknowledge_is_forgotten():
    site = SITE.replace("ack-timeout: 20s", "ack-timeout: 100ms").replace(
        "max-retransmit: 4", "max-retransmit: 2")
    with observed(site) as d, d.peer() as p:
        request, _ = register(p)
        put(d, b"v1")
        first = p.expect(CON, "2.05", token=request.token)
        for _ in range(2):
            equal(p.receive().raw, first.raw, "the retransmission")
        while d.counters()["observers-timeout"] == 0:
            select.select([], [], [], 0.05)
        put(d, b"v2")
        p.silence()
        ended(d, "observers-timeout")


@test
def E62_every_fourth_is_confirmable():
    with observed() as d, d.peer() as p:
        request, _ = register(p, mtype=NON)
        for i in range(1, 9):
            put(d, b"%d" % i)
            told(p, request, b"%d" % i, CON if i % 4 == 0 else NON)


@test
def E63_E65_a_newer_state_takes_the_place_of_the_one_under_way():
    with observed(AGAIN) as d, d.peer() as p:
        request, _ = register(p)
        put(d, b"v1")
        first = p.expect(CON, "2.05", token=request.token, payload=b"v1")
        put(d, b"v2")
        put(d, b"v3")
        second = first
        while second.payload != b"v3":          # the others, if they were told in between
            second = p.expect(CON, "2.05", token=request.token)
        check(second.mid != first.mid, "another message")
        check(in_order([value(first), value(second)]), "the order")
        third = p.receive()
        equal(third.raw, second.raw, "the next try")
        p.acknowledge(third)
        put(d, b"v4")
        m = third
        while m.raw == third.raw:               # once more, if the acknowledgement was late
            m = p.expect(CON, "2.05", token=request.token)
        equal(m.payload, b"v4", "the next state")
        p.acknowledge(m)
        c = d.counters()
        check(c["notifications-replaced"], "it took the other's place")
        equal(c["observers-timeout"], 0, "observers-timeout")


@test
def the_last_state_comes_after_the_acknowledgement():
    with observed() as d, d.peer() as p:
        request, _ = register(p)
        put(d, b"v1")
        m = p.expect(CON, "2.05", token=request.token, payload=b"v1")
        put(d, b"v2")
        p.acknowledge(m)
        told(p, request, b"v2")
        p.silence()


@test
def E66_of_a_large_state_the_first_block_is_told():
    with observed(state=bytes(4096)) as d, d.peer() as p:
        request, first = register(p)
        equal((len(first.payload), first.uint("Block2")), (1024, 0x0e), "the first block")
        with d.peer() as other:
            for i in range(4):
                m = other.ask("PUT", "/v", payload=bytes([7]) * 1024, options=[
                    ("Block1", i << 4 | (8 if i < 3 else 0) | 6)])
        equal(m.code, code("2.04"), "PUT")
        m = told(p, request, bytes([7]) * 1024)
        equal((m.uint("Block2"), m.uint("Size2")), (0x0e, 4096), f"blocks of {m}")
        rest = p.get("/v", options=[("Block2", 1 << 4 | 6)])
        equal(rest.all("ETag"), m.all("ETag"), "ETag")
        equal((rest.payload, rest.all("Observe")), (bytes([7]) * 1024, []), "the second block")


@test
def E66_blocks_are_as_small_as_asked_for():
    with observed(state=bytes(100)) as d, d.peer() as p:
        request, first = register(p, options=[("Block2", 2)])
        put(d, b"x" * 100)
        m = told(p, request, b"x" * 64)
        equal(m.uint("Block2"), 0x0a, "Block2")
        check(first.all("ETag") and m.all("ETag") and first.all("ETag") != m.all("ETag"),
              "ETags")
        _, late = register(p, options=[("Block2", 1 << 4 | 2)])
        equal(late.all("Observe"), [], "observing from the second block on")


@test
def E67_what_is_sent_again_has_its_max_age_anew():
    with observed(AGAIN) as d, d.peer() as p:
        request, first = register(p, "/aged")
        equal(first.uint("Max-Age"), 5, "Max-Age")
        put(d, b"v1", "/aged")
        m = p.expect(CON, "2.05", token=request.token, payload=b"v1", options={"Max-Age": 5})
        again = p.expect(CON, "2.05", token=request.token, payload=b"v1", options={"Max-Age": 5})
        check(in_order([value(m), value(again)]), "the order")


@test
def E69_what_is_not_observable_is_answered_plainly():
    with observed() as d, d.peer() as p:
        for _ in range(2):
            _, m = register(p, "/hello")
            equal((m.code, m.all("Observe")), (code("2.05"), []), "answer")
        _, m = register(p, "/nowhere")
        equal((m.code, m.all("Observe")), (code("4.04"), []), "answer")
        equal(d.counters()["observers"], 0, "observers")


@test
def at_the_limit_the_answer_is_plain():
    site = SITE + "limits: { observers: 3, observers-per-endpoint: 2, endpoints: 100, dedup: 100, " \
                  "exchanges: 100, waiting: 100, messages: 100 }\n"
    with observed(site) as d, d.peer() as p, d.peer() as other:
        for _ in range(2):
            check(register(p)[1].all("Observe"), "there is room")
        equal(register(p)[1].all("Observe"), [], "the third of one peer")
        check(register(other)[1].all("Observe"), "there is room")
        equal(register(other)[1].all("Observe"), [], "the fourth of all")
        equal(d.counters()["full-observers"], 2, "full-observers")


@test
def a_long_token_is_kept():
    with observed() as d, d.peer() as p:
        request, _ = register(p, token=bytes(1000))
        put(d, b"v1")
        told(p, request, b"v1")


@test
def a_FETCH_is_observed_if_it_can_be_kept():
    with observed() as d, d.peer() as p:
        request = p.request("FETCH", "/v", options=[("Observe", 0)], payload=b"q" * 900)
        p.send(request)
        check(p.answer(request).all("Observe"), "it fits")
        for i in range(1024):           # of 1 MiB
            last = p.request("FETCH", "/v", payload=b"q" * 1024, token=b"long", options=[
                ("Observe", 0), ("Block1", i << 4 | (8 if i < 1023 else 0) | 6)])
            p.send(last)
            m = p.answer(last)
        equal((m.code, m.all("Observe")), (code("2.05"), []), "of 1 MiB")
        equal(d.counters()["observers-long"], 1, "observers-long")
        d.wait_log(r"a request to observe with 1048576 bytes of payload is too long to be kept")
        put(d, b"v1")
        told(p, request, b"v1")
        p.silence()


# --- workers that die

@test
def an_observer_outlives_its_worker():
    with observed() as d, d.peer() as p:
        request, first = register(p)
        last = value(first)
        for i in range(3):
            d.kill(0)
            put(d, b"%d" % i)
            m = told(p, request, b"%d" % i)
            p.silence()                 # the acknowledgement has been read
            check(in_order([last, value(m)]), "the order")
            last = value(m)


@test
def a_notification_under_way_outlives_its_worker():
    with observed(AGAIN) as d, d.peer() as p:
        request, _ = register(p)
        put(d, b"v1")
        m = p.expect(CON, "2.05", token=request.token, payload=b"v1")
        d.kill(0)
        again = p.receive()
        equal(again.raw, m.raw, "the retransmission")
        p.acknowledge(m)
        put(d, b"v2")
        while again.raw == m.raw:               # once more, if the acknowledgement was late
            again = p.expect(CON, "2.05", token=request.token)
        equal(again.payload, b"v2", "the next state")
        p.acknowledge(again)


@test
def who_dies_before_it_tells_is_made_up_for():
    with observed(SITE.replace("workers: 1", "workers: 4")) as d:
        peers = [d.peer() for _ in range(20)]
        requests = [register(p)[0] for p in peers]
        with d.peer() as other:
            equal(other.ask("PUT", "/v?die", payload=b"v1").code, code("5.00"), "PUT")
        for p, request in zip(peers, requests):
            told(p, request, b"v1")
            p.close()


@test
def a_hook_that_kills_is_given_up():
    with observed() as d, d.peer() as p:
        request, _ = register(p)
        put(d, b"die")
        p.acknowledge(p.expect(CON, "5.00", token=request.token, without=["Observe"]))
        equal(len(d.records("died of SIGABRT in /v")), 3, "deaths")


@test
def all_workers_tell_their_own():
    with observed(SITE.replace("workers: 1", "workers: 4")) as d:
        peers = [d.peer() for _ in range(40)]
        requests = [register(p)[0] for p in peers]
        put(d, b"v1")
        for p, request in zip(peers, requests):
            told(p, request, b"v1")
        c = d.counters()
        equal(c["notifications"], 40, "notifications")
        check(c["renders"] <= 4 + 36, f"renders {c['renders']}")
        for p in peers:
            p.close()


@test
def a_thousand_observers_while_workers_die():
    site = SITE.replace("workers: 1", "workers: 4")
    site += "limits: { endpoints: 4000, dedup: 2000, exchanges: 4000, waiting: 500, messages: 500 }\n"
    with observed(site) as d:
        peers = [d.peer().connect() for _ in range(1000)]
        values = {p.socket.fileno(): [] for p in peers}
        states = {}
        poll = select.epoll()
        for p in peers:
            values[p.socket.fileno()].append(value(register(p)[1]))
            poll.register(p.socket.fileno(), select.EPOLLIN)
        by_fd = {p.socket.fileno(): p for p in peers}

        def turn(timeout):
            for fd, _ in poll.poll(timeout):
                m = by_fd[fd].receive()
                equal(m.code, code("2.05"), "a notification")
                by_fd[fd].acknowledge(m)
                values[fd].append(value(m))
                states[fd] = m.payload
        for i in range(100):
            with d.peer() as other:
                m = other.ask("PUT", "/v", payload=b"s%d" % i)
            check(m.code in (code("2.04"), code("5.00")), f"PUT {m}")
            if i % 10 == 5:
                d.settle()              # who it is by now
                os.kill(d.workers[i // 10 % 4], signal.SIGKILL)
            turn(0)
        put(d, b"last")
        for _ in range(3000):
            if all(states.get(fd) == b"last" for fd in by_fd):
                break
            turn(0.01)
        missing = [fd for fd in by_fd if states.get(fd) != b"last"]
        check(not missing, f"{len(missing)} were not told the last state")
        for seen in values.values():
            # What a worker sent and died of, its successor sends again.
            seen = [v for v, before in zip(seen, [None, *seen]) if v != before]
            check(in_order(seen), f"the order of {seen}")
        c = d.counters()
        print("#", {name: c[name] for name in ("notifications", "notifications-replaced",
                                               "renders", "retransmits", "adopted")}, flush=True)
        check(c["adopted"] >= 10, f"adopted {c['adopted']}")
        equal([c["observers-timeout"], c["observers-reset"], c["observers-ended"]], [0, 0, 0],
              "observers lost")
        for p in peers:
            p.close()


# --- who is woken ----------------------------------------------------------------------------

def switches(pid):
    """How often a process went to sleep."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("voluntary"))


def quiet_workers():
    """Of four workers in which only /aged is observed, how many sleep on while /v changes."""
    with observed(SITE.replace("workers: 1", "workers: 4\nwatchdog: 0s")) as d:
        peers = [d.peer() for _ in range(40)]
        for p in peers:
            register(p, "/aged")
        before = {pid: switches(pid) for pid in d.workers.values()}
        with d.peer() as p:
            for i in range(200):
                p.ask("PUT", "/v", payload=b"v%d" % i)
        for p in peers:
            p.close()
        return sum(switches(pid) - n < 100 for pid, n in before.items())


@test
def who_observes_something_else_sleeps_on():
    """One of 4,096 times both have one word; three in a row have it never."""
    check(any(quiet_workers() >= 3 for _ in range(3)), "all workers were woken by what changed")


@test
def who_comes_back_is_told_again():
    """When all have left and the state has changed, nobody listens."""
    with observed(SITE.replace("workers: 1", "workers: 2")) as d:
        peers = [d.peer() for _ in range(8)]
        for i in range(5):
            requests = [register(p)[0] for p in peers]
            put(d, b"told %d" % i)
            for p, request in zip(peers, requests):
                told(p, request, b"told %d" % i)
            for p, request in zip(peers, requests):
                register(p, observe=1, token=request.token)
            put(d, b"untold %d" % i)
        for p in peers:
            p.silence()
            p.close()


run()
