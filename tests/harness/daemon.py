"""One running coapd: started on ports the kernel picks, watched, stopped, judged."""
import fcntl
import glob
import os
import re
import select
import selectors
import shutil
import socket
import subprocess
import tempfile
import termios
import threading
import time
from signal import SIGKILL, SIGTERM, SIGUSR1

from harness.check import Failure, TIMEOUT, check, equal
from harness.coap import code
from harness.peer import Peer
from harness.process import end_group, wait_end

BUILD = os.environ.get("COAPD_BUILDDIR", os.getcwd())
PROGRAM = os.environ.get("COAPD_PROGRAM", os.path.join(BUILD, "coapd"))
RECORD = re.compile(r"coapd\[(\d+)\] ([^:]+): (error|warn|warning|notice|info|debug): (.*)")
REPORT = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:"
                    r"|Assertion|stack smashing|corrupted")
# What a site gets that does not say otherwise; limits are small so that many
# daemons fit side by side.
DEFAULTS = {
    "listen": 'listen: [ "coap://[::1]:0" ]',
    "workers": "workers: 2",
    "limits": "limits: { endpoints: 1000, dedup: 2000, exchanges: 500, waiting: 500, "
              "messages: 500 }",
}


def modules_into(directory):
    """Copies every module of the build, those for tests included, into one
    directory that an unprivileged worker can read."""
    for pattern in ("modules/*/.libs/*.so", "modules/.libs/*.so", ".libs/*.so",
                    "tests/modules/.libs/*.so"):
        for path in glob.glob(os.path.join(BUILD, pattern)):
            shutil.copy(os.path.realpath(path), os.path.join(directory, os.path.basename(path)))


def private_directory():
    """A directory that others may enter: workers drop to another user."""
    directory = tempfile.mkdtemp(prefix="coapd-test-")
    os.chmod(directory, 0o755)
    return directory


