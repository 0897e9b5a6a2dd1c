"""What a service manager keeps of a coapd that ends, and what the next one goes on with."""
import array
import fcntl
import os
import signal
import socket
import struct
import subprocess

from harness import *
from harness.coapctl import coapctl
from harness.daemon import environment
from harness.process import end_group

SITE = """
control: { socket: "@DIR@/control" }
slots: 2
resources: { /hello: hello, /block: block, /late: { module: separate, delay: 1s },
             /value: { module: value, file: "@DIR@/value" } }
"""
FIRST = 3       # SD_LISTEN_FDS_START


class Store:
    """What sd_notify(3) has of FDSTORE: descriptors by name, kept while coapd comes and goes."""

    def __init__(self):
        self.kept = {}              # name: descriptor
        self.told = []

    def take(self, message, fds):
        rows = dict(line.split("=", 1) for line in message.split("\n") if "=" in line)
        self.told.append(message)
        name = rows.get("FDNAME")
        if rows.get("FDSTORE") == "1" and fds:
            check(rows.get("FDPOLL") == "0", f"{name} is watched")
            check(name not in self.kept, f"{name} is kept twice")
            self.kept[name] = fds.pop()
        elif rows.get("FDSTOREREMOVE") == "1":
            os.close(self.kept.pop(name))
        for fd in fds:
            os.close(fd)

    def close(self):
        for fd in self.kept.values():
            os.close(fd)
        self.kept = {}


class Kept(Daemon):
    """A daemon below such a service manager; with the same directory it may be started again."""

    def __init__(self, site, passed=(), **more):
        super().__init__(site, **more)
        self.store = Store()
        self.passed = passed            # [(name, socket)] that the manager has opened itself
        path = os.path.join(self.directory, "value")
        with open(path, "wb"):
            pass
        os.chmod(path, 0o666)

    def launch(self, env):
        names = [name for name, _ in self.passed] + list(self.store.kept)
        fds = [s.fileno() for _, s in self.passed] + list(self.store.kept.values())
        if not fds:
            return super().launch(env)
        env.update(LISTEN_FDS=str(len(fds)), LISTEN_FDNAMES=":".join(names))

        def place():
            """In the child: they are 3, 4, 5 and so on."""
            high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 200) for fd in fds]
            for n, fd in enumerate(high):
                os.dup2(fd, FIRST + n)
        # The shell is the process that coapd is in the end, whose number it has to be told.
        return subprocess.Popen(
            ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$0" "$@"', self.program, *self.arguments,
             "--modules-dir", self.modules], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            start_new_session=True, env=env, preexec_fn=place, close_fds=False)

    def start(self, ready=True):
        super().start(ready)
        if ready:
            self.wait(lambda: any("kept/state/" in n for n in self.notified), "all is kept")
        return self

    def again(self):
        """Started once more, with what was kept."""
        os.unlink(os.path.join(self.directory, "notify"))
        self.log, self.notified, self.listeners, self.workers, self.ended = [], [], [], {}, False
        return self.start()

    def hear(self):
        data, ancillary, _, _ = self.notify.recvmsg(65536, socket.CMSG_SPACE(4 * 16))
        fds = array.array("i")
        for _, kind, more in ancillary:
            if kind == socket.SCM_RIGHTS:
                fds.frombytes(more[:len(more) - len(more) % 4])
        self.store.take(data.decode(), list(fds))
        return data.decode()

    def end(self, number=signal.SIGTERM):
        """Ends it as a service manager does, which then ends what is left of it."""
        self.signal(number)
        self.wait_end()
        end_group(self.process)
        self.reader.join(TIMEOUT)
        self.process.stderr.close()
        self.notify.close()

    def destroy(self):
        super().destroy()
        self.store.close()


def observe(p):
    m = p.get("/value", options=[("Observe", 0)], token=b"\x0b")
    check(m.uint("Observe") is not None, f"observe: {m}")
    return m


