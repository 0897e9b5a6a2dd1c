"""A resource that keeps killing workers is closed for a while, and the others are served."""
import os
import re

from harness import *
from harness.coapctl import coapctl

SITE = """
workers: 2
crash-limit: 3
crash-pause: 1h
resources:
  /hello: {module: hello}
  /bad: {module: crash}
  /good: {module: crash}
control: { socket: '@DIR@/control' }
transmission: { ack-timeout: 1m }
"""
CLOSED = r"error: resource /bad: module crash: 3 workers died in it within 60 s \(crash-limit\)"


def die(p, path="/bad", how="segv"):
    """A request that kills its worker once; POST is not tried again."""
    request = p.request("POST", f"{path}?how={how}")
    p.send(request)
    return p.answer(request).code


def close(d, p):
    for _ in range(3):
        equal(die(p), code("5.00"), "answer to what kills")
    return d.wait_log(CLOSED)


def seen(d):
    """What an operator sees of the closed one, and of one that only lost a worker."""
    path = os.path.join(d.directory, "control")
    status, metrics = (coapctl(what, socket=path) for what in ("status", "metrics"))
    check(re.search(r"\n/bad +crash +3 +1 +\d:\d\d:\d\d\n", status), status)
    check(re.search(r"\n/good +crash +1 +0 *\n", status), status)
    for line in ('coapd_resource_deaths_total{resource="/bad",module="crash"} 3',
                 'coapd_resource_closings_total{resource="/bad",module="crash"} 1',
                 'coapd_resource_closed_ms{resource="/good",module="crash"} 0'):
        check(f"\n{line}\n" in metrics, f"{line} in {metrics}")


@test
def the_others_are_served_and_nobody_dies_any_more():
    with Daemon(SITE) as d, d.peer() as p:
        die(p, "/good")
        close(d, p)
        deaths = len(d.records("died of SIGSEGV"))
        for _ in range(5):
            equal(die(p), code("5.00"), "answer of the closed one")
            m = p.get("/bad")
            equal((m.code, m.payload), (code("5.00"), b"the resource is closed for a while"),
                  "a harmless request")
        equal(len(d.records("died of SIGSEGV")), deaths, "deaths")
        equal(p.get("/hello").code, code("2.05"), "another one")
        equal(p.get("/good").code, code("2.05"), "another one of the same module")
        equal(d.counters()["closed"], 10, "closed")
        seen(d)


@test
def all_workers_know_and_so_do_their_successors():
    with Daemon(SITE) as d, d.peer() as p:
        close(d, p)
        peers = [d.peer() for _ in range(16)]
        for q in peers:
            equal(q.get("/bad").code, code("5.00"), "answer of any worker")
        for worker in range(2):
            d.kill(worker)
        for q in peers:
            equal(q.get("/bad").code, code("5.00"), "answer of any successor")
            q.close()
        equal(len(d.records("died of SIGSEGV")), 3, "deaths")


@test
def a_request_that_is_tried_three_times_counts_three_times():
    with Daemon(SITE) as d, d.peer() as p:
        request = p.request("GET", "/bad?how=abort&times=9")
        p.send(request)
        equal(p.answer(request).code, code("5.00"), "answer")
        d.wait_log(CLOSED)
        equal(p.get("/bad").code, code("5.00"), "a harmless request")


@test
def hangs_count_and_those_whom_others_kill_do_not():
    site = SITE.replace("crash-limit: 3", "crash-limit: 2\nwatchdog: 500ms")
    with Daemon(site) as d, d.peer() as p:
        for _ in range(2):
            equal(die(p, "/good", "kill"), code("5.00"), "killed within a hook")
        equal(p.get("/good").code, code("2.05"), "it is open")
        for _ in range(2):
            equal(die(p, "/bad", "hang"), code("5.00"), "hung")
        d.wait_log(CLOSED.replace("3 workers", "2 workers"))


@test
def it_is_open_again_in_time():
    with Daemon(SITE.replace("1h", "1s")) as d, d.peer() as p:
        mark = d.mark()
        close(d, p)
        d.wait_log(r"notice: resource /bad: module crash: open again", since=mark)
        equal(p.get("/bad").code, code("2.05"), "answer")
        equal(die(p), code("5.00"), "what kills does so again")
        equal(len(d.records("died of SIGSEGV")), 4, "deaths")


@test
def a_reload_opens_it():
    with Daemon(SITE) as d, d.peer() as p:
        close(d, p)
        coapctl("reload", socket=os.path.join(d.directory, "control"))
        d.wait_log("notice: resource /bad: module crash: open again, or gone, with the new site")
        equal(p.get("/bad").code, code("2.05"), "answer")
        for _ in range(2):
            equal(die(p), code("5.00"), "what kills does so again")
        equal(p.get("/bad").code, code("2.05"), "two are not three")


@test
def without_a_limit_none_is_closed():
    with Daemon(SITE.replace("crash-limit: 3", "crash-limit: 0")) as d, d.peer() as p:
        for _ in range(4):
            die(p)
        equal(p.get("/bad").code, code("2.05"), "answer")


run()
