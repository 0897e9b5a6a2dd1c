"""A module that kills its worker, in every place where it has the word: the loss has a bound,
is counted, and the log says whose it was."""
import os

from harness import *

SITE = """
workers: 2
resources:
  /fatal: {module: fatal, open: @DIR@/open, close: @DIR@/close}
  /hello: {module: hello}
"""
DIED = r"died of SIGABRT in /fatal \(module fatal\)"
GIVEN_UP = r"resource /fatal: module fatal: its hook killed too many workers"


def deaths(d, pattern=DIED):
    return len(d.records(pattern))


def lives_on(d, p):
    equal(p.get("/hello").code, code("2.05"), "the others are served")
    c = d.counters()
    equal((c["adopt-wiped"], c["adopt-dropped"]), (0, 0), "wiped, dropped")
    return c


def given_up(d, p, n=3, counter="module-failed"):
    """It died so often, and that was all."""
    d.wait_log(GIVEN_UP)
    equal(deaths(d), n, "deaths")
    equal(lives_on(d, p)[counter], 1, counter)


def touch(d, name):
    with open(os.path.join(d.directory, name), "w", encoding="ascii"):
        pass


def untouch(d, name):
    os.unlink(os.path.join(d.directory, name))


# --- events of a request: a safe one is delivered again, in all three times --------------

def asked(event, more="", method="GET", site=SITE):
    with Daemon(site) as d, d.peer() as p, d.peer() as other:
        r = p.request(method, f"/fatal?in={event}{more}")
        p.send(r)
        m = p.answer(r)
        equal(m.code, code("5.00"), f"code of {m}")
        given_up(d, other)


def asked_once(event, wanted, more="", site=SITE):
    with Daemon(site) as d, d.peer() as p, d.peer() as other:
        r = p.request("GET", f"/fatal?in={event}&once{more}")
        p.send(r)
        equal(p.answer(r).code, code(wanted), "code")
        equal(lives_on(d, other)["module-failed"], 0, "module-failed")
        equal(deaths(d), 1, "deaths")


@test
def in_the_event_of_a_request():
    asked("request")
    asked_once("request", "2.04")


@test
def while_a_body_is_read():
    asked("read")


@test
def in_the_event_of_a_timer():
    asked("timer")
    asked_once("timer", "2.04")


@test
def in_the_event_of_a_job():
    asked("job")
    asked_once("job", "5.03")                   # the job's end is lost with its worker


@test
def in_the_event_of_a_response():
    """A successor asks again, after the time that the dead one would have waited."""
    site = SITE + "transmission: { ack-timeout: 300ms }\n"
    asked("response", "&to=1", site=site)
    asked_once("response", "2.04", "&to=1", site=site)


@test
def when_it_is_woken():
    asked("woken")
    asked_once("woken", "2.04")


@test
def in_a_request_that_may_not_run_twice():
    for event in ("request", "timer", "job", "woken"):
        with Daemon(SITE) as d, d.peer() as p:
            r = p.request("POST", f"/fatal?in={event}")
            p.send(r)
            equal(p.answer(r).code, code("5.00"), "code")
            d.wait_log("a worker died in a request that may not run twice")
            equal(deaths(d), 1, "deaths")
            equal(lives_on(d, p)["exec-lost"], 1, "exec-lost")


# --- bodies in parts -----------------------------------------------------------------------

def part(p, event, number, more=True):
    return p.ask("PUT", f"/fatal?in={event}", payload=bytes(64),
                 options=[("Block1", uint(number << 4 | more << 3 | 2))])


@test
def in_a_part_of_a_body():
    with Daemon(SITE) as d, d.peer() as p:
        equal(part(p, "part", 0).code, code("2.31"), "the first")
        equal(part(p, "part", 1).code, code("5.00"), "the second")
        equal(part(p, "part", 2).code, code("4.08"), "what comes behind it")
        c = lives_on(d, p)
        equal(deaths(d), 1, "deaths")
        equal((c["exec-lost"], c["module-failed"]), (1, 0), "exec-lost, module-failed")


@test
def when_a_body_is_given_up():
    with Daemon(SITE) as d, d.peer() as p, d.peer() as other:
        equal(part(p, "cancel", 0).code, code("2.31"), "the first")
        # It brought three deaths about, whoever's they were.
        equal(part(p, "cancel", 0).code, code("5.00"), "the first of another")
        d.wait_log(GIVEN_UP + "; what is left of a body is not undone")
        equal(deaths(d), 3, "deaths")
        equal(lives_on(d, other)["module-failed"], 2, "module-failed")
        equal(part(p, "cancel", 0).code, code("2.31"), "the first of a third")
        equal(part(p, "cancel", 1, False).code, code("2.04"), "the last of it")


