"""Another site takes over from the one that is served: nothing is lost, or nothing happens."""
import os
import re
import resource
import shutil
import signal
import threading

from harness import *
from harness.coapctl import coapctl
from harness.memory import descriptors

CONTROL = 'control: { socket: "@DIR@/control" }\nslots: 2\n'
SITE = CONTROL + """
resources: { /hello: hello, /time: time, /block: block,
             /late: { module: separate, delay: 10m } }
"""


def reload(d, site=None, status=0):
    """Has another site served; what coapctl says of it."""
    if site is not None:
        d.rewrite(site)
    return coapctl("reload", socket=os.path.join(d.directory, "control"), status=status)


@test
def mounts_come_and_go():
    with Daemon(SITE) as d, d.peer() as p:
        p.answers("/time")
        out = reload(d, CONTROL + "resources: { /hello: hello, /clock: time }\n")
        check("the new site is served: 2 workers, 2 slots, 2 resources" in out, out)
        p.answers("/hello")
        p.answers("/clock")
        p.answers("/time", "4.04")


@test
def SIGHUP_does_it_and_the_service_manager_is_told():
    with Daemon(SITE) as d, d.peer() as p:
        d.rewrite(CONTROL + "resources: { /clock: time }\n")
        before = len(d.notified)
        d.signal(signal.SIGHUP)
        d.wait_log("the new site is served")
        p.answers("/clock")
        def told_so_far():
            return [n for n in d.notified[before:] if "READY=1" in n or "RELOADING=1" in n]

        d.wait(lambda: len(told_so_far()) >= 2, "two notifications")
        told = told_so_far()
        check("RELOADING=1" in told[0] and "MONOTONIC_USEC=" in told[0], told)
        check("READY=1" in told[1], told)


BAD = {
    "syntax": ("resources: { /a: hello\n", r"site\.yaml:\d+:\d+: "),
    "unknown key": ("resorces: {}\n", r"site\.yaml:3:1: "),
    "no such module": ("resources: { /a: helo }\n", r"site\.yaml:3:18: module helo: .*did you mean hello"),
    "option of a module": ("resources: { /a: {module: hello, text: 1, more: 2} }\n", r"site\.yaml:3:\d+: .*more"),
    "slots": ("slots: 3\n", r"slots: 2 cannot become 3 while coapd runs"),
    "control socket": ('control: { socket: "/elsewhere" }\n', r"control.socket: .* cannot become /elsewhere"),
    "workers": ("workers: 3\n", r"workers: there cannot be 3, as clients are divided into 2 slots"),
    "an address that is not here": ('listen: "coap://[2001:db8::1]"\n', r"site\.yaml:3:9: listen: "),
    "a module that does not open": ('resources: { /v: {module: value, file: "/nowhere"} }\n',
                                    r"site\.yaml:3:\d+: .*module value does not open: No such file"),
    "an access log that cannot be opened": ("access-log: { file: /nonexistent/log }\n",
                                            r"site\.yaml:3:21: access-log\.file: cannot make /nonexistent/log: No such file"),
    "no user": ("user: nobody-at-all\n", r"there is no user nobody-at-all"),
}


@test
def a_site_with_a_mistake_changes_nothing():
    with Daemon(SITE) as d, d.peer() as p:
        workers = dict(d.workers)
        for name, (text, pattern) in BAD.items():
            base = 'control: { socket: "@DIR@/control" }\nslots: 2\n'
            if "control" in text:
                base = "slots: 2\n\n"
            elif text.startswith(("slots", "workers")):
                base = 'control: { socket: "@DIR@/control" }\n\n'
            if name == "no user" and os.getuid() != 0:
                continue
            err = reload(d, base + text, status=1)
            check(re.search(pattern, err), f"{name}: {err}")
            check("the site that was served goes on" in err, err)
            p.answers("/hello")
        equal(d.workers, workers, "workers")
        d.rewrite(SITE)
        reload(d)
        p.answers("/hello")


