"""The module files, observed: whoever changes what, whichever worker the observer is at."""
import os
import shutil
import tempfile

from harness import *

SITE = """
workers: %d
slots: 4
resources:
  /f: {module: files, root: %s, write: yes%s}
transmission: { ack-timeout: 30s, observe-pause: 0s, observe-confirm: 1 }
"""


class Site:
    def __init__(self, workers=2, more="", **arguments):
        self.root = tempfile.mkdtemp(prefix="files-")
        os.chmod(self.root, 0o777)      # workers may be nobody
        self.daemon = Daemon(SITE % (workers, self.root, more), **arguments)

    def __enter__(self):
        self.daemon.__enter__()
        return self

    def __exit__(self, *a):
        self.daemon.__exit__(*a)
        shutil.rmtree(self.root)

    def write(self, name, data):
        with open(self.at(name), "wb") as f:
            f.write(data)
        os.chmod(self.at(name), 0o666)

    def at(self, name):
        return os.path.join(self.root, name)


def observe(p, path):
    request = p.request("GET", path, options=[("Observe", 0)])
    p.send(request)
    m = p.answer(request)
    check(m.uint("Observe") is not None, f"Observe in {m}")
    return request


def told(p, request, payload, mcode="2.05"):
    """Until this state is told: what comes before may be one in between."""
    while True:
        m = p.receive()
        equal((m.type, m.token), (CON, request.token), f"type and token of {m}")
        p.acknowledge(m)
        if (m.code, m.payload) == (code(mcode), payload):
            return m


@test
def each_change_reaches_the_observers_of_all_workers():
    with Site() as s:
        s.write("a.txt", b"0")
        peers = [s.daemon.peer() for _ in range(16)]
        try:
            requests = [observe(p, "/f/a.txt") for p in peers]
            s.write("a.txt", b"written")
            for p, r in zip(peers, requests):
                told(p, r, b"written")
            s.write("b.txt", b"moved")
            os.rename(s.at("b.txt"), s.at("a.txt"))
            for p, r in zip(peers, requests):
                told(p, r, b"moved")
            with s.daemon.peer() as p:
                equal(p.ask("PUT", "/f/a.txt", payload=b"put").code, code("2.04"), "PUT")
            for p, r in zip(peers, requests):
                told(p, r, b"put")
            with s.daemon.peer() as p:
                equal(p.ask("DELETE", "/f/a.txt").code, code("2.02"), "DELETE")
            for p, r in zip(peers, requests):
                told(p, r, b"", "4.04")
            s.write("a.txt", b"nobody is told")
            for p in peers:
                p.silence()
        finally:
            for p in peers:
                p.close()


@test
def a_change_is_told_once_however_many_workers_there_are():
    with Site(workers=4) as s:
        s.write("a.txt", b"0")
        peers = [s.daemon.peer() for _ in range(12)]
        try:
            requests = [observe(p, "/f/a.txt") for p in peers]
            s.write("b.txt", b"1")
            os.rename(s.at("b.txt"), s.at("a.txt"))
            for p, r in zip(peers, requests):
                told(p, r, b"1")
            for p in peers:
                p.silence()
            equal(s.daemon.counters()["notifications"], 12, "notifications")
        finally:
            for p in peers:
                p.close()


@test
def a_list_is_told_when_something_comes_or_goes():
    with Site() as s, s.daemon.peer() as p:
        r = observe(p, "/f/")
        s.write("new", b"")
        told(p, r, b"</f/new>;ct=42;sz=0")
        os.unlink(s.at("new"))
        told(p, r, b"")


@test
def what_changes_while_its_worker_is_dead_is_told():
    with Site(workers=1) as s, s.daemon.peer() as p:
        s.write("a.txt", b"0")
        r = observe(p, "/f/a.txt")
        for state in b"1", b"2", b"3":
            s.daemon.kill(0)
            s.write("a.txt", state)
            told(p, r, state)


@test
def it_is_so_in_one_process_too():
    with Site(workers=1, arguments=["--debug"]) as s, s.daemon.peer() as p:
        s.write("a.txt", b"0")
        r = observe(p, "/f/a.txt")
        s.write("a.txt", b"1")
        told(p, r, b"1")


run()
