"""The module files: a directory, read and written by clients of ours and of others."""
import atexit
import os
import re
import shutil
import subprocess
import tempfile
import threading

from harness import *
from harness.askers import by_all
from harness.client import Client, coap, got

SITE = """
workers: 2
resources:
  /f: {module: files, root: %s, write: yes}
limits: { endpoints: 1000, dedup: 2000, exchanges: 500, waiting: 500, messages: 500,
          body-size: 64MiB, body-memory: 1MiB, assemblies: 64 }
"""
LIBCOAP = shutil.which("coap-client-notls") or shutil.which("coap-client")


def body(n):
    return bytes((i * 7 + (i >> 8) * 13 + (i >> 16)) & 0xff for i in range(n))


class Site:
    def __enter__(self):
        self.root = tempfile.mkdtemp(prefix="files-")
        os.chmod(self.root, 0o777)      # workers may be nobody
        self.daemon = Daemon(SITE % self.root)
        self.daemon.__enter__()
        host, port = self.daemon.address()[:2]
        self.uri = f"coap://[{host}]:{port}/f"
        return self

    def __exit__(self, *a):
        self.daemon.__exit__(*a)
        shutil.rmtree(self.root)

    def write(self, name, data):
        with open(os.path.join(self.root, name), "wb") as f:
            f.write(data)
        os.chmod(os.path.join(self.root, name), 0o644)

    def read(self, name):
        with open(os.path.join(self.root, name), "rb") as f:
            return f.read()


@test
def files_down_and_up():
    with Site() as s:
        data = body(300001)
        s.write("big.bin", data)
        got(coap("get", s.uri + "/big.bin"), 0)
        with Client("get", s.uri + "/big.bin") as c:
            equal(c.end(), 0, "exit status")
            check(c.out == data, "the same bytes")
        got(coap("put", s.uri + "/new.bin", "-T", "-", stdin=data), 0, "")
        check(s.read("new.bin") == data, "the same bytes")
        equal(sorted(os.listdir(s.root)), ["big.bin", "new.bin"], "files")
        check("new.bin" in coap("get", s.uri + "/").out.decode(), "it is listed")
        got(coap("delete", s.uri + "/new.bin"), 0)
        got(coap("get", s.uri + "/new.bin"), 1, "", r"4\.04")


@test
def workers_die_on_the_way():
    with Site() as s:
        data = body(4000000)       # it is under way until the last one has died
        with Client("put", s.uri + "/x", "-v", "-T", "-", stdin=data) as c:
            for block in (50, 200, 400):
                c.wait_err(rf"Block1={block}/")
                for worker in range(2):
                    s.daemon.kill(worker)
            equal(c.end(), 0, "exit status")
        check(not re.search(r" [45]\.\d\d ", c.err), "what was there goes on")
        check(s.read("x") == data, "the same bytes")
        equal(os.listdir(s.root), ["x"], "files")


@test
def a_client_of_others_down_and_up():
    if not LIBCOAP:
        raise Skip("no client of libcoap")
    with Site() as s, tempfile.TemporaryDirectory() as d:
        data = body(100001)
        s.write("a.bin", data)
        out = os.path.join(d, "out")
        subprocess.run([LIBCOAP, "-m", "get", "-o", out, s.uri + "/a.bin"], check=True,
                       timeout=TIMEOUT, stdin=subprocess.DEVNULL)
        with open(out, "rb") as f:
            check(f.read() == data, "down: the same bytes")
        subprocess.run([LIBCOAP, "-m", "put", "-b", "1024", "-f", out, s.uri + "/b.bin"],
                       check=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
        check(s.read("b.bin") == data, "up: the same bytes")


@test
def a_directory_turns_into_a_link_over_and_over():
    with Site() as s, tempfile.TemporaryDirectory() as outside:
        os.chmod(outside, 0o777)
        good, bad, now = (os.path.join(s.root, n) for n in ("good", "bad", "now"))
        os.mkdir(good)
        os.chmod(good, 0o777)
        os.symlink(outside, bad)
        os.rename(good, now)
        over = threading.Event()

        def turn():
            while not over.is_set():
                os.rename(now, good)
                os.rename(bad, now)
                os.rename(now, bad)
                os.rename(good, now)

        t = threading.Thread(target=turn)
        t.start()
        try:
            with s.daemon.peer() as p:
                for i in range(300):
                    p.ask("PUT", f"/f/now/{i}", payload=b"x")
        finally:
            over.set()
            t.join()
        equal(os.listdir(outside), [], "what came out")


# --- three clients, ours and those of others ---------------------------------------------

OPEN = tempfile.mkdtemp(prefix="files-")
os.chmod(OPEN, 0o777)
atexit.register(shutil.rmtree, OPEN, ignore_errors=True)


def base():
    host, port = shared(SITE % OPEN).address()
    return f"coap://[{host}]:{port}"


def is_code(answer, wanted):
    equal(answer.code, wanted, f"code of {answer}")
    return answer


@by_all(base)
def what_is_put_is_there(ask):
    data = body(5000)
    ask("DELETE", "/f/x.json")
    is_code(ask("PUT", "/f/x.json", data), "2.01")
    a = is_code(ask("GET", "/f/x.json"), "2.05")
    check(a.payload == data, "the same bytes")
    equal(a.format, 50, "format by the suffix")
    is_code(ask("PUT", "/f/x.json", "[]"), "2.04")
    check(is_code(ask("GET", "/f/x.json"), "2.05").etag != a.etag, "another ETag")
    is_code(ask("DELETE", "/f/x.json"), "2.02")
    is_code(ask("GET", "/f/x.json"), "4.04")


run()