@test
def all_that_is_wrong_is_told_at_once():
    with Daemon(SITE) as d, d.peer() as p:
        resource.prlimit(d.pid, resource.RLIMIT_NOFILE, (140, 140))
        d.rewrite('control: { socket: "@DIR@/control" }\nslots: 3\nworkers: many\ndrain: 5\n'
                  "runtime-directory: /nonexistent\nlisten: [ " + '"coap://[::1]:0", ' * 15 + "]\n"
                  "resources: { /a: helo }\n")
        for what in ("reload", "upgrade"):
            err = coapctl(what, socket=os.path.join(d.directory, "control"), status=1)
            told = re.findall(r"site\.yaml:(\d+):\d+: (\S+)", err)
            equal(told, [("2", "slots:"), ("3", "workers:"), ("4", "drain:"),
                         ("5", "runtime-directory:"), ("5", "runtime-directory:"), ("6", "2"),
                         ("7", "module")], what)
        p.answers("/hello")


@test
def a_pipe_in_the_place_of_the_site_is_not_waited_for():
    with Daemon(SITE) as d, d.peer() as p:
        os.unlink(d.site)
        os.mkfifo(d.site)
        for what in ("reload", "upgrade"):
            err = coapctl(what, socket=os.path.join(d.directory, "control"), status=1)
            check(re.search(r"site\.yaml: is no regular file but a pipe, out of which nothing can be read again", err),
                  f"{what}: {err}")
            p.answers("/hello")
        os.unlink(d.site)
        reload(d, SITE)
        p.answers("/hello")


@test
def more_files_than_allowed_are_refused():
    site = SITE.replace("slots: 2", "slots: 16")
    with Daemon(site) as d, d.peer() as p:
        resource.prlimit(d.pid, resource.RLIMIT_NOFILE, (500, 500))
        reload(d, site)
        d.rewrite(site + "listen: [" + ", ".join(['"coap://[::1]:0"'] * 8) + "]\n")
        for what in ("reload", "upgrade"):
            err = coapctl(what, socket=os.path.join(d.directory, "control"), status=1)
            check(re.search(r"16 slots of 8 listeners take up to \d+ open files, but only 500 are allowed: "
                            r"raise the limit", err), f"{what}: {err}")
        p.answers("/hello")


@test
def a_module_that_crashes_in_open_changes_nothing():
    with Daemon(SITE) as d, d.peer() as p:
        open(os.path.join(d.directory, "open"), "w").close()
        err = reload(d, SITE.replace("/time: time", '/fatal: {module: fatal, open: "@DIR@/open"}'), status=1)
        check(re.search(r"died of SIGABRT in open\(\) or close\(\) of /fatal \(module fatal\)", err), err)
        p.answers("/time")


@test
def no_request_is_lost():
    def reloads():
        for n in range(10):
            reload(d, SITE.replace("/hello: hello", f"/hello: {{module: hello, text: '{n}'}}"))
    with Daemon(SITE) as d:
        d.asked_all_the_time("/hello", reloads)


@test
def what_waits_goes_on():
    with Daemon(SITE.replace("delay: 10m", "delay: 1s")) as d, d.peer() as p:
        sent = p.request("GET", "/late")
        p.send(sent)
        p.expect(ACK, EMPTY, sent.mid)
        reload(d)
        m = p.expect(CON, "2.05", token=sent.token)
        p.acknowledge(m)


@test
def what_waits_at_a_mount_that_goes_is_answered():
    with Daemon(SITE) as d, d.peer() as p:
        sent = p.request("GET", "/late")
        p.send(sent)
        p.expect(ACK, EMPTY, sent.mid)
        reload(d, CONTROL + "resources: { /hello: hello }\n")
        m = p.expect(CON, "5.03", token=sent.token)
        p.acknowledge(m)
        p.answers("/late", "4.04")


VALUE = CONTROL + """
resources: { /hello: hello, /value: { module: value, file: "@DIR@/value" } }
"""