def wait_notified(p, payload):
    while True:
        m = p.receive()
        if m.type == CON:
            p.acknowledge(m)
        if m.payload == payload:
            return m


@test
def clients_are_known_to_the_next_one():
    for number in (signal.SIGTERM, signal.SIGKILL):
        with Kept(SITE) as d, d.peer() as p, d.peer() as q:
            q.ask("PUT", "/value", payload=b"1")
            first = observe(p)
            sent = q.request("PUT", "/block", payload=b"12345")
            q.send(sent)
            created = q.receive()
            requests = d.counters()["requests"]
            address = d.listeners
            d.end(number)
            q.send(sent)                # waits in the socket, which is open: a duplicate
            d.again()
            equal(d.listeners, address, "addresses, and their ports")
            check(d.records("going on with what the service manager has kept"), "begun anew")
            again = q.receive()
            equal((again.mid, again.code), (created.mid, created.code), "answer to a duplicate")
            equal(d.counters()["requests"], requests, "requests")
            q.ask("PUT", "/value", payload=b"2")
            m = wait_notified(p, b"2")
            equal(m.token, first.token, "token")


@test
def what_changed_meanwhile_is_told():
    with Kept(SITE) as d, d.peer() as p, d.peer() as q:
        q.ask("PUT", "/value", payload=b"1")
        observe(p)
        d.end()
        with open(os.path.join(d.directory, "value"), "wb") as f:
            f.write(struct.pack("I", 7) + b"another")
        d.again()
        wait_notified(p, b"another")


@test
def other_limits_are_no_obstacle():
    def limits(n):
        return f"limits: {{ endpoints: {n}, dedup: 2000, exchanges: 500, waiting: 500, messages: 500 }}\n"
    with Kept(limits(1000) + SITE) as d, d.peer() as p, d.peer() as q:
        q.ask("PUT", "/value", payload=b"1")
        observe(p)
        for n in (3000, 100):
            d.end(signal.SIGKILL)
            d.rewrite(limits(n) + SITE)
            d.again()
            q.ask("PUT", "/value", payload=b"%d" % n)
            wait_notified(p, b"%d" % n)


@test
def what_is_not_there_any_more_is_dropped():
    """Over reloads, upgrades and restarts there is no more and no less than is needed."""
    with Kept(SITE.replace("slots", 'listen: "coap://[::1]:0"\nslots')) as d:
        def count():
            return len(d.store.kept)
        control = os.path.join(d.directory, "control")
        before = count()
        # memory, client, two of mail and a listener for each of 2 slots; changes, and the text
        equal(before, 2 * 5 + 2, "kept")
        d.rewrite(SITE.replace("slots", 'listen: [ "coap://[::1]:0", "coap://127.0.0.1:0" ]\nslots'))
        coapctl("reload", socket=control)
        d.wait(lambda: count() == before + 2, "two sockets more")
        d.rewrite(SITE.replace("slots", 'listen: "coap://[::1]:0"\nslots'))
        coapctl("upgrade", socket=control)
        d.wait(lambda: count() == before, "two less")
        names = set(d.store.kept)
        coapctl("upgrade", socket=control)
        d.wait(lambda: len(set(d.store.kept) - names) == 1 and count() == before, "another text, and nothing else")
        d.end()
        d.again()
        d.wait(lambda: count() == before, "the same after a restart")


def sockets(n):
    """As many at one port, for as many slots."""
    made = []
    for _ in range(n):
        s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind(("::1", made[0].getsockname()[1] if made else 0))
        made.append(s)
    return made


