"""Faults of the world around: processes that stand still, descriptors that run out."""
import os
import resource
import signal

from harness import *

SITE = """
workers: 1
drain: 100ms
watchdog: 0
resources:
  /hello: {module: hello}
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
