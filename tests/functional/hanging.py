"""Workers that do not come back to their loop are killed and replaced; the service manager
hears that all is well."""
import os
import re
import signal
import subprocess
import time

from harness import *

# Who has too little of the processors is not killed for that.
SITE = """
workers: 2
watchdog: 1s
resources:
  /hello: {module: hello}
  /crash: {module: crash}
  /time: time
  /slow: {module: separate, delay: 1s}
transmission: { ack-delay: 1ms, ack-timeout: 1m }
"""


def serves(d):
    with d.peer() as p:
        for _ in range(20):
            equal(p.get("/hello").code, code("2.05"), "answer")


@test
def a_stopped_worker_is_replaced_and_going_on_is_too_late():
    with Daemon(SITE) as d:
        mark, old = d.mark(), d.workers[1]
        os.kill(old, signal.SIGSTOP)
        d.wait_log(rf"error: worker 1 \(pid {old}\) hangs: it has not been back for 1000 ms "
                   r"\(watchdog\), killing it", since=mark)
        try:
            os.kill(old, signal.SIGCONT)        # perhaps before it is dead
        except ProcessLookupError:
            pass
        d.wait_log(rf"worker 1 started \(pid (?!{old}\b)", since=mark)
        serves(d)
        d.stop()
        equal(len(d.records("worker 1 started")), 2, "processes of worker 1")


@test
def one_that_goes_on_in_time_is_left_alone():
    with Daemon(SITE.replace("watchdog: 1s", "watchdog: 1h")) as d:
        old = dict(d.workers)
        for pid in old.values():
            os.kill(pid, signal.SIGSTOP)
            os.kill(pid, signal.SIGCONT)
        serves(d)
        equal(d.workers, old, "workers")


@test
def what_is_kept_moves_to_the_successor_of_a_stopped_one():
    """A request that waits in its slot is answered by who comes next."""
    with Daemon(SITE.replace("workers: 2", "workers: 1")) as d, d.peer() as p:
        request = p.request("GET", "/slow")
        p.send(request)
        p.expect(ACK, EMPTY, mid=request.mid)
        os.kill(d.workers[0], signal.SIGSTOP)
        plain = p.request("GET", "/hello")
        p.send(plain)
        got = {m.token: m for m in (p.receive(), p.receive())}
        equal(got[plain.token].code, code("2.05"), "what came while it was stopped")
        equal(got[request.token].code, code("2.05"), "what waited in it")
        p.acknowledge(got[request.token])


@test
def a_module_that_hangs_is_named_and_its_request_goes_on():
    with Daemon(SITE) as d, d.peer() as p:
        mark = d.mark()
        request = p.request("GET", "/crash?how=hang")
        p.send(request)
        d.wait_log(r"error: worker \d \(pid \d+\) hangs in /crash \(module crash\): ", since=mark)
        answer = p.expect(ACK, code("2.05"), mid=request.mid)
        equal(answer.payload, b"delivery 1", "what is said by the second time")


@test
def a_loop_without_end_is_met_like_that_by_default():
    with Daemon(SITE.replace("watchdog: 1s\n", "")) as d, d.peer() as p:
        mark = d.mark()
        request = p.request("GET", "/crash?how=spin")
        p.send(request)
        d.wait_log(r"error: worker \d \(pid \d+\) hangs in /crash \(module crash\): .* 800 ms",
                   since=mark)
        answer = p.expect(ACK, code("2.05"), mid=request.mid)
        equal(answer.payload, b"delivery 1", "what is said by the second time")


def keep_busy(processor):
    """A process that wants this processor all the time."""
    # Each in a session of its own, as the kernel may share out among those first.
    p = subprocess.Popen(["yes"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         start_new_session=True)
    os.sched_setaffinity(p.pid, {processor})
    return p


@test
def who_has_too_little_of_a_processor_is_left_alone():
    """A hook takes 100 ms of a processor, and many times as long, as others want it too."""
    processor = min(os.sched_getaffinity(0))
    with Daemon(SITE.replace("1s", "500ms")) as d, d.peer() as p:
        others = [keep_busy(processor) for _ in range(20)]
        try:
            begin = time.monotonic()
            equal(p.get(f"/crash?toil={processor}").payload, b"delivery 0", "the first time")
            print(f"# it took {time.monotonic() - begin:.1f} s", flush=True)
        finally:
            for other in others:
                other.kill()
                other.wait()
        equal(d.records("hangs"), [], "who was killed")


@test
def one_that_hangs_again_and_again_is_given_up():
    with Daemon(SITE) as d, d.peer() as p:
        mark = d.mark()
        request = p.request("GET", "/crash?how=hang&times=9")
        p.send(request)
        p.expect(ACK, code("5.00"), mid=request.mid)
        equal(p.get("/hello").code, code("2.05"), "answer")
        d.stop()
        hangs = [r for r in d.log[mark:] if "hangs in /crash" in r.text]
        equal(len(hangs), 3, "times it was tried")


@test
def the_service_manager_is_fed():
    with Daemon(SITE, env={"WATCHDOG_USEC": "2000000"}) as d:
        d.wait(lambda: d.notified.count("WATCHDOG=1") >= 2, "WATCHDOG=1 twice")
        with d.peer() as p:
            equal(p.ask("GET", "/time", options=[("Observe", 0)]).code, code("2.05"), "answer")
            d.wait(lambda: any(re.search("STATUS=2 workers, 2 slots, 4 resources; 1 requests, ./s; "
                                         "1 peers, 1 observers", n) for n in d.notified), "the figures")


@test
def a_reload_begins_and_ends():
    with Daemon(SITE) as d:
        d.signal(signal.SIGHUP)
        d.wait(lambda: len([n for n in d.notified if "READY=1" in n]) == 2, "READY=1 again")
        check(any(n.startswith("RELOADING=1\nMONOTONIC_USEC=") for n in d.notified), "RELOADING=1")


run()