def site_file(directory, text):
    """Writes a site with the defaults above; returns its path."""
    given = set(re.findall(r"^([a-z-]+):", text, re.M))
    lines = [line for key, line in DEFAULTS.items() if key not in given]
    path = os.path.join(directory, "site.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.strip() + "\n" + "\n".join(lines) + "\n")
    return path


def environment(**more):
    env = dict(os.environ, LC_ALL="C", **more)
    for name in ("JOURNAL_STREAM", "LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET",
                 "RUNTIME_DIRECTORY"):
        if name not in more:
            env.pop(name, None)
    return env


def coapd(*arguments, limits=()):
    """Runs coapd to its end, for starts that must fail; returns its exit status
    and what it said on standard error.  limits are options of prlimit."""
    p = subprocess.Popen(["prlimit", *limits, "--", PROGRAM, *arguments], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                         env=environment(), start_new_session=True)
    try:
        err = p.communicate(timeout=TIMEOUT)[1]
    except subprocess.TimeoutExpired:
        end_group(p)
        raise Failure("coapd is still running") from None
    left = end_group(p)
    check(not left, f"left running: {left}")
    check(not REPORT.search(err), err)
    return p.returncode, err


class Record:
    """One line of the log."""

    def __init__(self, line):
        m = RECORD.match(line)
        self.line = line
        self.pid, self.who, self.level, self.text = (
            (int(m[1]), m[2], m[3], m[4]) if m else (0, "", "", line))


class Daemon:
    """Daemon(site) starts on entering the with block and is stopped on leaving
    it, with exit status 0, no process left over and no sanitizer report."""

    def __init__(self, site, env=None, status=0, program=PROGRAM, arguments=(), config=True):
        self.directory = private_directory()
        self.modules = os.path.join(self.directory, "modules")
        os.mkdir(self.modules)
        modules_into(self.modules)
        self.site = site_file(self.directory, site.replace("@DIR@", self.directory))
        self.env, self.status, self.program = env or {}, status, program
        self.arguments = [*arguments, *(["--config", self.site] if config else [])]
        self.log, self.notified, self.listeners, self.workers = [], [], [], {}
        self.changed = threading.Condition()
        self.reading = threading.Lock()
        self.ended = False
        self.process = None

    def __enter__(self):
        return self.start() if self.process is None else self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.tell()
            self.destroy()

    # --- life

    def start(self, ready=True):
        path = os.path.join(self.directory, "notify")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self.notify.bind(path)
        os.chmod(path, 0o777)
        self.process = self.launch(environment(**{"NOTIFY_SOCKET": path, **self.env}))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if ready:
            try:
                self.wait(lambda: any("READY=1" in n for n in self.notified), "READY=1")
                self.wait_log(r"ready: \d+ workers")    # all else was said before it
            except Failure:
                self.tell()
                self.destroy()
                raise
        return self

    def launch(self, env):
        return subprocess.Popen(
            [self.program, *self.arguments, "--modules-dir", self.modules],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True, env=env)

    def hear(self):
        """The next notification."""
        return self.notify.recv(65536).decode()

    @property
    def pid(self):
        return self.process.pid

    def signal(self, number):
        os.kill(self.pid, number)

    def kill(self, worker, number=SIGKILL):
        """Kills one worker; returns once its successor has said it started."""
        mark, old = self.mark(), self.workers[worker]
        os.kill(old, number)
        self.wait_log(rf"worker {worker} started \(pid (?!{old}\))", since=mark)

    def wait_end(self):
        """Waits until the supervisor has ended; returns its exit status."""
        check(wait_end(self.process, TIMEOUT), "coapd does not end")
        return self.process.returncode

    def stop(self, number=SIGTERM):
        """Ends the daemon, if it has not ended yet, and judges its whole life."""
        if self.process is None:
            return
        if self.process.poll() is None and number:
            self.signal(number)
        try:
            status = self.wait_end()
            left = end_group(self.process)
            self.reader.join(TIMEOUT)
            equal(status, self.status, "exit status")
            check(not left, f"processes left over: {left}")
            reports = [r.line for r in self.log if REPORT.search(r.line)]
            check(not reports, "\n".join(reports))
        except Failure:
            self.tell()
            raise
        finally:
            self.destroy()

    def destroy(self):
        """Leaves nothing behind, whatever happened before."""
        if self.process is not None:
            end_group(self.process)
            self.reader.join(TIMEOUT)
            self.process.stderr.close()
            self.notify.close()
            self.process = None
        shutil.rmtree(self.directory, ignore_errors=True)

    def tell(self):
        """Prints the end of the log as TAP comments."""
        with self.changed:
            for r in self.log[-60:]:
                print("# |", r.line, flush=True)

    def rewrite(self, site):
        """Another site in the place of the one it was started with."""
        site_file(self.directory, site.replace("@DIR@", self.directory))

    # --- what it says

    def _read(self):
        """The reading thread: records and notifications as they come."""
        err, rest = self.process.stderr.fileno(), b""
        with selectors.DefaultSelector() as selector:
            selector.register(err, selectors.EVENT_READ)
            selector.register(self.notify, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if self.notify in ready:
                    self._add(notified=self.hear())
                if err not in ready:
                    continue
                with self.reading:
                    data = os.read(err, 65536)
                    *lines, rest = (rest + data).split(b"\n")
                    self._add(lines=[line.decode(errors="replace") for line in lines])
                if not data:
                    # What it told before its end may still wait to be heard.
                    while select.select([self.notify], [], [], 0)[0]:
                        self._add(notified=self.hear())
                    break
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _add(self, lines=(), notified=None):
        with self.changed:
            if notified is not None:
                self.notified.append(notified)
            for line in lines:
                r = Record(line)
                self.log.append(r)
                if m := re.search(r"listening on coap://(\[.*?\]|[0-9.]+):(\d+)", r.text):
                    self.listeners.append((m[1].strip("[]"), int(m[2])))
                if m := re.search(r"worker (\d+) (?:started|takes over) \(pid (\d+)\)", r.text):
                    self.workers[int(m[1])] = int(m[2])
            self.changed.notify_all()

    def wait(self, truth, what):
        """Waits until truth() holds; it is tried whenever something was said."""
        end = time.monotonic() + TIMEOUT
        with self.changed:
            while not truth():
                left = end - time.monotonic()
                if self.ended and not truth():
                    raise Failure(f"coapd ended before {what}")
                if left <= 0:
                    raise Failure(f"not seen: {what}")
                self.changed.wait(left)

    def settle(self):
        """Waits until all is read that was said by now.  Whoever has seen an answer may rely
        on the records from before it; the reading thread may be behind."""
        while self.process is not None and not self.ended:
            with self.reading:
                left = fcntl.ioctl(self.process.stderr.fileno(), termios.FIONREAD, bytes(4))
            if left == bytes(4):
                return
            select.select([], [], [], 0.001)

    def mark(self):
        """A place in the log, for since=: behind all that was said by now."""
        self.settle()
        with self.changed:
            return len(self.log)

    def wait_log(self, pattern, since=0):
        """The first record from since on whose line matches; waits for it."""
        found = []

        def look():
            found[:] = [r for r in self.log[since:] if re.search(pattern, r.line)][:1]
            return found
        self.wait(look, f"log record {pattern!r}")
        return found[0]

    def records(self, pattern="", since=0):
        """The records there are by now."""
        self.settle()
        with self.changed:
            return [r for r in self.log[since:] if re.search(pattern, r.line)]

    def counters(self):
        """Every counter, summed over the slots."""
        since = self.mark()
        self.signal(SIGUSR1)
        self.wait_log(r"counters end", since)
        found = (re.search(r": counter (\S+) (\d+) \(", r.line) for r in self.log[since:])
        return {m[1]: int(m[2]) for m in found if m}

    def wait_counter(self, name, least=1):
        """Waits until this counter has risen so far; it does so by what time and peers do, and
        nobody is told."""
        end = time.monotonic() + TIMEOUT
        while self.counters()[name] < least:
            if time.monotonic() > end:
                raise Failure(f"the counter {name} stays below {least}")
            select.select([], [], [], 0.02)

    def module_counters(self):
        """What modules count, summed over the workers: {(path, name): value}."""
        since = self.mark()
        self.signal(SIGUSR1)
        self.wait_log(r"counters end", since)
        found = (re.search(r": counter (/\S*) (\S+) (\d+) \(module ", r.line)
                 for r in self.log[since:])
        return {(m[1], m[2]): int(m[3]) for m in found if m}

    # --- talking to it

    def address(self, host=None):
        """Where it listens; a host is reached at that one of its own."""
        if host is None:
            first, port = self.listeners[0]
            return {"::": "::1", "0.0.0.0": "127.0.0.1"}.get(first, first), port
        return host, self.listeners[0][1]

    def peer(self, host=None, **more):
        return Peer(*self.address(host), **more)

    def asked_all_the_time(self, path, what, peers=8):
        """Does something while peers ask, one request after the other, each sent once: an answer
        that does not come, or is no 2.05, is missed."""
        stop, done = threading.Event(), []

        def ask():
            with self.peer() as p:
                n = 0
                while not stop.is_set():
                    equal(p.get(f"{path}?{n}").code, code("2.05"), f"answer of {path}")
                    n += 1
                done.append(n)
        threads = [threading.Thread(target=ask) for _ in range(peers)]
        for t in threads:
            t.start()
        try:
            what()
        finally:
            stop.set()
            for t in threads:
                t.join()
        equal(len(done), peers, "peers that were answered to the end")
        equal(self.counters()["retransmits"], 0, "retransmissions")
