"""The installed program takes over in the process that is there: nothing is lost, or nothing
happens."""
import os
import re
import selectors
import shutil
import signal
import threading
import time

from harness import *
from harness.coapctl import coapctl
from harness.control import Control
from harness.daemon import PROGRAM

CONTROL = 'control: { socket: "@DIR@/control" }\nslots: 2\n'
SITE = CONTROL + """
resources: { /hello: hello, /time: time, /block: block,
             /late: { module: separate, delay: 10m } }
"""
GOES_ON = "the program that was there goes on"


class Installed(Daemon):
    """A daemon whose program is a file of its own."""

    def __init__(self, site, **more):
        super().__init__(site, **more)
        self.program = os.path.join(self.directory, "coapd")
        self.install()

    def install(self, text=None, mode=0o755):
        """Another file in its place: the same program, or a text."""
        new = self.program + ".new"
        if text is None:
            shutil.copy(PROGRAM, new)
        else:
            with open(new, "w", encoding="utf-8") as f:
                f.write(text)
        os.chmod(new, mode)
        os.rename(new, self.program)

    def upgrade(self, site=None, status=0):
        if site is not None:
            self.rewrite(site)
        return coapctl("upgrade", socket=os.path.join(self.directory, "control"), status=status)

    def is_program_of(self, pid):
        """Whether the process runs what is in the file now."""
        there, is_it = os.stat(self.program), os.stat(f"/proc/{pid}/exe")
        return (there.st_dev, there.st_ino) == (is_it.st_dev, is_it.st_ino)

    def everybody(self):
        self.settle()
        return [self.pid, *self.workers.values()]


@test
def the_installed_program_takes_over():
    with Installed(SITE) as d, d.peer() as p:
        p.answers("/hello")
        before = d.everybody()
        d.install()
        check(not any(d.is_program_of(pid) for pid in before), "the file is not another")
        d.wait(lambda: any("kept/state/" in n for n in d.notified), "all that is told of the start")
        told = len(d.notified)
        out = d.upgrade()
        check(re.search(r"coapd \S+ has taken over: 2 workers, 2 slots, 4 resources", out), out)
        check(all(d.is_program_of(pid) for pid in d.everybody()), "not all are the new program")
        equal(len(set(d.everybody()) & set(before)), 1, "processes that stay: the supervisor")
        p.answers("/hello")
        d.wait(lambda: any("READY=1" in n for n in d.notified[told:]), "READY=1")
        check("RELOADING=1" in d.notified[told], d.notified[told:])
        d.signal(signal.SIGHUP)         # and it is told what the one before was told
        d.wait_log("the new site is served")
        p.answers("/hello")


@test
def a_new_site_comes_with_it():
    with Installed(SITE) as d, d.peer() as p:
        d.upgrade(CONTROL + "workers: 1\nresources: { /clock: time }\n")
        p.answers("/clock")
        p.answers("/hello", "4.04")
        equal(len(d.records("has taken over: 1 workers, 2 slots, 1 resources")), 1, "records")


@test
def no_request_is_lost():
    def upgrades():
        for _ in range(5):
            d.install()
            d.upgrade()
    with Installed(SITE) as d:
        d.asked_all_the_time("/hello", upgrades)


@test
def what_waits_and_what_was_counted_goes_on():
    with Installed(SITE.replace("delay: 10m", "delay: 1s")) as d, d.peer() as p:
        p.ask("PUT", "/block", payload=b"12345")
        requests = d.counters()["requests"]
        sent = p.request("GET", "/late")
        p.send(sent)
        p.expect(ACK, EMPTY, sent.mid)
        d.upgrade()
        m = p.expect(CON, "2.05", token=sent.token)
        p.acknowledge(m)
        equal(d.counters()["requests"], requests + 1, "requests")
        equal(d.module_counters()["/block", "stored"], 1, "stored")
        p.send(sent)                    # a duplicate is known
        equal(p.receive().mid, sent.mid, "message ID")
        equal(d.counters()["requests"], requests + 1, "requests after a duplicate")


VALUE = CONTROL + """
resources: { /hello: hello, /value: { module: value, file: "@DIR@/value" } }
"""


@test
def observers_stay_while_limits_change():
    d = Installed("log: { level: info }\nlimits: { endpoints: 1000, dedup: 2000, exchanges: 500, waiting: 500, "
                  "messages: 500 }\n" + VALUE)
    path = os.path.join(d.directory, "value")
    with open(path, "wb"):
        pass
    os.chmod(path, 0o666)
    with d.start(), d.peer() as p, d.peer() as q:
        q.ask("PUT", "/value", payload=b"1")
        check(p.get("/value", options=[("Observe", 0)], token=b"\x0b").uint("Observe") is not None, "no observer")
        for n, endpoints in enumerate((1000, 4000, 100)):
            d.upgrade(f"log: {{ level: info }}\nlimits: {{ endpoints: {endpoints}, dedup: 2000, exchanges: 500, "
                      "waiting: 500, messages: 500 }\n" + VALUE)
            q.ask("PUT", "/value", payload=bytes([n]))
            while True:
                m = p.receive()
                if m.type == CON:
                    p.acknowledge(m)
                if m.payload == bytes([n]):
                    break
        check(d.records("is laid out anew"), "memory has never moved")
        equal(d.counters()["import-refused"], 0, "refused")


