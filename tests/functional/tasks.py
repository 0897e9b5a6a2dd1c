"""Tasks that are no requests, and what they await."""
import re

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
        check(d.records(r"worker 0: warn.*a job does not end"), "the log says so")


@test
def jobs_may_be_forbidden():
    with Daemon(JOBBER.replace("threads: 1", "threads: 0")) as d, d.peer() as p:
        equal(p.get("/job?ms=0").payload, b"none", "answer")


run()
