"""The command-line client: run to its end, or watched while it runs."""
import os
import re
import signal
import subprocess
import threading
import time

from harness.check import Failure, TIMEOUT, check
from harness.daemon import BUILD, REPORT
from harness.process import end_group, wait_end

CLIENT = os.environ.get("COAPD_CLIENT", os.path.join(BUILD, "coap"))


def client_environment(**more):
    env = {**os.environ, "LC_ALL": "C.UTF-8", **more}
    for name in ("NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"):
        if name not in more:
            env.pop(name, None)
    return env


class Client:
    """coap with these arguments, from the beginning of a with block on; at its
    end it has ended, by a SIGKILL if it must.  Standard output is .out, bytes;
    standard error .err, text."""

    def __init__(self, *arguments, stdin=None, env=None, cwd=None, preexec=None):
        self.arguments, self.given = [str(a) for a in arguments], stdin
        self.out, self._err = b"", b""
        self.changed = threading.Condition()
        self.open = 2
        self.process = subprocess.Popen(
            [CLIENT, *self.arguments], stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, cwd=cwd,
            env=client_environment(**(env or {})), preexec_fn=preexec)
        self.threads = [threading.Thread(target=self._read, args=a, daemon=True)
                        for a in ((self.process.stdout, "out"), (self.process.stderr, "_err"))]
        if stdin is not None:
            self.threads.append(threading.Thread(target=self._feed, daemon=True))
        for t in self.threads:
            t.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        end_group(self.process)
        for t in self.threads:
            t.join(TIMEOUT)
        self.process.stdout.close()
        self.process.stderr.close()
        if kind is not None:
            print("# coap", *self.arguments)
            for line in (self.out.decode(errors="replace") + self.err).splitlines()[-30:]:
                print("# |", line, flush=True)

    def _read(self, pipe, name):
        while data := os.read(pipe.fileno(), 65536):
            with self.changed:
                setattr(self, name, getattr(self, name) + data)
                self.changed.notify_all()
        with self.changed:
            self.open -= 1
            self.changed.notify_all()

    def _feed(self):
        try:
            self.process.stdin.write(self.given)
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    @property
    def err(self):
        return self._err.decode(errors="replace")

    def signal(self, number=signal.SIGINT):
        os.kill(self.process.pid, number)

    def wait(self, truth, what):
        """Waits until truth() holds; it is tried whenever something was said."""
        end = time.monotonic() + TIMEOUT
        with self.changed:
            while not truth():
                left = end - time.monotonic()
                if left <= 0 or not self.open:
                    raise Failure(f"coap {'ended before' if left > 0 else 'has not said'} {what}")
                self.changed.wait(left)

    def wait_out(self, pattern):
        self.wait(lambda: re.search(pattern.encode(), self.out), f"{pattern!r} (stdout)")

    def wait_err(self, pattern):
        self.wait(lambda: re.search(pattern, self.err), f"{pattern!r} (stderr)")

    def end(self, within=TIMEOUT):
        """Waits for its end; returns its exit status, which is no signal's."""
        check(wait_end(self.process, within), f"coap does not end: {self.arguments}")
        for t in self.threads:
            t.join(TIMEOUT)
        check(not REPORT.search(self.err), self.err)
        check(self.process.returncode >= 0, f"signal {-self.process.returncode}: {self.arguments}")
        return self.process.returncode

    def traced(self, pattern=" -> "):
        """Of the lines of -v with this, the seconds since the start, by its own clock: what
        is seen elsewhere is later, and not always by as much."""
        return [float(m[1]) for m in re.finditer(rf"^ *([\d.]+)(?={pattern}).*$", self.err, re.M)]

    @property
    def status(self):
        return self.process.returncode


def coap(*arguments, within=TIMEOUT, **more):
    """Runs it to its end; .status, .out and .err of the result."""
    with Client(*arguments, **more) as c:
        c.end(within)
        return c


def got(result, status, out=None, err=None):
    """The result is this; err is a pattern for standard error, "" nothing there."""
    said = f" (coap {' '.join(result.arguments)}: {result.out!r} {result.err!r})"
    check(result.status == status, f"exit status {result.status}, not {status}{said}")
    if out is not None:
        wanted = out.encode() if isinstance(out, str) else out
        check(result.out == wanted, f"standard output is not {wanted!r}{said}")
    if err == "":
        check(result.err == "", f"standard error is not empty{said}")
    elif err is not None:
        check(re.search(err, result.err), f"standard error lacks {err!r}{said}")
    return result