# What is installed, and what is said of it.
BAD = {
    "says what is wrong": ("#!/bin/sh\necho 'no such library' >&2; exit 127\n", "no such library"),
    "says nothing": ("#!/bin/sh\nexit 3\n", "ended with status 3"),
    "crashes": ("#!/bin/sh\nkill -SEGV $$\n", r"ended by signal 11 \(Segmentation fault\)"),
    "is no program": ("no program\n", "cannot be executed: Exec format error"),
    "knows nothing of it": ("#!/bin/sh\nfor o; do case $o in --rehearse=*) echo \"$o is no option\"; exit 2;; esac; done\n",
                            r"--rehearse=\d+ is no option"),
}


@test
def a_program_that_is_no_good_changes_nothing():
    with Installed(SITE) as d, d.peer() as p:
        before = d.everybody()
        for name, (text, pattern) in BAD.items():
            d.install(text)
            err = d.upgrade(status=1)
            check(re.search(pattern, err) and GOES_ON in err, f"{name}: {err}")
            p.answers("/hello")
        d.install("", mode=0o644)
        check("cannot be executed: Permission denied" in d.upgrade(status=1), "not executable")
        os.unlink(d.program)
        check("cannot be executed: No such file" in d.upgrade(status=1), "not there")
        equal(d.everybody(), before, "processes")
        d.install()
        d.upgrade()
        p.answers("/hello")
        check(all(d.is_program_of(pid) for pid in d.everybody()), "not all are the new program")


@test
def a_program_that_hangs_can_be_ended():
    with Installed(SITE) as d, d.peer() as p:
        fifo = d.program + ".pid"
        os.mkfifo(fifo)
        d.install(f"#!/bin/sh\necho $$ > {fifo}; exec sleep 1000\n")
        result = []
        t = threading.Thread(target=lambda: result.append(d.upgrade(status=1)))
        t.start()
        with open(fifo, encoding="ascii") as f:     # waits until somebody writes
            pid = int(f.readline())
        p.answers("/hello")
        os.kill(pid, signal.SIGKILL)
        t.join()
        check("ended by signal 9" in result[0], result)
        p.answers("/hello")


@test
def a_site_with_a_mistake_changes_nothing():
    bad = {"resources: { /a: helo }\n": r"site\.yaml:3:18: module helo: .*did you mean hello",
           "slots: 3\n": r"slots: 2 cannot become 3 while coapd runs",
           'listen: "coap://[2001:db8::1]"\n': r"site\.yaml:3:9: listen: ",
           "access-log: { file: /nonexistent/log }\n": r"access-log\.file: cannot make /nonexistent/log"}
    with Installed(SITE) as d, d.peer() as p:
        before = d.everybody()
        for text, pattern in bad.items():
            control = CONTROL.replace("slots: 2", "" if text.startswith("slots") else "slots: 2")
            err = d.upgrade(control + text, status=1)
            check(re.search(pattern, err), err)
            p.answers("/hello")
        equal(d.everybody(), before, "processes")


@test
def workers_that_do_not_get_ready_have_the_old_program_come_back():
    with Installed(SITE) as d, d.peer() as p:
        workers = dict(d.workers)
        open(os.path.join(d.directory, "open"), "w").close()
        d.install()
        bad = {'/fatal: {module: fatal, open: "@DIR@/open"}': r"died of SIGABRT in open\(\)",
               '/v: {module: value, file: "/nowhere"}': "module value does not open"}
        for mount, pattern in bad.items():
            err = d.upgrade(SITE.replace("/time: time", mount), status=1)
            check(re.search(pattern, err) and GOES_ON in err, err)
            p.answers("/time")
            equal(d.workers, workers, "workers")
            check(not d.is_program_of(d.pid), "the new program is still there")
        equal([r.who for r in d.records() if r.pid == d.pid and r.who != "supervisor"], [], "other names in the log")
        # It has workers of its own again, and can be replaced after all.
        d.kill(0)
        check(not d.is_program_of(d.workers[0]), "a worker of the new program")
        p.answers("/time")
        d.upgrade(SITE)
        check(all(d.is_program_of(pid) for pid in d.everybody()), "not all are the new program")
        p.answers("/time")


