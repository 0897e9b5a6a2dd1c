"""Workers that do not come back to their loop are killed and replaced; the service manager
hears that all is well."""
import os
import re
import signal

from harness import *

# Longer than a loaded machine may hold a worker that is fine.
SITE = """
workers: 2
watchdog: 3s
resources:
  /hello: {module: hello}
  /crash: {module: crash}
  /time: time
"""


@test
def a_stopped_worker_is_replaced():
    with Daemon(SITE) as d:
        mark, old = d.mark(), d.workers[1]
        os.kill(old, signal.SIGSTOP)
        d.wait_log(rf"error: worker 1 \(pid {old}\) hangs: it has not been back for 3000 ms "
                   r"\(watchdog\), killing it", since=mark)
        d.wait_log(rf"worker 1 started \(pid (?!{old}\))", since=mark)
        with d.peer() as p:
            for _ in range(20):
                equal(p.get("/hello").code, code("2.05"), "answer")


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
            d.wait(lambda: any(re.search("STATUS=2 workers, 2 slots, 3 resources; 1 requests, ./s; "
                                         "1 peers, 1 observers", n) for n in d.notified), "the figures")


@test
def a_reload_begins_and_ends():
    with Daemon(SITE) as d:
        d.signal(signal.SIGHUP)
        d.wait(lambda: len([n for n in d.notified if "READY=1" in n]) == 2, "READY=1 again")
        check(any(n.startswith("RELOADING=1\nMONOTONIC_USEC=") for n in d.notified), "RELOADING=1")


run()
