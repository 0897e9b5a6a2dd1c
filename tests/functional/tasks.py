"""Tasks that are no requests, and what they await."""
import os
import re
import signal

from harness import *

TICKER = """
workers: 4
resources:
  /tick: {module: ticker}
"""


def ticks(d, since=0):
    """(pid, number) of each tick that was told."""
    return [(r.pid, int(re.search(r"tick (\d+)", r.text)[1]))
            for r in d.records(r"/tick: tick \d+", since)]


@test
def task_is_there_once_in_the_daemon():
    with Daemon(TICKER) as d:
        d.wait_log(r"/tick: tick 8$")
        seen = ticks(d)
        equal(len({pid for pid, _ in seen}), 1, f"processes that tick: {seen}")
        equal([n for _, n in seen], list(range(1, len(seen) + 1)), "ticks")


@test
def task_goes_on_where_its_dead_worker_was():
    with Daemon(TICKER) as d:
        d.wait_log(r"/tick: tick 4$")
        pid, _ = ticks(d)[-1]
        worker = next(w for w, p in d.workers.items() if p == pid)
        mark = d.mark()
        d.kill(worker)
        successor = d.workers[worker]
        last = max(n for p, n in ticks(d) if p == pid)
        d.wait_log(rf"/tick: tick {last + 4}$", mark)
        after = [(p, n) for p, n in ticks(d) if p != pid]
        equal({p for p, _ in after}, {successor}, "who ticks now")
        # A tick that was told and not committed is told again.
        check(after[0][1] in (last, last + 1), f"{after[0][1]} follows {last}")
        equal([n for _, n in after], list(range(after[0][1], after[-1][1] + 1)), "ticks")


@test
def task_goes_on_where_its_hung_worker_was():
    """With the watchdog that there is by default."""
    with Daemon(TICKER) as d:
        d.wait_log(r"/tick: tick 4$")
        pid, _ = ticks(d)[-1]
        worker = next(w for w, p in d.workers.items() if p == pid)
        mark = d.mark()
        os.kill(pid, signal.SIGSTOP)
        d.wait_log(rf"worker {worker} \(pid {pid}\) hangs", mark)
        d.wait_log(rf"worker {worker} started \(pid (?!{pid}\b)", mark)
        last = max(n for p, n in ticks(d) if p == pid)
        d.wait_log(rf"/tick: tick {last + 4}$", mark)
        after = [(p, n) for p, n in ticks(d) if p != pid]
        equal({p for p, _ in after}, {d.workers[worker]}, "who ticks now")
        check(after[0][1] in (last, last + 1), f"{after[0][1]} follows {last}")
        equal([n for _, n in after], list(range(after[0][1], after[-1][1] + 1)), "ticks")


JOBBER = """
workers: 1
resources:
  /job: {module: jobber}
  /hello: {module: hello}
threads: 1
limits: { jobs: 2 }
transmission: { ack-delay: 1ms }
"""


def begin_job(d, p, ms):
    mark = d.mark()
    request = p.request("POST", f"/job?ms={ms}")
    p.send(request)
    p.expect(ACK, EMPTY, mid=request.mid)
    d.wait_log(r"/job: job in \d+", mark)
    return request


def answer(p, request):
    m = p.expect(CON, "2.05", token=request.token)
    p.acknowledge(m)
    return m.payload


@test
def job_runs_beside_the_loop():
    with Daemon(JOBBER) as d, d.peer() as p, d.peer() as other:
        request = begin_job(d, p, 300)
        equal(other.get("/hello").code, code("2.05"), "the worker serves on")
        equal(answer(p, request), f"slept 300 in {d.workers[0]}".encode(), "result")


@test
def job_lost_with_its_worker_is_told_to_the_next():
    with Daemon(JOBBER) as d, d.peer() as p:
        request = begin_job(d, p, 3600000)
        d.kill(0)
        equal(answer(p, request), b"owner dead", "result")
        equal(d.counters()["job-lost"], 1, "job-lost")


