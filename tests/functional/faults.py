"""Faults of the world around: processes that stand still, descriptors that run out."""
import os
import resource
import signal

from harness import *
from harness.control import Control
from harness.world import World

SITE = """
workers: 1
drain: 100ms
watchdog: 0
resources:
  /hello: {module: hello}
  /f: {module: files, root: @DIR@}
  /limit: {module: crash}
control: { socket: '@DIR@/control' }
"""


def asked(p):
    """Asks, and does not wait for the answer."""
    request = p.request("GET", "/hello")
    p.send(request)
    return request


def answered(p, request):
    equal(p.expect(ACK, "2.05").mid, request.mid, "message ID")


@test
def a_worker_that_stands_still_can_be_killed():
    with Daemon(SITE) as d, d.peer() as p:
        os.kill(d.workers[0], signal.SIGSTOP)
        request = asked(p)
        os.kill(d.workers[0], signal.SIGKILL)
        answered(p, request)


@test
def a_worker_that_stands_still_does_not_hold_up_the_end():
    with Daemon(SITE) as d:
        os.kill(d.workers[0], signal.SIGSTOP)
        d.signal(signal.SIGTERM)
        d.wait_log(r"worker 0 \(pid \d+\) does not end in time, killing it")
        equal(d.wait_end(), 0, "exit status")


@test
def a_death_while_the_supervisor_stands_still():
    with Daemon(SITE) as d, d.peer() as p:
        d.signal(signal.SIGSTOP)
        os.kill(d.workers[0], signal.SIGKILL)
        request = asked(p)
        d.signal(signal.SIGCONT)
        answered(p, request)


@test
def a_successor_that_cannot_be_forked_is_tried_again():
    with World() as w, Daemon(SITE, env=w.env) as d, d.peer() as p:
        mark = d.mark()
        w.forks(0, 3)
        os.kill(d.workers[0], signal.SIGKILL)
        request = asked(p)
        answered(p, request)
        failed = d.records("error: cannot start worker 0: Resource temporarily unavailable", mark)
        equal(len(failed), 3, "forks that failed")
        equal(w.bad_forks_left(), 0, "forks that are to fail")


@test
def a_start_that_cannot_fork_says_so_and_leaves_nothing():
    for good, text in ((0, "cannot fork to check modules: Resource temporarily unavailable"),
                       (1, "cannot start worker 0: Resource temporarily unavailable")):
        with World() as w:
            w.forks(good, 1000)
            d = Daemon(SITE, env=w.env, status=1)
            d.start(ready=False)
            equal(d.wait_end(), 1, "exit status")
            d.reader.join(TIMEOUT)
            check(d.records(text), f"it says: {text}")
            d.stop(None)


@test
def a_worker_without_descriptors_serves_what_needs_none():
    with Daemon(SITE) as d, d.peer() as p:
        equal(p.get("/f/site.yaml").code, code("2.05"), "a file")
        equal(p.get("/limit?files=3").code, code("2.05"), "the limit")
        for _ in range(3):
            equal(p.get("/f/site.yaml").code >> 5, 5, "class of the answer that needs one")
            equal(p.get("/hello").code, code("2.05"), "what needs none")
        equal(p.get("/limit?files=0").code, code("2.05"), "no limit")
        equal(p.get("/f/site.yaml").code, code("2.05"), "the file again")
        equal(len(d.records("worker 0 started")), 1, "processes of the worker")


@test
def a_supervisor_without_descriptors_answers_later():
    with Daemon(SITE) as d, d.peer() as p:
        path = os.path.join(d.directory, "control")
        with Control(path) as there:
            equal(len(there.ask("status")), 3, "lines of the answer")
            before = resource.prlimit(d.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(d.pid, resource.RLIMIT_NOFILE, (3, before[1]))
            with Control(path) as late:
                late.send(b'{"do":"status"}\n')
                equal(len(there.ask("status")), 3, "who is in is answered")
                check("error" in there.ask("trace")[-1], "what needs one is refused")
                answered(p, asked(p))
                resource.prlimit(d.pid, resource.RLIMIT_NOFILE, before)
                equal("daemon" in late.line(), True, "who waited is answered")


@test
def a_successor_that_cannot_be_made_is_tried_again():
    with Daemon(SITE) as d, d.peer() as p:
        before = resource.prlimit(d.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(d.pid, resource.RLIMIT_NOFILE, (3, before[1]))
        mark = d.mark()
        os.kill(d.workers[0], signal.SIGKILL)
        d.wait_log("error: cannot start worker 0: Too many open files", since=mark)
        request = asked(p)
        resource.prlimit(d.pid, resource.RLIMIT_NOFILE, before)
        answered(p, request)


run()