# --- what nobody asked for -----------------------------------------------------------------

@test
def while_the_state_is_made_for_observers():
    with Daemon(SITE) as d, d.peer() as p, d.peer() as other:
        r = p.request("GET", "/fatal?in=render", options=[("Observe", 0)])
        p.send(r)
        check(p.answer(r).all("Observe"), "it is observed")
        equal(other.ask("PUT", "/fatal?change").code, code("2.04"), "PUT")
        p.acknowledge(p.expect(CON, "5.00", token=r.token, without=["Observe"]))
        given_up(d, p)
        equal(d.counters()["observers-ended"], 1, "observers-ended")


@test
def in_a_task_of_its_own():
    with Daemon(SITE) as d, d.peer() as p:
        equal(p.ask("POST", "/fatal?in=run").code, code("2.04"), "POST")
        d.wait_log(GIVEN_UP + "; its task is ended")
        given_up(d, p, counter="task-failed")
        equal(p.ask("POST", "/fatal?in=run&once").code, code("2.04"), "POST")
        d.wait_log("/fatal: the task ran")
        equal(deaths(d), 4, "deaths")


@test
def on_a_thread():
    """Nothing tells one thread of a process that has died from another, so the death is
    without a name; but who had jobs there is named."""
    with Daemon(SITE) as d, d.peer() as p:
        r = p.request("GET", "/fatal?in=job&once&thread")
        # Its end is told to the event that is to die once, too.
        p.send(r)
        equal(p.answer(r).code, code("5.03"), "code")
        d.wait_log("resource /fatal: module fatal: a job of it died with its worker")
        equal(deaths(d, "died of SIGABRT"), 2, "deaths")
        check(lives_on(d, p)["job-lost"] >= 1, "job-lost")


# --- before and after all ------------------------------------------------------------------

@test
def when_it_opens():
    with Daemon(SITE) as d:
        peers = [d.peer() for _ in range(32)]
        touch(d, "open")
        os.kill(d.workers[0], 9)
        for _ in range(3):
            mark = d.mark()
            r = d.wait_log(r"died of SIGABRT in open\(\) or close\(\) of /fatal "
                           r"\(module fatal\), restarting in", mark)
            equal(r.level, "error", f"level of {r.line}")
        untouch(d, "open")
        for p in peers:                         # whosever they are
            equal(p.get("/hello").code, code("2.05"), "answer")
        counted = d.counters()["open-lost"]
        equal(counted, len(d.records(r"died of SIGABRT in open\(\)")), "open-lost")
        for p in peers:
            p.close()


@test
def when_it_opens_for_the_first_time():
    d = Daemon(SITE, status=1)
    touch(d, "open")
    d.start(ready=False)
    equal(d.wait_end(), 1, "exit status")
    d.wait_log("start failed, nothing is left running")
    equal(len(d.records(r"error: \S+/site\.yaml:3:20: worker 0 \(pid \d+\) died of SIGABRT in open\(\) "
                        r"or close\(\) of /fatal")), 3, "deaths")
    d.stop()


HANGING = '''
open-time: 3s
resources:
  /hello: {module: hello}
  /fatal: {module: fatal, hang: @DIR@/hang}
'''


@test
def when_it_hangs_while_it_opens():
    d = Daemon(HANGING, status=1)
    touch(d, "hang")
    d.start(ready=False)
    equal(d.wait_end(), 1, "exit status")
    d.wait_log(r"error: \S+/site\.yaml:4:20: worker 0 \(pid \d+\) hangs in open\(\) of /fatal "
               r"\(module fatal\): it has not been back for 3000 ms \(open-time\), killing it")
    d.wait_log("start failed, nothing is left running")
    equal(len(d.records("hangs in")), 1, "times it was tried")
    d.stop()


@test
def when_it_hangs_later_while_it_opens():
    with Daemon(HANGING) as d, d.peer() as p:
        touch(d, "hang")
        mark = d.mark()
        os.kill(d.workers[1], 9)
        d.wait_log(r"site\.yaml:4:20: worker 1 \(pid \d+\) hangs in open\(\) of /fatal ", mark)
        untouch(d, "hang")
        for _ in range(20):                     # by both of them
            equal(p.get("/hello").code, code("2.05"), "answer")


@test
def when_it_closes():
    d = Daemon(SITE)
    with d:
        touch(d, "close")
        d.stop()
    equal(len(d.records(r"died of SIGABRT in open\(\) or close\(\) of /fatal")), 2, "deaths")


run()
