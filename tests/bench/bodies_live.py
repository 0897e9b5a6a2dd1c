"""What bodies cost: too large ones, streamed ones, abandoned ones.  MIB in the environment is
how long the streamed one is; see stream_live.py for what more than 64 take."""
import contextlib
import os
import shutil
import subprocess
import tempfile

from harness import *
from harness.client import CLIENT, coap, got
from harness.memory import memory_kb

MIB = int(os.environ.get("MIB", "4" if os.environ.get("COAPD_QUICK") else "16"))
ABANDONED = 50
SITE = """
workers: 4
runtime-directory: %s
resources:
  /block: block
  /sum: {module: sum}
  /files: {module: files, root: %s/root, write: yes}
limits: { endpoints: 1000, dedup: 2000, exchanges: 500, waiting: 500, messages: 500,
          body-size: %s, body-memory: 64MiB, assemblies: 128, bodies: 128 }
transmission: { body-timeout: %s }
"""


class Site:
    """A daemon with directories of its own."""

    def __init__(self, size="8MiB", timeout="247s"):
        self.top = tempfile.mkdtemp(prefix="bodies-")
        self.root = os.path.join(self.top, "root")
        os.chmod(self.top, 0o755)
        os.mkdir(self.root)
        os.chmod(self.root, 0o777)              # workers may be nobody
        self.daemon = Daemon(SITE % (self.top, self.top, size, timeout))

    def __enter__(self):
        self.daemon.__enter__()
        host, port = self.daemon.address()[:2]
        self.uri = f"coap://[{host}]:{port}"
        return self

    def __exit__(self, *a):
        self.daemon.__exit__(*a)
        shutil.rmtree(self.top)

    def files(self):
        return sum(os.stat(os.path.join(at, name)).st_size
                   for at, _, names in os.walk(self.top) for name in names)


def status_kb(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(field + ":"))


def random_file(directory, mib):
    path = os.path.join(directory, "there")
    with open(path, "wb") as f:
        for _ in range(mib):
            f.write(os.urandom(1 << 20))
    return path


def block(number, more, szx=6):
    return uint(number << 4 | more << 3 | szx)


@test
def too_large_is_said_at_once_and_nothing_is_kept():
    with Site() as s, s.daemon.peer() as p:
        for path in ("/sum", "/block", "/files/x"):
            before = memory_kb(s.daemon), s.daemon.counters()["rx"]
            r = got(coap("put", s.uri + path, "-T", "-", "-v", stdin=bytes((8 << 20) + 1)), 1, "",
                    r"4\.13")
            took = s.daemon.counters()["rx"] - before[1]
            check("Size1=8388608" in r.err, "what would be taken is said")
            print(f"# {path}: 8 MiB and a byte, announced: {took} datagrams to the 4.13, "
                  f"{memory_kb(s.daemon) - before[0]} KiB and {s.files()} bytes kept", flush=True)
            equal((took, s.files()), (1, 0), "datagrams, and bytes of files")
        for path in ("/sum", "/block", "/files/x"):
            before = memory_kb(s.daemon)
            for i in range(8193):               # by who does not say how much will come
                r = p.request("PUT", path, payload=bytes(1024), options=[("Block1", block(i, True))])
                p.send(r)
                m = p.answer(r)
                if m.code != code("2.31"):
                    break
            print(f"# {path}: not announced: {m} after {i} blocks, "
                  f"{memory_kb(s.daemon) - before} KiB and {s.files()} bytes kept", flush=True)
            equal((m.code, i), (code("4.13"), 8192), "the first that is too much")
            check(memory_kb(s.daemon) - before < 64, "memory is kept")
            equal(s.files(), 0, "bytes of files")


@test
def a_stream_goes_through_its_worker_and_leaves_nothing_there():
    with Site(f"{2 * MIB}MiB") as s, tempfile.TemporaryDirectory() as d:
        there, back = random_file(d, MIB), os.path.join(d, "back")
        before = {pid: status_kb(pid, "VmHWM") for pid in s.daemon.workers.values()}
        memory = memory_kb(s.daemon)
        subprocess.run([CLIENT, "put", s.uri + "/files/x", "-T", there], check=True)
        subprocess.run([CLIENT, "get", s.uri + "/files/x", "-o", back], check=True)
        growth = max(status_kb(pid, "VmHWM") - kb for pid, kb in before.items())
        print(f"# {MIB} MiB to files and back: the peak of a worker grew by {growth} KiB, "
              f"slots by {memory_kb(s.daemon) - memory} KiB", flush=True)
        with open(there, "rb") as a, open(back, "rb") as b:
            check(a.read() == b.read(), "the same bytes")
        check(growth < 32 * 1024, f"a worker grew by {growth} KiB")


@test
def what_is_abandoned_costs_nothing_after_a_while():
    with Site(timeout="10s") as s, contextlib.ExitStack() as stack:
        before = memory_kb(s.daemon)
        for _ in range(ABANDONED):              # open to the end: no two have one port
            p = stack.enter_context(s.daemon.peer())
            for i in range(64):                 # longer than the small kind of body
                equal(p.ask("PUT", "/sum", payload=bytes(1024),
                            options=[("Block1", block(i, True))]).code, code("2.31"), "a block")
        held = memory_kb(s.daemon)
        data = os.urandom(1 << 20)
        got(coap("put", s.uri + "/block", "-T", "-", stdin=data), 0, "")
        s.daemon.wait_counter("assembly-lost", ABANDONED)
        left = memory_kb(s.daemon)
        print(f"# {ABANDONED} uploads of 64 KiB abandoned: they held {held - before} KiB, "
              f"and {left - before} KiB after they were given up", flush=True)
        check(left - before < 256, "memory is kept")
        check(coap("get", s.uri + "/block").out == data, "the one beside them is there")


run()
