"""Descriptors that modules have watched: what comes there is an event like others."""
import os

from harness import *

SITE = """
workers: 1
slots: 2
slow-hook: %s
resources:
  /pipe: {module: pipe, file: @DIR@/fifo}
  /hello: {module: hello}
transmission: { ack-timeout: 30s, observe-pause: 0s }
"""


class Fifo(Daemon):
    def __init__(self, slow="0", **more):
        super().__init__(SITE % slow, **more)
        path = os.path.join(self.directory, "fifo")
        os.mkfifo(path)
        os.chmod(path, 0o666)
        self.fifo = os.open(path, os.O_RDWR)

    def write(self, what):
        os.write(self.fifo, what.encode())

    def __exit__(self, *a):
        super().__exit__(*a)
        os.close(self.fifo)


@test
def what_comes_is_read():
    for arguments in [], ["--debug"]:
        with Fifo(arguments=arguments) as d, d.peer() as p:
            d.write("ab")
            d.wait_log(r"/pipe: read a$")
            d.wait_log(r"/pipe: read b$")
            equal(p.get("/hello").code, code("2.05"), "others are served")


@test
def it_begins_tasks_and_wakes_them():
    with Fifo() as d:
        d.write("tw")
        d.wait_log(r"/pipe: start is 0$")
        d.wait_log(r"/pipe: a task runs$")
        d.wait_log(r"/pipe: woken by hello$")


@test
def one_that_is_taken_off_is_read_no_more():
    with Fifo() as d, d.peer() as p:
        d.write("o")
        d.wait_log(r"/pipe: off is 0$")
        d.write("a")
        equal(p.get("/hello").code, code("2.05"), "the loop turns")
        equal(d.records(r"/pipe: read a"), [], "what is read")


@test
def who_is_slow_in_it_is_named():
    with Fifo(slow="200ms") as d:
        d.write("s")
        d.wait_log(r"resource /pipe: module pipe: its hook took \d+ ms")
        d.write("a")
        d.wait_log(r"/pipe: read a$")
        # The other may have been held up as well.
        check(1 <= d.counters()["slow-hooks"] <= 2, "slow-hooks")


@test
def who_dies_in_it_is_named_and_the_next_worker_reads_on():
    with Fifo() as d:
        mark = d.mark()
        d.write("k")
        r = d.wait_log(r"died of SIGSEGV.*", since=mark)
        check("/pipe" in r.text and "module pipe" in r.text, r.line)
        d.write("a")
        d.wait_log(r"/pipe: read a$")


def observe(p, path="/pipe"):
    request = p.request("GET", path, options=[("Observe", 0)])
    p.send(request)
    return request, p.answer(request)


@test
def what_a_worker_notices_is_told_to_its_observers():
    with Fifo() as d, d.peer() as p:
        request, first = observe(p)
        equal(first.payload, b"0", "the state")
        for state in b"1", b"2":
            d.write("c")
            p.acknowledge(p.expect(CON, "2.05", token=request.token, payload=state))
        p.silence()


@test
def a_successor_tells_its_observers_anew():
    with Fifo() as d, d.peer() as p, d.peer() as other:
        request, _ = observe(p)
        d.write("c")
        p.acknowledge(p.expect(CON, "2.05", token=request.token, payload=b"1"))
        d.kill(0)
        p.acknowledge(p.expect(CON, "2.05", token=request.token, payload=b"0"))
        d.write("c")
        p.acknowledge(p.expect(CON, "2.05", token=request.token, payload=b"1"))


run()
