"""Workers that die: nobody notices, and the log says what happened."""
import os
import signal
import time

from harness import *

SITE = """
workers: 1
resources:
  /hello: {module: hello}
  /slow: {module: separate, delay: 600ms}
  /boom: {module: crash}
transmission: { ack-delay: 1ms, ack-timeout: 1m }
"""


@test
def respawn_after_kill():
    with Daemon(SITE) as d, d.peer() as p:
        old = d.workers[0]
        d.kill(0)
        check(d.workers[0] != old, "another process")
        equal(p.get("/hello").code, code("2.05"), "answer")
        d.wait_log(rf"worker 0 \(pid {old}\) died of SIGKILL")


@test
def requests_that_arrive_meanwhile_are_answered():
    with Daemon(SITE) as d, d.peer() as p:
        for _ in range(3):             # each dies younger, and waits longer
            mark = d.mark()
            os.kill(d.workers[0], signal.SIGKILL)
            equal(p.get("/hello").code, code("2.05"), "answer to the first transmission")
            d.wait_log("worker 0 started", since=mark)


@test
def obituary_names_signal_module_and_path():
    with Daemon(SITE) as d, d.peer() as p:
        for how, name in (("segv", "SIGSEGV"), ("abort", "SIGABRT")):
            mark = d.mark()
            p.send(p.request("POST", f"/boom?how={how}"))
            r = d.wait_log(rf"died of {name}.*", since=mark)
            check("/boom" in r.text and "crash" in r.text, r.line)
            equal(r.level, "error", f"level of {r.line}")
            p.expect(ACK, "5.00")


@test
def GET_is_tried_again_after_a_crash():
    with Daemon(SITE) as d, d.peer() as p:
        m = p.get("/boom?how=segv&times=1")
        equal((m.code, m.payload), (code("2.05"), b"delivery 1"), "answer")


@test
def POST_is_not_tried_again_after_a_crash():
    with Daemon(SITE) as d, d.peer() as p:
        request = p.request("POST", "/boom?how=segv&times=1")
        p.send(request)
        p.expect(ACK, "5.00", mid=request.mid, token=request.token)
        p.send(request)                 # nor by a retransmission
        p.expect(ACK, "5.00", mid=request.mid, token=request.token)
        equal(len(d.records("died of SIGSEGV")), 1, "deaths")


@test
def poisonous_GET_is_given_up():
    with Daemon(SITE) as d, d.peer() as p, d.peer() as other:
        request = p.request("GET", "/boom?how=segv&times=9")
        p.send(request)
        other_request = other.request("GET", "/hello")
        other.send(other_request)       # often in the same batch
        p.expect(ACK, "5.00", mid=request.mid, token=request.token)
        equal(other.answer(other_request).code, code("2.05"), "answer to another")
        equal(len(d.records("died of SIGSEGV")), 3, "deaths")
        equal(d.counters()["adopt-wiped"], 0, "adopt-wiped")


@test
def several_poisonous_GETs_are_given_up():
    with Daemon(SITE) as d, d.peer() as p:
        requests = [p.request("GET", "/boom?how=segv&times=9") for _ in range(2)]
        for request in requests:
            p.send(request)
        for request in requests:
            p.expect(ACK, "5.00", mid=request.mid, token=request.token)
        equal(d.counters()["adopt-wiped"], 0, "adopt-wiped")


@test
def timer_of_a_hook_is_given_up():
    with Daemon(SITE) as d, d.peer() as p, d.peer() as waiting:
        slow = waiting.request("GET", "/slow")
        waiting.send(slow)
        waiting.expect(ACK, EMPTY, mid=slow.mid)
        request = p.request("GET", "/boom?wait&how=segv&times=9")
        p.send(request)
        equal(p.answer(request).code, code("5.00"), "answer")
        equal(len(d.records("died of SIGSEGV in /boom")), 3, "deaths")
        waiting.acknowledge(waiting.expect(CON, "2.05", token=slow.token))


@test
def timer_of_an_opaque_request_is_not_run_again():
    with Daemon(SITE) as d, d.peer() as p:
        request = p.request("POST", "/boom?wait&how=segv&times=9")
        p.send(request)
        equal(p.answer(request).code, code("5.00"), "answer")
        equal(len(d.records("died of SIGSEGV in /boom")), 1, "deaths")


@test
def exit_of_a_worker_is_a_death_too():
    with Daemon(SITE) as d, d.peer() as p:
        p.send(p.request("POST", "/boom?how=exit"))
        p.expect(ACK, "5.00")
        d.wait_log("exited with code 7")


@test
def crash_loop_backs_off():
    with Daemon(SITE + "crash-limit: 0\n") as d, d.peer() as p:
        young, end = 0, time.monotonic() + TIMEOUT
        while young < 2:                # one that lived a second is followed at once
            check(time.monotonic() < end, "no successor has to wait")
            mark = d.mark()
            p.send(p.request("POST", "/boom?how=abort"))
            r = d.wait_log("died of SIGABRT", since=mark)
            young += "restarting in" in r.text
            p.expect(ACK, "5.00")


@test
def waiting_request_survives_its_worker():
    with Daemon(SITE) as d, d.peer() as p:
        request = p.request("GET", "/slow")
        p.send(request)
        p.expect(ACK, EMPTY, mid=request.mid)
        d.kill(0)
        p.acknowledge(p.expect(CON, "2.05", token=request.token))
        p.silence()


@test
def waiting_request_survives_many_deaths():
    with Daemon(SITE) as d, d.peer() as p:
        request = p.request("GET", "/slow")
        p.send(request)
        p.expect(ACK, EMPTY, mid=request.mid)
        for _ in range(3):
            d.kill(0)
        p.acknowledge(p.expect(CON, "2.05", token=request.token))


@test
def unacknowledged_response_survives_its_worker():
    site = SITE.replace("ack-timeout: 1m", "ack-timeout: 50ms")
    with Daemon(site) as d, d.peer() as p:
        request = p.request("GET", "/slow")
        p.send(request)
        p.expect(ACK, EMPTY, mid=request.mid)
        m = p.expect(CON, "2.05", token=request.token)
        d.kill(0)
        equal(p.receive().raw, m.raw, "the retransmission")
        p.acknowledge(m)


@test
def the_other_workers_go_on():
    with Daemon(SITE.replace("workers: 1", "workers: 4")) as d:
        for worker in sorted(d.workers):
            d.kill(worker)
            peers = [d.peer() for _ in range(16)]
            for p in peers:
                equal(p.get("/hello").code, code("2.05"), "answer")
                p.close()
        equal(d.counters()["adopted"], 4, "adopted")


@test
def a_worker_of_several_slots_and_listeners():
    site = SITE.replace("workers: 1", 'workers: 2\nslots: 5\n'
                        'listen: [ "coap://[::1]:0", "coap://127.0.0.1:0" ]')
    with Daemon(site) as d:
        peers = [Peer(*d.listeners[i % 2]) for i in range(40)]
        waiting = [(p, p.request("GET", "/slow")) for p in peers]
        for p, request in waiting:
            p.send(request)
            p.expect(ACK, EMPTY, mid=request.mid)
        for worker in (0, 1):
            d.kill(worker)
        for p, request in waiting:
            p.acknowledge(p.expect(CON, "2.05", token=request.token))
            p.close()
        equal(d.counters()["adopted"], 5, "adopted")


run()