@test
def sockets_that_are_passed_are_passed_again():
    one, two = sockets(2), sockets(2)
    site = SITE.replace("slots", 'listen: [ "coap+fd://one", "coap://[::1]:0", "coap+fd://two" ]\nslots')
    try:
        with Kept(site, passed=[("one", s) for s in one] + [("two", s) for s in two]) as d, d.peer() as p:
            equal(d.listeners[0], ("::1", one[0].getsockname()[1]), "the first listener")
            equal(len(d.store.kept), 2 * 5 + 2, "kept")
            with Peer(*d.listeners[2]) as q, d.peer() as r:
                r.ask("PUT", "/value", payload=b"1")
                observe(q)
                for n in range(2):
                    listeners = d.listeners
                    d.end(signal.SIGKILL)
                    # In another order they are what they were.
                    d.rewrite(SITE.replace("slots", 'listen: [ "coap+fd://two", "coap+fd://one", '
                                           '"coap://[::1]:0" ]\nslots') if n == 0 else site)
                    d.again()
                    check(d.records("going on with what"), "begun anew")
                    equal(set(d.listeners), set(listeners), "addresses and ports")
                    r.ask("PUT", "/value", payload=b"%d" % n)
                    wait_notified(q, b"%d" % n)
                # Even those who begin anew are passed them.
                d.end()
                os.close(d.store.kept.pop("kept/1"))
                d.again()
                check(not d.records("going on with what"), "gone on with half of it")
                equal(d.listeners[0], ("::1", one[0].getsockname()[1]), "the first listener")
                r.ask("PUT", "/value", payload=b"1")
                observe(q)
                coapctl("upgrade", socket=os.path.join(d.directory, "control"))
                r.ask("PUT", "/value", payload=b"3")
                wait_notified(q, b"3")
    finally:
        for s in one + two:
            s.close()


def as_read_only(fds, name):
    """If it is memory; it can be mapped, and not changed."""
    path = f"/proc/self/fd/{fds[name]}"
    if "memfd" in os.readlink(path):
        fd = os.open(path, os.O_RDONLY)
        os.close(fds[name])
        fds[name] = fd


@test
def a_manager_that_does_not_listen_holds_up_nobody():
    site = 'control: { socket: "@DIR@/control" }\nslots: 2\nresources: { /hello: hello }\n'
    with Daemon(site) as d, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        path = os.path.join(d.directory, "deaf")
        deaf.bind(path)
        control = os.path.join(d.directory, "deaf-control")
        d.rewrite(site.replace("@DIR@/control", control))
        p = subprocess.Popen([d.program, *d.arguments, "--modules-dir", d.modules], stderr=subprocess.PIPE,
                             text=True, start_new_session=True, env=environment(NOTIFY_SOCKET=path))
        try:
            for line in p.stderr:
                if "does not keep sockets" in line:
                    break
            check("worker" in coapctl("status", socket=control), "no status")
            p.terminate()
            equal(p.wait(TIMEOUT), 0, "status")
        finally:
            end_group(p)
            p.stderr.close()


@test
def what_is_of_no_use_is_dropped():
    with Kept(SITE) as d:
        d.end()
        fds = d.store.kept
        state = next(n for n in fds if "state" in n)
        for spoil in (lambda: os.ftruncate(fds[state], 5),
                      lambda: os.pwrite(fds[state], b'{"state":9,"slots":2}', 0),
                      lambda: os.close(fds.pop(next(n for n in fds if "state" not in n))),
                      lambda: [as_read_only(fds, n) for n in fds if "state" not in n]):
            spoil()
            d.again()
            check(not d.records("going on with what"), "gone on with nonsense")
            with d.peer() as p:
                equal(p.get("/hello").code, code("2.05"), "answer")
            d.end()
            fds = d.store.kept
            state = next(n for n in fds if "state" in n)
        d.rewrite(SITE.replace("slots: 2", "slots: 3"))
        d.again()
        check(d.records("clients were divided into 2 slots and are to be into 3"), "nothing is said")
        with d.peer() as q:
            equal(q.get("/hello").code, code("2.05"), "answer")
        d.end()
        d.rewrite(SITE.replace("slots: 2", ""))
        d.again()
        check(d.records("ready: .* 3 slots"), "as many slots as there were")


run()