def start_value(d):
    path = os.path.join(d.directory, "value")
    with open(path, "wb"):
        pass
    os.chmod(path, 0o666)
    return d.start()


def observe(p, path):
    m = p.get(path, options=[("Observe", 0)], token=b"\x0b")
    check(m.uint("Observe") is not None, f"observe: {m}")
    return m


@test
def observers_stay():
    with start_value(Daemon(VALUE)) as d, d.peer() as p, d.peer() as q:
        q.ask("PUT", "/value", payload=b"1")
        observe(p, "/value")
        reload(d, VALUE.replace("/hello: hello", "/hi: hello"))
        q.ask("PUT", "/value", payload=b"2")
        told(p, b"2")


def told(p, payload):
    """Until it is told this state."""
    while True:
        m = p.receive()
        equal(m.token, b"\x0b", "token")
        if m.type == CON:
            p.acknowledge(m)
        if m.payload == payload:
            return


@test
def observers_move_with_their_slots():
    """Another worker has them then, and is woken for what they observe."""
    with start_value(Daemon("workers: 1\n" + VALUE)) as d, d.peer() as q:
        peers = [d.peer() for _ in range(16)]
        q.ask("PUT", "/value", payload=b"0")
        for p in peers:
            observe(p, "/value")
        for i, n in enumerate((2, 1, 2)):
            reload(d, f"workers: {n}\n" + VALUE)
            q.ask("PUT", "/value", payload=b"with %d %d" % (n, i))
            for p in peers:
                told(p, b"with %d %d" % (n, i))
        for p in peers:
            p.close()


@test
def observers_of_a_mount_that_goes_are_told():
    with start_value(Daemon(VALUE)) as d, d.peer() as p, d.peer() as q:
        q.ask("PUT", "/value", payload=b"1")
        observe(p, "/value")
        reload(d, CONTROL + "resources: { /hello: hello }\n")
        m = p.receive()
        equal((m.code, m.token), (code("4.04"), b"\x0b"), "notification")


@test
def a_body_arrives_whole():
    body = bytes(range(256)) * 16
    with Daemon(SITE) as d, d.peer() as p:
        for n in range(64):
            m = p.ask("PUT", "/block", payload=body[n * 64:n * 64 + 64], token=bytes([n]),
                      options=[("Block1", n << 4 | (8 if n < 63 else 0) | 2)])
            equal(m.code, code("2.31" if n < 63 else "2.01"), f"block {n}")
            if n % 16 == 8:
                reload(d)
        got = b""
        for n in range(64):
            m = p.get("/block", options=[("Block2", n << 4 | 2)])
            got += m.payload
        equal(got, body, "body")


@test
def workers_become_fewer_and_more():
    with Daemon("workers: 2\n" + SITE) as d:
        peers = [d.peer() for _ in range(16)]
        for n in (1, 2, 1, 2):
            out = reload(d, f"workers: {n}\n" + SITE)
            check(f"the new site is served: {n} workers, 2 slots" in out, out)
            for p in peers:
                p.answers("/hello")
        for p in peers:
            p.close()


@test
def listeners_come_and_go():
    with Daemon('listen: ["coap://[::1]:0"]\n' + SITE) as d, d.peer() as p:
        p.answers("/hello")
        mark = d.mark()
        reload(d, 'listen: ["coap://[::1]:0", "coap://127.0.0.1:0"]\n' + SITE)
        new = d.wait_log(r"listening on coap://127\.0\.0\.1:(\d+)", mark)
        port = int(re.search(r":(\d+)$", new.text)[1])
        with Peer("127.0.0.1", port) as q:
            q.answers("/hello")
            p.answers("/hello")
            reload(d, 'listen: "coap://127.0.0.1:0"\n' + SITE)
            q.answers("/hello")
            p.socket.connect(d.address())
            p.socket.send(b"\x40\x01\x12\x34")
            try:
                p.socket.recv(100)
                raise Failure("somebody answers where nobody listens")
            except ConnectionRefusedError:
                pass


