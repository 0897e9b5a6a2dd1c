"""Start and end: READY, drain, the second signal, a supervisor that dies."""
import fcntl
import os
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time

from harness import *
from harness.control import processor_time
from harness.daemon import PROGRAM, private_directory
from harness.process import end_group, wait_end

SITE = """
workers: 2
resources:
  /hello: {module: hello}
  /slow: {module: separate, delay: 400ms}
  /never: {module: separate, delay: 1h}
drain: 1h
transmission: { ack-delay: 1ms }
"""


def waiting(p, uri):
    """A request that has begun to wait."""
    request = p.request("GET", uri)
    p.send(request)
    p.expect(ACK, EMPTY, mid=request.mid)
    return request


@test
def READY_says_that_it_serves():
    with Daemon(SITE) as d, d.peer() as p:
        check(any("STATUS=" in n for n in d.notified), f"{d.notified}")
        equal(p.get("/hello").code, code("2.05"), "the very first answer")
        equal(sorted(d.workers), [0, 1], "workers")


@test
def nobody_has_to_listen_to_READY():
    d = Daemon(SITE, env={"NOTIFY_SOCKET": ""}).start(ready=False)
    with d:
        d.wait_log("ready: 2 workers")
        with d.peer() as p:
            equal(p.get("/hello").code, code("2.05"), "answer")
        equal(d.notified, [], "notifications")


@test
def workers_of_root_are_somebody_else():
    if os.geteuid() != 0:
        raise Skip("needs root")
    with Daemon(SITE) as d:
        for pid in d.workers.values():
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                status = dict(line.rstrip().split(":\t", 1) for line in f if ":\t" in line)
            check("0" not in status["Uid"].split(), f"Uid {status['Uid']}")
            check("0" not in status["Gid"].split(), f"Gid {status['Gid']}")
            equal(int(status["CapEff"], 16), 0, "capabilities")


@test
def STOPPING_is_told():
    with Daemon(SITE) as d:
        d.signal(signal.SIGTERM)
        d.wait(lambda: any("STOPPING=1" in n for n in d.notified), "STOPPING=1")
        d.stop(None)


@test
def SIGINT_stops():
    with Daemon(SITE) as d:
        d.stop(signal.SIGINT)


@test
def SIGTERM_lets_waiting_requests_finish():
    with Daemon(SITE) as d, d.peer() as p:
        request = waiting(p, "/slow")
        d.signal(signal.SIGTERM)
        m = p.expect(CON, "2.05", token=request.token)
        p.acknowledge(m)
        d.stop(None)


@test
def requests_that_would_wait_are_refused_while_draining():
    with Daemon(SITE.replace("workers: 2", "workers: 1")) as d, d.peer() as p:
        waiting(p, "/never")
        d.signal(signal.SIGTERM)
        while True:                     # the worker hears of it a moment later
            request = p.request("GET", "/never")
            p.send(request)
            m = p.receive()
            equal(m.mid, request.mid, "message ID")
            if m.code != EMPTY:
                break
        equal(m.code, code("5.03"), "refusal")
        check(m.uint("Max-Age"), f"no Max-Age in {m}")
        equal(p.get("/hello").code, code("2.05"), "what need not wait is served")
        d.signal(signal.SIGTERM)
        d.stop(None)


@test
def second_SIGTERM_stops_at_once():
    with Daemon(SITE) as d, d.peer() as p:
        waiting(p, "/never")
        d.signal(signal.SIGTERM)
        d.wait(lambda: any("STOPPING=1" in n for n in d.notified), "STOPPING=1")
        d.signal(signal.SIGTERM)
        d.stop(None)                    # bounded by less than the drain time


@test
def drain_time_is_a_bound():
    with Daemon(SITE.replace("drain: 1h", "drain: 100ms")) as d, d.peer() as p:
        waiting(p, "/never")
        d.stop()


def taken(fd, process):
    """Waits until what is in the pipe has been read: its reader awaits more."""
    end = time.monotonic() + TIMEOUT
    while struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0"))[0]:
        check(time.monotonic() < end and not wait_end(process, 0.05), "nobody reads the pipe")


@test
def the_first_process_of_a_container_stops_before_it_serves():
    """It gets no signal that it has no handler for, and here is still to read its site."""
    if os.geteuid() != 0:
        raise Skip("needs root")
    with tempfile.TemporaryDirectory(prefix="coapd-stop-") as directory:
        pipe = os.path.join(directory, "site.yaml")
        os.mkfifo(pipe)
        writer = os.open(pipe, os.O_RDWR)
        os.write(writer, b"#")
        p = subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", PROGRAM, "--config", pipe],
                             stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            taken(writer, p)
            with open(f"/proc/{p.pid}/task/{p.pid}/children", encoding="ascii") as f:
                first, = f.read().split()
            os.kill(int(first), signal.SIGTERM)
            check(wait_end(p, TIMEOUT), "it does not stop")
            equal(p.returncode, 0, "exit status")
            os.close(writer)
        finally:
            end_group(p)


@test
def workers_end_with_their_supervisor():
    d = Daemon(SITE, status=-signal.SIGKILL).start()
    try:
        fds = [os.pidfd_open(pid) for pid in d.workers.values()]
        d.signal(signal.SIGKILL)
        equal(d.wait_end(), -signal.SIGKILL, "status")
        for fd in fds:
            check(select.select([fd], [], [], TIMEOUT)[0], "a worker outlives its supervisor")
            os.close(fd)
    finally:
        d.destroy()


PLACE = """
workers: 3
watchdog: 0
listen: [ "coap://[::1]:5683" ]
control: { socket: "%s/control" }
resources:
  /hello: {module: hello}
  /crash: {module: crash}
"""


def hang(d, p):
    """A worker that does not come back; its pid."""
    p.send(p.request("GET", "/crash?how=spin"))
    while True:
        for pid in d.workers.values():
            if processor_time(pid) > 5:
                return pid


@test
def whatever_workers_do_another_coapd_starts_at_once():
    """They sleep, stand still or spin while their supervisor is killed."""
    place = private_directory()
    try:
        with Namespace():
            d = Daemon(PLACE % place, status=-signal.SIGKILL).start()
            try:
                fds = [os.pidfd_open(pid) for pid in d.workers.values()]
                with d.peer() as p:
                    spins = hang(d, p)
                os.kill(next(pid for pid in d.workers.values() if pid != spins), signal.SIGSTOP)
                d.signal(signal.SIGKILL)
                d.wait_end()
                for fd in fds:
                    check(select.select([fd], [], [], TIMEOUT)[0], "a worker is left")
                    os.close(fd)
                with Daemon(PLACE % place) as second, second.peer() as p:
                    for _ in range(20):
                        equal(p.get("/hello").code, code("2.05"), "answer of the next one")
            finally:
                d.destroy()
    finally:
        shutil.rmtree(place)


run()