@test
def what_variables_give_is_not_told():
    secret = "Xq7-not-to-be-told"
    site = CONTROL + """
resources: { /hello: {module: hello, text: "${TEXT}"}, /v: hello }
log: { level: debug }
"""
    with Installed(site, env={"TEXT": secret}) as d, d.peer() as p:
        d.upgrade()
        equal(p.get("/hello").payload, secret.encode(), "answer")
        d.upgrade(site.replace("/v: hello", '/v: {module: value, file: "/nowhere"}'), status=1)
        d.kill(0)
        d.kill(1)
        equal(p.get("/hello").payload, secret.encode(), "answer after going back")
        check(not d.records(re.escape(secret)), "it is in the log")


@test
def workers_that_die_meanwhile_are_replaced():
    with Installed(SITE) as d, d.peer() as p:
        for _ in range(5):
            t = threading.Thread(target=d.upgrade)
            t.start()
            try:
                os.kill(d.workers[0], signal.SIGKILL)
            except ProcessLookupError:      # it has left just now
                pass
            t.join()
            p.answers("/hello")


@test
def all_who_ask_meanwhile_are_told():
    with Installed(SITE) as d, d.peer() as p:
        result = []
        control = os.path.join(d.directory, "control")

        def ask(what):
            result.append(coapctl(what, socket=control))
        threads = [threading.Thread(target=ask, args=(what,)) for what in ("upgrade", "reload") * 3]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        equal(len(result), 6, "answers")
        check(any("has taken over" in r for r in result), result)
        p.answers("/hello")


@test
def who_asks_nothing_meanwhile_may_ask_afterwards():
    with Installed(SITE) as d, Control(os.path.join(d.directory, "control")) as before:
        with Control(os.path.join(d.directory, "control")) as other:
            for n in range(3):
                d.upgrade()
                check("error" not in before.ask("status")[-1], f"an error after {n + 1}")
            check(other.ask("status"), "nothing for who had never asked")


RUN = 'runtime-directory: "@DIR@/run"\n'


def in_own_directory(site):
    d = Installed(site)
    os.mkdir(os.path.join(d.directory, "run"), 0o755)
    return d


@test
def files_of_modules_stay_where_they_are():
    with in_own_directory(RUN + SITE) as d, d.peer() as p:
        run_at = os.path.join(d.directory, "run")
        before = os.listdir(run_at)
        equal(len(before), 1, "directories")
        d.upgrade()
        d.upgrade(RUN + SITE.replace("/time: time", '/v: {module: value, file: "/nowhere"}'), status=1)
        d.upgrade(RUN + SITE.replace("/hello: hello", "/hi: hello"))
        p.answers("/hi")
        equal(os.listdir(run_at), before, "directories")
        d.signal(signal.SIGTERM)
        d.wait_end()
        equal(os.listdir(run_at), [], "directories in the end")


class Strange(Installed):
    """One whose paths, but that of the control socket, are no UTF-8."""

    def __init__(self, site):
        super().__init__(site)
        self.place = os.path.join(self.directory, os.fsdecode(b"\xfc\xe2\x82"))
        self.run_at = os.path.join(self.place, "run")
        os.makedirs(self.run_at)
        self.env["RUNTIME_DIRECTORY"] = self.run_at
        for name in ("program", "modules", "site"):
            there = os.path.join(self.place, name)
            os.rename(getattr(self, name), there)
            setattr(self, name, there)
        self.arguments = ["--config", self.site]


@test
def paths_may_be_of_any_bytes():
    with Strange(SITE) as d, d.peer() as p:
        before = os.listdir(d.run_at)
        equal(len(before), 1, "directories")
        for _ in range(2):
            d.install()
            d.upgrade()
            p.answers("/hello")
        check(all(d.is_program_of(pid) for pid in d.everybody()), "not all are the new program")
        os.unlink(d.program)
        err = d.upgrade(status=1)
        check("/program cannot be executed: No such file" in err, err)
        equal(os.listdir(d.run_at), before, "directories")
        d.signal(signal.SIGTERM)
        d.wait_end()
        equal(os.listdir(d.run_at), [], "directories in the end")


WRAPPER = """#!/bin/sh
case $1 in {when}*) {do} ;; esac
exec {real} "$@"
"""


def wrap(d, when, do):
    """Installs a program that does something before it is the real one."""
    real = d.program + ".real"
    if not os.path.exists(real):
        shutil.copy(PROGRAM, real)
    d.install(WRAPPER.format(when=when, do=do, real=real))


def in_a_moment(d, number):
    """What a signal does that comes when the rehearsal has ended, and before that is known."""
    fifo = os.path.join(d.directory, f"fifo{number}")
    os.mkfifo(fifo)
    wrap(d, "--rehearse=", f"echo $$ >{fifo}; read x <{fifo}")
    result = []

    def ask():
        try:
            result.append(d.upgrade())
        except Failure as e:
            result.append(str(e))
    t = threading.Thread(target=ask)
    t.start()
    with open(fifo, encoding="ascii") as f:
        pid = int(f.readline())
    d.signal(signal.SIGSTOP)
    with open(fifo, "w", encoding="ascii") as f:
        f.write("on\n")
    wait_readable(os.pidfd_open(pid))
    d.signal(number)
    d.signal(signal.SIGCONT)
    t.join()
    return result[0]