@test
def jobs_have_a_limit_and_an_end():
    with Daemon(JOBBER.replace("threads", "drain: 100ms\nthreads")) as d, d.peer() as p:
        for _ in range(2):
            begin_job(d, p, 3600000)
        m = p.get("/job?ms=0")
        equal((m.code, m.payload), (code("5.03"), b"full"), "answer")
        equal(d.counters()["full-jobs"], 1, "full-jobs")
        d.stop()        # bounded, whatever its threads do
        # A worker that the machine holds up for a second does not come to say so.
        check(d.records(r"worker 0: warn.*a job does not end|worker 0 .* does not end in time"),
              "the log says so")


@test
def jobs_may_be_forbidden():
    with Daemon(JOBBER.replace("threads: 1", "threads: 0")) as d, d.peer() as p:
        equal(p.get("/job?ms=0").payload, b"none", "answer")


@test
def hook_that_blocks_is_named():
    site = JOBBER.replace("threads: 1", "threads: 1\nslow-hook: 2s\nwatchdog: 1m")
    with Daemon(site) as d, d.peer() as p:
        p.get("/hello")
        check(not d.records("its hook took"), "a quick one is not")
        equal(p.get("/job?block").code, code("2.04"), "answer")
        r = d.wait_log(r"resource /job: module jobber: its hook took \d+ ms")
        check(2000 < int(re.search(r"took (\d+)", r.text)[1]), r.line)
        equal(d.counters()["slow-hooks"], 1, "slow-hooks")
    with Daemon(site.replace("2s", "0")) as d, d.peer() as p:
        p.get("/job?block")
        equal(d.counters()["slow-hooks"], 0, "slow-hooks when none is asked for")


WAKER = """
workers: 2
watchdog: 0
resources:
  /wake: {module: waker}
transmission: { ack-delay: 1ms }
"""


def begin_wait(d, p):
    """A request that waits; it, the task's name, and the number of its worker."""
    mark = d.mark()
    request = p.request("GET", "/wake")
    p.send(request)
    r = d.wait_log(r"/wake: task \d+", mark)
    p.expect(ACK, EMPTY, mid=request.mid)
    worker = next(w for w, pid in d.workers.items() if pid == r.pid)
    return request, int(re.search(r"task (\d+)", r.text)[1]), worker


def peer_of(d, worker):
    """A peer that the kernel brings to this worker."""
    for _ in range(100):
        p = d.peer()
        request, name, found = begin_wait(d, p)
        post(p, f"id={name}")
        answer(p, request)
        if found == worker:
            return p
        p.close()
    raise Failure(f"no peer of worker {worker}")


def post(p, query):
    request = p.request("POST", f"/wake?{query}")
    p.send(request)
    return p.expect(ACK, "2.04", mid=request.mid).payload


@test
def task_is_woken_from_another_worker():
    with Daemon(WAKER) as d, peer_of(d, 0) as p, peer_of(d, 1) as q:
        request, name, worker = begin_wait(d, p)
        equal(worker, 0, "the worker that waits")
        equal(post(q, f"id={name}&text=up"), b"status 0", "who wakes")
        equal(answer(p, request), b"up", "who is woken")
        equal(post(q, f"id={name}&text=up"), b"status 0", "it is gone by now")
        equal(post(p, "id=1"), b"status -2", "no name of a task")


@test
def mail_outlives_the_worker_it_is_for():
    with Daemon(WAKER) as d, peer_of(d, 0) as p, peer_of(d, 1) as q:
        request, name, _ = begin_wait(d, p)
        os.kill(d.workers[0], signal.SIGSTOP)
        equal(post(q, f"id={name}&text=late"), b"status 0", "who wakes")
        d.kill(0)
        equal(answer(p, request), b"late", "who is woken")


@test
def mailbox_is_bounded():
    with Daemon(WAKER) as d, peer_of(d, 0) as p, peer_of(d, 1) as q:
        request, name, _ = begin_wait(d, p)
        before = d.counters()["wake-stale"]
        os.kill(d.workers[0], signal.SIGSTOP)
        sent = int(post(q, f"fill={name}").split()[1])
        check(50 < sent < 10000, f"{sent} messages fit")
        equal(post(q, f"id={name}"), b"status -11", "one more")
        os.kill(d.workers[0], signal.SIGCONT)
        while d.counters()["wake-stale"] < before + sent:
            pass
        equal(d.counters()["full-wakes"], 2, "full-wakes")
        equal(post(q, f"id={name}&text=up"), b"status 0", "when there is room again")
        equal(answer(p, request), b"up", "who is woken")


run()