@test
def a_new_build_of_a_module_is_loaded():
    with Daemon(CONTROL + "resources: { /hello: hello }\n") as d, d.peer() as p:
        for edition in (b"1", b"2", b"1"):
            new = os.path.join(d.modules, "new")
            shutil.copy(os.path.join(d.modules, f"edition{edition.decode()}.so"), new)
            os.rename(new, os.path.join(d.modules, "edition.so"))
            reload(d, CONTROL + "resources: { /edition: edition }\n")
            equal(p.get("/edition").payload, edition, "build")


@test
def counters_of_modules_go_on():
    with Daemon(SITE) as d, d.peer() as p:
        for n in range(3):
            p.ask("PUT", "/block", payload=b"12345")
            reload(d)
            equal(d.module_counters()["/block", "stored"], n + 1, "stored")


LIMITS = "log: { level: info }\nlimits: { endpoints: %d, dedup: %d, exchanges: 500, waiting: %d, messages: 500 }\n"


@test
def limits_become_higher_and_lower_and_nobody_is_evicted():
    value = VALUE.replace("resources: {", "resources: { /late: {module: separate, delay: 10m},")
    with start_value(Daemon(LIMITS % (1000, 2000, 500) + value)) as d, d.peer() as p, d.peer() as q:
        q.ask("PUT", "/value", payload=b"1")
        observe(p, "/value")
        waiting = [d.peer() for _ in range(20)]
        sent = []
        for w in waiting:
            sent.append(w.request("GET", "/late"))
            w.send(sent[-1])
            w.expect(ACK, EMPTY, sent[-1].mid)
        for n, limits in enumerate(((4000, 8000, 900), (100, 100, 16), (1000, 2000, 500))):
            reload(d, LIMITS % limits + value)
            q.ask("PUT", "/value", payload=bytes([n]))
            while True:
                m = p.receive()
                if m.type == CON:
                    p.acknowledge(m)
                if m.payload == bytes([n]):
                    break
            for w, r in zip(waiting, sent):     # it is still known: a duplicate
                w.send(r)
                w.expect(ACK, EMPTY, r.mid)
            d.settle()                          # who the workers are is in the log
            equal([descriptors(pid)["/memfd:coapd-slot (deleted)"] for pid in d.workers.values()],
                  [1, 1], "memories of slots that workers have")
        check(d.records("is laid out anew"), "memory has never moved")
        equal(d.counters()["import-refused"], 0, "refused")
        for w in waiting:
            w.close()


@test
def the_user_changes():
    if os.getuid() != 0:
        raise Skip("only root can become another user")
    with Daemon("user: nobody\n" + SITE) as d:
        def users():
            found = set()
            d.settle()                  # their names are in the log
            for pid in d.workers.values():
                with open(f"/proc/{pid}/status", encoding="ascii") as f:
                    found.add(int(re.search(r"^Uid:\t(\d+)", f.read(), re.M)[1]))
            return found
        reload(d, "user: daemon\n" + SITE)
        equal(users(), {1}, "users")


@test
def asked_while_it_is_under_way_it_is_done_once_more():
    with Daemon(SITE) as d, d.peer() as p:
        procs = [threading.Thread(target=lambda: reload(d)) for _ in range(6)]
        for t in procs:
            t.start()
        for t in procs:
            t.join()
        p.answers("/hello")
        check(len(d.records("the new site is served")) <= 6, "more often than asked")


@test
def a_worker_that_dies_meanwhile_is_replaced():
    with Daemon(SITE) as d, d.peer() as p:
        for _ in range(5):
            t = threading.Thread(target=lambda: reload(d))
            t.start()
            try:
                os.kill(d.workers[0], signal.SIGKILL)
            except ProcessLookupError:      # it has left just now
                pass
            t.join()
            p.answers("/hello")


run()