def wait_readable(fd):
    with selectors.DefaultSelector() as s:
        s.register(fd, selectors.EVENT_READ)
        check(s.select(TIMEOUT), "it does not end")
    os.close(fd)


@test
def signals_of_the_last_moment_are_taken():
    with Installed(SITE) as d, d.peer() as p:
        said = in_a_moment(d, signal.SIGUSR1)
        check("has taken over" in said, said)
        d.wait_log("counters end")
        mark = d.mark()
        said = in_a_moment(d, signal.SIGHUP)
        check("has taken over" in said, said)
        d.wait_log("the new site is served", mark)
        p.answers("/hello")
        said = in_a_moment(d, signal.SIGTERM)
        check("has taken over" not in said, said)
        equal(d.wait_end(), 0, "status")


@test
def a_site_that_changes_in_between_is_refused():
    with Installed(SITE) as d, d.peer() as p:
        other = os.path.join(d.directory, "other.yaml")
        for site, pattern in ((SITE.replace("slots: 2", "slots: 4\nworkers: 4"), "slots: 2 cannot become 4"),
                              (SITE.replace("/hello: hello", "/hello: helo"), "did you mean hello")):
            d.rewrite(site)
            shutil.copy(d.site, other)
            d.rewrite(SITE)
            wrap(d, "--take-over=", f"cp {other} {d.site}")
            err = d.upgrade(status=1)
            check(re.search(pattern, err) and GOES_ON in err, err)
            p.answers("/hello")


@test
def a_link_that_leads_elsewhere_is_followed():
    d = Installed(SITE)
    for n in "1", "2":
        os.mkdir(os.path.join(d.directory, n))
        shutil.copy(PROGRAM, os.path.join(d.directory, n, "coapd"))
    os.unlink(d.program)
    os.symlink("1/coapd", d.program)
    with d.start(), d.peer() as p:
        os.symlink("2/coapd", d.program + ".new")
        os.rename(d.program + ".new", d.program)
        d.upgrade()
        check(all(d.is_program_of(pid) for pid in d.everybody()), "not all are the new program")
        p.answers("/hello")


def held(d):
    """The workers of the program after, that wait for their turn or hang before it."""
    found = []
    with open(f"/proc/{d.pid}/task/{d.pid}/children", encoding="ascii") as f:
        for pid in f.read().split():
            try:
                with open(f"/proc/{pid}/cmdline", encoding="utf-8") as line:
                    if "--take-over" in line.read():
                        found.append(int(pid))
            except (FileNotFoundError, ProcessLookupError):     # it has ended just now
                pass
    return found


@test
def a_reload_that_is_asked_for_meanwhile_follows_in_the_old_program():
    with Installed(SITE) as d, d.peer() as p:
        open(os.path.join(d.directory, "hang"), "w", encoding="ascii").close()
        d.rewrite(SITE.replace("/time: time", '/v: {module: fatal, hang: "@DIR@/hang"}'))
        result = []
        t = threading.Thread(target=lambda: result.append(d.upgrade(status=1)))
        t.start()
        end = time.monotonic() + TIMEOUT
        while len(held(d)) < 2:
            check(time.monotonic() < end, "no workers are held")
        d.rewrite(SITE.replace("/hello: hello", "/hi: hello"))
        d.signal(signal.SIGHUP)
        d.counters()                    # by then that is heard
        for pid in held(d):
            os.kill(pid, signal.SIGKILL)
        t.join()
        check(GOES_ON in result[0], result)
        d.wait_log("the new site is served")
        p.answers("/hi")


@test
def what_was_closed_opens_again_in_the_old_program():
    site = CONTROL + "crash-limit: 1\ncrash-pause: 1s\n" + "resources: { /hello: hello, /crash: crash }\n"
    with Installed(site) as d, d.peer() as p, d.peer() as q:
        q.send(q.request("GET", "/crash?how=segv"))
        d.wait_log("it is closed for")
        d.upgrade(site.replace("/hello: hello", '/v: {module: value, file: "/nowhere"}'), status=1)
        d.wait_log("open again")
        p.answers("/hello")


@test
def asked_to_stop_it_stops():
    with Installed(SITE) as d:
        def ask():
            try:
                d.upgrade()
            except Failure:         # it was quicker, or slower
                pass
        t = threading.Thread(target=ask)
        t.start()
        d.wait_log("asking the installed program")
        d.stop()
        t.join()


run()
